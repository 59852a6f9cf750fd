// The TCB algorithms on real quotes and real collateral: the statuses that the manifest of the corpus states, and the pairs on which
// known verifiers are known to differ. Signatures are not judged here.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/certificate.hpp"
#include "evidence/intel_tcb.hpp"
#include "intel/quote.hpp"
#include "pem/pem.hpp"
#include "support/paths.hpp"

using namespace atls;
using namespace atls::evidence;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

const fs::path kCorpus = test::kCorpusDir;

Buffer intel_tcb_corpus_content(const std::string& name) {
  std::ifstream in(kCorpus / name, std::ios::binary);
  return Buffer(std::istreambuf_iterator<char>(in), {});
}

const json& manifest() {
  static const json all = [] {
    std::ifstream in(kCorpus / "manifest.json");
    return in ? json::parse(in, nullptr, false) : json();
  }();
  return all;
}

// Collateral of one or several files: whole responses, and collections in the form of dcap-qvl as JSON or YAML.
struct Documents { std::optional<intel::TcbInfo> info; std::optional<intel::QeIdentity> qe; };

std::string yaml_text(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + ": \"");
  if (at == std::string::npos) return {};
  const std::size_t start = at + name.size() + 3, end = text.find('\n', start);
  const json value = json::parse(text.substr(start, end - start), nullptr, false);
  return value.is_string() ? value.get<std::string>() : std::string();
}

void intel_tcb_corpus_read(const std::string& file, Documents& out) {
  const Buffer bytes = intel_tcb_corpus_content(file);
  if (auto info = intel::parse_tcb_info(bytes)) out.info = *std::move(info);
  if (auto qe = intel::parse_qe_identity(bytes)) out.qe = *std::move(qe);
  const std::string text(bytes.begin(), bytes.end());
  const json document = json::parse(text, nullptr, false);
  const auto member = [&](const char* name) {
    if (document.is_object()) return document.contains(name) && document[name].is_string() ? document[name].get<std::string>() : std::string();
    return yaml_text(text, name);
  };
  const Buffer no_signature(64, 0);
  if (auto info = intel::parse_tcb_info_parts(as_bytes(member("tcb_info")), no_signature)) out.info = *std::move(info);
  if (auto qe = intel::parse_qe_identity_parts(as_bytes(member("qe_identity")), no_signature)) out.qe = *std::move(qe);
}

std::optional<intel::PckExtension> pck_of(Bytes pem) {
  const auto blocks = pem::parse(pem);
  if (!blocks) return {};
  for (const auto& block : *blocks) {
    const auto certificate = crypto::Certificate::from_der(block.data);
    if (!certificate) continue;
    if (const auto* extension = certificate->extension(intel::kPckExtensionOid))
      if (auto out = intel::parse_pck_extension(extension->value)) return *std::move(out);
  }
  return {};
}

struct QuoteCase {
  intel::Quote quote;
  intel::PckExtension pck;
  Documents documents;

  TcbEvaluation run(TcbProfile profile) const {
    TcbInput in{pck, quote.qe_report.isv_svn, quote.is_tdx(), {}, {}, {}, 0, *documents.info, documents.qe ? &*documents.qe : nullptr};
    if (const auto* td = std::get_if<intel::TdReport>(&quote.body)) {
      in.tee_tcb_svn = td->tee_tcb_svn;
      in.tee_tcb_svn2 = td->tee_tcb_svn2;
      in.mr_signer_seam = td->mr_signer_seam;
      in.seam_attributes = td->seam_attributes;
    }
    return evaluate_tcb(profile, in);
  }
};

std::optional<QuoteCase> open(const std::string& quote_file, const std::vector<std::string>& others) {
  const auto quote = intel::parse_quote(intel_tcb_corpus_content(quote_file));
  if (!quote) return {};
  QuoteCase out{*quote, {}, {}};
  auto pck = pck_of(out.quote.certification.data);
  for (const std::string& file : others) {
    intel_tcb_corpus_read(file, out.documents);
    if (!pck && file.starts_with("intel-cert/")) pck = pck_of(intel_tcb_corpus_content(file));
  }
  if (!pck || !out.documents.info) return {};
  out.pck = *pck;
  return out;
}

std::string name_of(const TcbEvaluation& e) { return std::string(tcb_status_name(e.status)); }

std::string file_with(const std::string& sha256) {
  for (const json& entry : manifest()["files"])
    if (entry["sha256"] == sha256) return entry["file"];
  return {};
}

}  // namespace

TEST_CASE("TCB on real evidence: every status that the manifest states") {
  if (!manifest().is_object()) {
    MESSAGE("SKIP: no corpus at ", kCorpus.string());
    return;
  }
  std::size_t judged = 0;
  for (const json& entry : manifest()["files"]) {
    if (!entry["facts"].is_object() || !entry["facts"].contains("tcb_eval")) continue;
    const std::string file = entry["file"];
    CAPTURE(file);
    const json& facts = entry["facts"]["tcb_eval"];
    const auto c = open(file, entry["needs"].get<std::vector<std::string>>());
    REQUIRE(c);
    const TcbEvaluation e = c->run(TcbProfile::qvl_2026);
    const std::string merged = facts["merged_status"];
    CHECK(name_of(e) == (merged == "NoMatchingLevel" ? "NOT_SUPPORTED" : merged));
    CHECK(e.platform_level.has_value() == (merged != "NoMatchingLevel"));
    if (e.platform_level) {
      const intel::TcbLevel& level = c->documents.info->levels[*e.platform_level];
      CHECK(level.status == facts["platform_tcb_status"]);
      CHECK(level.tcb_date == facts["platform_tcb_date"]);
      CHECK(level.advisories == facts["advisories"].get<std::vector<std::string>>());
    }
    if (facts.contains("module_status")) {
      REQUIRE(e.module);
      CHECK(e.module->id == facts["module_id"]);
      CHECK(e.module->levels[e.module_level.value()].status == facts["module_status"]);
    }
    if (facts.contains("qe_status")) CHECK(c->documents.qe->levels[e.qe_level.value()].status == facts["qe_status"]);
    CHECK((c->documents.info->issue_date == facts["tcb_issue_date"]));
    // The predecessor has the same rules, except for relaunch.
    CHECK(name_of(c->run(TcbProfile::qvl_2024)) == name_of(e));
    ++judged;
  }
  MESSAGE("quotes judged: ", judged);
  CHECK(judged >= 16);
}

TEST_CASE("TCB on real evidence: quotes on which known verifiers differ") {
  if (!manifest().is_object()) {
    MESSAGE("SKIP: no corpus at ", kCorpus.string());
    return;
  }
  // By SHA-256, so that the files are found under any name. `collateral` names what is needed, for the output.
  struct Row { const char *what, *quote; std::vector<const char*> collateral; const char *qvl, *old, *go, *rust; };
  const Row rows[] = {
      {"GCP, TEE_TCB_SVN 04 01 07, with automata 2025-10", "54334c81b4e03634ab3a269ad397c9cea3b5c9ee96c57505b684470b964fd15e",
       {"e12d930d680937d817199f5de746c29d0732171b99cfe49f25763ea45c49d5e3", "c61c010a2465e6a8adbf0b56e43303536b84802440c19912416066ba8d78853c"}, "UpToDate", "UpToDate", "UpToDate", "OutOfDate"},
      {"the same with another document of evaluation 17 for its FMSPC (teekit 2025-09)", "54334c81b4e03634ab3a269ad397c9cea3b5c9ee96c57505b684470b964fd15e", {"file:intel-collateral/tcb-tdx-00806f05-2025-09-teekit.json", "file:intel-collateral/qe-identity-td-2025-10-coco.json"},
       "UpToDate", "UpToDate", "UpToDate", "OutOfDate"},
      {"Granite Rapids, 05 03 02, module TDX_03, with trustee 2025-10", "62657e5976da7686fc72f3b76f72c0cff830aef0b862a9a7dd96fded487b33f7",
       {"06c50be9bc9c042a45675bcba09ae381c61b5d3a017a41cb12e9312387e3898c", "1ebffe572e3b77f5917be8e75dde4b66af13438e65f09fd5011a12b70f7e9a5d"}, "OutOfDate", "OutOfDate", "UpToDate", "OutOfDate"},
      {"GCP, 0d 01 08, with Open Enclave evaluation 21", "0171fb9535ce59c277110b04b0773739f71e38cbc66429e7679b3d110e442fba", {"8988e431a9dca387cb3d9b9bad4540c71c34f5170dcf5f2ca717d9c2d2b55605"}, "OutOfDate", "OutOfDate", "UpToDate", "OutOfDate"},
      {"automata, 04 01 07, with automata 2025-06", "d7dbcb124e9a734b2dc5bf32c731cd80597c5ca20602e697a6a10c3d17b30009", {"e708dafb6518a8089dac93b57aaa0f1844dfe35e7e6f0936b07ea908cbd0fac9", "f22288856d95f46b898372354c0fb6a44d43215ee2dff59401e2e496d0208965"}, "OutOfDate", "OutOfDate", "UpToDate", "OutOfDate"},
      {"relaunch, 04 01 03 and then 07 01 03, with Open Enclave 2025", "d21a11db10ea146b6ff660ce1a88ec5c1b94a1fa88670a103b821af649a4567b", {"ce052791d0c88f5ad5d5e5c26eb72b844e1ca3a1c7f0042a39e2cd9d3e47f77d"}, "TDRelaunchAdvised", "TDRelaunchAdvised", "OutOfDate", "NOT_SUPPORTED"},
      {"Azure, 02 01 06, with flashbots dcap 00", "a2c43c6937dcdb91403844f371acc26e39c4937951e61fbd2c8ecd18969f9e6f", {"0a0bde6a6be9ae3cb75b5351c8b0f971a6bfd011cb9bf0af86dbaf280642dc2a"}, "OutOfDate", "OutOfDate", "OutOfDate", "NOT_SUPPORTED"},
  };
  std::size_t judged = 0, missing = 0;
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const std::string quote = file_with(row.quote);
    std::vector<std::string> files;
    std::string absent = quote.empty() ? std::string("quote ") + row.quote : "";
    for (const std::string wanted : row.collateral) {
      files.push_back(wanted.starts_with("file:") ? wanted.substr(5) : file_with(wanted));
      if (files.back().empty() || !fs::exists(kCorpus / files.back())) absent += (absent.empty() ? "" : ", ") + std::string("collateral ") + wanted;
    }
    if (!absent.empty()) {
      std::printf("not in the corpus: %s: %s\n", row.what, absent.c_str());
      ++missing;
      continue;
    }
    const auto c = open(quote, files);
    REQUIRE(c);
    CHECK(name_of(c->run(TcbProfile::qvl_2026)) == row.qvl);
    CHECK(name_of(c->run(TcbProfile::qvl_2024)) == row.old);
    CHECK(name_of(c->run(TcbProfile::go_tdx_guest)) == row.go);
    CHECK(name_of(c->run(TcbProfile::dcap_qvl)) == row.rust);
    ++judged;
  }
  std::printf("FIGURE: %zu pairs on which verifiers differ, %zu missing in the corpus\n", judged, missing);
  CHECK(judged + missing == std::size(rows));
  CHECK(judged >= 2);
}
