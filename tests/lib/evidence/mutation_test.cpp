// atls-mutation: real reports whose every bit matters. A report of the corpus that is verified is damaged in one byte, or cut, and
// judged again with all else unchanged. The part that AMD signs is 00h-29Fh (SEV-SNP ABI, AMD 56860, ATTESTATION_REPORT).
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "collateral/providers.hpp"
#include "evidence/present.hpp"
#include "evidence/verify.hpp"
#include "policy/policy.hpp"
#include "report/checks_snp.hpp"
#include "report/model.hpp"

using namespace atls;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kReport = 1184, kSigned = 672, kSignature = 144;   // r and s, 72 bytes each
constexpr int kSkipped = 77;

// One of each report version and product line, each verified with exit status 0 as it is.
constexpr const char* kReports[] = {"snp-report/baremetal-milan-v2-virtee.bin", "snp-report/azure-cc-genoa-v3-tav.bin",
                                    "snp-report/azure-cc-turin-v5-tav.bin"};

Buffer content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Buffer(std::istreambuf_iterator<char>(in), {});
}

// As atls-verify --offline --crl if-available --any-measurement --allow-debug --at TIME --collateral-dir NEED...
struct Judge {
  policy::Policy policy;
  evidence::TrustStore trust = evidence::TrustStore::builtin();
  Collateral collateral;
  Time now{};

  Judge(const fs::path& corpus, const nlohmann::json& entry) : now(parse_rfc3339(entry.at("verification_time").get<std::string>()).value()) {
    policy::add_flags(policy, {});
    policy.crl = policy::CrlMode::if_available;
    policy.any_measurement = policy.allow_debug = policy.offline = true;
    for (const auto& need : entry.at("needs")) {
      auto found = directory_provider(corpus / need.get<std::string>());
      if (!found) throw std::runtime_error(found.error().message());
      collateral.add(std::move(*found));
    }
  }

  struct Answer { int code; bool padding_told; };
  Answer operator()(Bytes input) const {
    const auto presented = evidence::present(evidence::load_bytes(input, "mutation"), std::nullopt);
    if (!presented) return {static_cast<int>(ExitCode::usage), false};
    Report report;
    report.time = now;
    const auto appraisal = evidence::appraise(*presented, {policy, trust, collateral, now}, report);
    const int code = static_cast<int>(report.verdict.value().code);
    return {appraisal.proof.has_value() == (code == 0) ? code : static_cast<int>(ExitCode::internal),
            report.outcome_of(checks::kSnpSignaturePadding) == Outcome::warn};
  }
};

class Counts {
 public:
  explicit Counts(std::string file) : file_(std::move(file)) {}

  void add(const char* what, int code, std::initializer_list<int> allowed, std::size_t place) {
    ++counts_[what][code];
    if (std::find(allowed.begin(), allowed.end(), code) != allowed.end()) return;
    std::printf("error: %s: %s, byte %zu: exit status %d\n", file_.c_str(), what, place, code);
    ++wrong_;
  }
  std::size_t finish() const {
    for (const auto& [what, codes] : counts_) {
      std::string line;
      for (const auto& [code, n] : codes) line += (line.empty() ? "" : ", ") + std::to_string(n) + " x exit " + std::to_string(code);
      std::printf("FIGURE: %s: %s: %s\n", file_.c_str(), what.c_str(), line.c_str());
    }
    return wrong_;
  }

 private:
  std::string file_;
  std::map<std::string, std::map<int, std::size_t>> counts_;
  std::size_t wrong_ = 0;
};

std::size_t mutate(const fs::path& corpus, const nlohmann::json& entry) {
  const std::string file = entry.at("file").get<std::string>();
  const Buffer good = content(corpus / file);
  const Judge judge(corpus, entry);
  Counts counts(file);
  counts.add("as it is", judge(good).code, {0}, 0);
  if (good.size() != kReport) throw std::runtime_error(file + ": not the size of a report");
  for (std::size_t place = 0; place < kReport; ++place)
    for (const std::uint8_t bit : {std::uint8_t{0x01}, std::uint8_t{0x80}}) {
      Buffer bad = good;
      bad[place] ^= bit;
      const Judge::Answer answer = judge(bad);
      if (place < kSigned + kSignature)
        counts.add(place < kSigned ? "a signed byte changed" : "a byte of the signature changed", answer.code, {2, 7}, place);
      else   // nobody signs the unused end of the signature field: harmless, but told
        counts.add("a byte of the padding changed, with a warning", answer.padding_told ? answer.code : -1, {0}, place);
    }
  for (std::size_t size = 0; size < kReport; ++size) counts.add("cut short", judge(Bytes(good).first(size)).code, {7}, size);
  return counts.finish();
}

}  // namespace

int main() try {
  const fs::path corpus = ATLS_CORPUS;
  if (!fs::exists(corpus / "manifest.json")) {
    std::printf("SKIP: no evidence corpus at %s\n", corpus.c_str());
    return kSkipped;
  }
  const auto manifest = nlohmann::json::parse(content(corpus / "manifest.json"));
  std::size_t wrong = 0;
  for (const char* const file : kReports) {
    const auto& files = manifest.at("files");
    const auto entry = std::find_if(files.begin(), files.end(), [&](const nlohmann::json& e) { return e.at("file") == file; });
    if (entry == files.end()) throw std::runtime_error(std::string(file) + ": not in the manifest");
    wrong += mutate(corpus, *entry);
  }
  return wrong == 0 ? 0 : 1;
} catch (const std::exception& e) {
  std::printf("error: %s\n", e.what());
  return 1;
}
