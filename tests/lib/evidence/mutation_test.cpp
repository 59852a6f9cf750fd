// atls-mutation: real reports whose every bit matters. A report of the corpus that is verified is damaged in one byte, or cut, and
// judged again with all else unchanged. The part that AMD signs is 00h-29Fh (SEV-SNP ABI, AMD 56860, ATTESTATION_REPORT).
#include <cstdio>

#include "mutation.hpp"
#include "report/checks_snp.hpp"
#include "support/paths.hpp"

using namespace atls;
using namespace atls::mutation;

namespace {

constexpr std::size_t kReport = 1184, kSigned = 672, kSignature = 144;   // r and s, 72 bytes each
constexpr int kSkipped = 77;

// One of each report version and product line, each verified with exit status 0 as it is.
constexpr const char* kReports[] = {"snp-report/baremetal-milan-v2-virtee.bin", "snp-report/azure-cc-genoa-v3-tav.bin",
                                    "snp-report/azure-cc-turin-v5-tav.bin"};

// What a certificate must fit: REPORTED_TCB and CHIP_ID. Changed there, a report asks for another certificate than the one at hand: refused
// (2), or undecided because that one is missing (4).
bool names_the_certificate(std::size_t place) { return (place >= 0x180 && place < 0x188) || (place >= 0x1A0 && place < 0x1E0); }

bool padding_told(const Judge::Answer& answer) { return answer.report.outcome_of(checks::kSnpSignaturePadding) == Outcome::warn; }

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
      if (place < kSigned && names_the_certificate(place))
        counts.add("a signed byte that names the certificate changed", answer.code, {2, 4, 7}, place);
      else if (place < kSigned + kSignature)
        counts.add(place < kSigned ? "a signed byte changed" : "a byte of the signature changed", answer.code, {2, 7}, place);
      else   // nobody signs the unused end of the signature field: harmless, but told
        counts.add("a byte of the padding changed, with a warning", padding_told(answer) ? answer.code : -1, {0}, place);
    }
  for (std::size_t size = 0; size < kReport; ++size) counts.add("cut short", judge(Bytes(good).first(size)).code, {7}, size);
  return counts.finish();
}

}  // namespace

int main() try {
  const fs::path corpus = test::kCorpusDir;
  if (!fs::exists(corpus / "manifest.json")) {
    std::printf("SKIP: no evidence corpus at %s\n", corpus.c_str());
    return kSkipped;
  }
  std::size_t wrong = 0;
  for (const char* const file : kReports) wrong += mutate(corpus, entry_of(corpus, file));
  return wrong == 0 ? 0 : 1;
} catch (const std::exception& e) {
  std::printf("error: %s\n", e.what());
  return 1;
}
