// Real evidence: what the manifest of the corpus says about signatures and chains must come out, with its `needs` as the only
// other input, at its time, without a network.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "evidence/load.hpp"
#include "lib/evidence/appraise_fixture.hpp"
#include "report/checks_snp.hpp"
#include "support/paths.hpp"

using namespace atls;
namespace fs = std::filesystem;

namespace {

Buffer content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Buffer(std::istreambuf_iterator<char>(in), {});
}

// The files in `needs`, as a place to look.
class Needs : public CollateralProvider {
 public:
  explicit Needs(std::vector<CollateralItem> items) : items_(std::move(items)) {}
  CollateralSource source() const override { return CollateralSource::dir; }
  CollateralAnswer find(const CollateralQuery& query) override {
    CollateralAnswer answer;
    for (const CollateralItem& item : items_)
      if (item.kind == query.kind) answer.items.push_back(item);
    return answer;
  }

 private:
  std::vector<CollateralItem> items_;
};

std::vector<CollateralItem> items_of(const evidence::Loaded& loaded, CollateralSource source) {
  std::vector<CollateralItem> out;
  for (const Buffer& der : loaded.certificates)
    if (const auto kind = evidence::endorsement_kind(der)) out.push_back({*kind, der, source, loaded.name});
  for (const Buffer& der : loaded.crls) out.push_back({CollateralKind::amd_crl, der, source, loaded.name});
  return out;
}

// "ok": every certificate check that has an object passed. "unknown": one could not be evaluated. "fail": one failed.
std::string chain_of(const Report& report) {
  bool error = false, fail = false;
  for (const CheckResult& r : report.checks) {
    if (r.spec->area != checks::kSnpVekPresent.area) continue;
    error |= r.outcome == Outcome::error;
    fail |= r.outcome == Outcome::fail;
  }
  return fail ? "fail" : error ? "unknown" : "ok";
}

std::string signature_of(const Report& report) {
  const Outcome outcome = report.outcome_of(checks::kSnpReportSignature);
  return outcome == Outcome::pass ? "ok" : outcome == Outcome::fail ? "fail" : "unknown";
}

}  // namespace

TEST_CASE("corpus: signatures and chains of real SEV-SNP evidence come out as the manifest says") {
  const fs::path corpus = test::kCorpusDir;
  if (!fs::exists(corpus / "manifest.json")) {
    std::printf("SKIP: no evidence corpus at %s\n", corpus.c_str());
    return;
  }
  const auto manifest = nlohmann::json::parse(content(corpus / "manifest.json"));
  std::map<std::string, int> count;
  for (const auto& entry : manifest["files"]) {
    const std::string file = entry["file"], kind = entry["kind"];
    const bool snp_hcl = kind == "azure-hcl" && file.find("snp-") != std::string::npos;
    if (kind != "snp-report" && kind != "snp-extended" && kind != "snp-certtable" && kind != "amd-cert" && kind != "amd-crl" &&
        !snp_hcl)
      continue;
    CAPTURE(file);
    const auto loaded = evidence::load_path(corpus / file);
    REQUIRE(loaded);
    std::vector<CollateralItem> needs;
    for (const auto& need : entry["needs"]) {
      const auto other = evidence::load_path(corpus / need.get<std::string>());
      if (!other) continue;
      const auto items = items_of(*other, CollateralSource::dir);
      needs.insert(needs.end(), items.begin(), items.end());
    }
    test::Judge judge;
    judge.trust = evidence::TrustStore::builtin();
    judge.collateral = Collateral{};
    judge.collateral.add(std::make_shared<Needs>(needs));
    judge.policy.crl = policy::CrlMode::if_available;
    judge.policy.allow_debug = true;
    const auto time = parse_rfc3339(entry["verification_time"].is_string() ? entry["verification_time"].get<std::string>()
                                                                           : "2026-06-01T00:00:00Z");
    REQUIRE(time);
    judge.now = *time;

    evidence::Presented presented;
    if (loaded->evidence)
      presented.raw = loaded->evidence;
    else
      presented.bare_endorsements = items_of(*loaded, CollateralSource::dir);
    if (!presented.raw && presented.bare_endorsements.empty()) {
      CHECK(entry["expect"]["parse"] == "error");
      ++count["not decodable"];
      continue;
    }
    const Report report = judge(presented);
    CAPTURE(test::failures(report));
    ++count[kind];
    // The only certificate at hand is of the same chip under another TCB: none of this report's, so nothing was judged by it.
    if (entry["file"] == "snp-report/google-genoa-v2-oak-other-tcb.bin") {
      CHECK(report.verdict->code == ExitCode::undecided);
      CHECK(report.verdict->reason == "snp-vek-present");
      CHECK(signature_of(report) == "unknown");
      continue;
    }
    if (entry["expect"]["parse"] == "ok" && !loaded->error) {
      CHECK(report.verdict->code != ExitCode::malformed);
      if (kind == "amd-crl") {
        CHECK(report.outcome_of(checks::kSnpCrlIssuer) == Outcome::pass);
        CHECK(report.outcome_of(checks::kSnpCrlSignature) == Outcome::pass);
      } else {
        CHECK(chain_of(report) == entry["expect"]["chain"]);
      }
    }
    if (presented.raw && kind != "snp-certtable") {
      CHECK(signature_of(report) == entry["expect"]["signature"]);
      if (entry["expect"]["signature"] != "ok") CHECK(report.verdict->code != ExitCode::verified);
    } else {
      CHECK(report.verdict->code != ExitCode::verified);
    }
  }
  std::string line;
  for (const auto& [name, n] : count) line += (line.empty() ? "" : ", ") + std::to_string(n) + " " + name;
  std::printf("FIGURE: as the manifest of the corpus says: %s\n", line.c_str());
}
