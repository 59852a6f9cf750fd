// atls-mutation-intel: quotes whose every signed bit matters. A quote that is verified is damaged in one byte, or cut, and judged again
// with all else unchanged: three real ones, when the corpus is there, and three of the simulated platform. What is signed: header and body
// by the attestation key, the QE report by the PCK key, attestation key and authentication data through the QE report.
#include <cstdio>

#include "intel/quote.hpp"
#include "mutation.hpp"
#include "sim/anchors.hpp"
#include "sim/intel_platform.hpp"
#include "support/paths.hpp"

using namespace atls;
using namespace atls::mutation;

namespace {

struct Real { const char* file; const char* accepted; bool all_collateral; };
// One of each version. What keeps one from exit status 0 as it is, is allowed by name.
constexpr Real kReal[] = {
    {"sgx-quote/phala-sgx-v3.bin", "ConfigurationAndSWHardeningNeeded", true},
    {"tdx-quote/phala-tdx-v4-2025-padded-5006.bin", "", true},
    {"tdx-quote/tdx-v5-td15-go-tdx-guest.bin", "", false},
};

struct Range { const char* what; std::size_t first, size; };

std::size_t mutate(const std::string& name, const Buffer& good, const Judge& judge) {
  Counts counts(name);
  const auto quote = intel::parse_quote(good);
  if (!quote) throw std::runtime_error(name + ": " + quote.error().message());
  const std::size_t end = quote->signature_data_offset + quote->signature_data_size;
  const Judge::Answer as_it_is = judge(good);
  counts.add("as it is", as_it_is.code, {0}, 0);
  if (as_it_is.code != 0) std::printf("error: %s: %s\n", name.c_str(), as_it_is.report.verdict->reason.c_str());
  const Range ranges[] = {
      {"a byte of header or body changed", 0, quote->signed_size},
      {"a byte of the quote signature or attestation key changed", quote->signature_data_offset, 128},
      {"a byte of the QE report or its signature changed", quote->qe_report_offset, intel::kSgxReportSize + 64},
      {"a byte of the authentication data changed", quote->auth_data_offset, quote->auth_data.size()},
  };
  for (const Range& range : ranges)
    for (std::size_t place = range.first; place < range.first + range.size; ++place)
      for (const std::uint8_t bit : {std::uint8_t{0x01}, std::uint8_t{0x80}}) {
        Buffer bad = good;
        bad[place] ^= bit;
        counts.add(range.what, judge(bad).code, {2, 7}, place);
      }
  for (std::size_t size = 0; size < end; ++size) counts.add("cut short", judge(Bytes(good).first(size)).code, {7}, size);
  return counts.finish();
}

std::size_t simulated(bool sgx, unsigned version) {
  sim::IntelOptions options;
  options.sgx = sgx;
  options.quote_version = version;
  auto platform = sim::IntelPlatform::create(options);
  if (!platform) throw std::runtime_error(platform.error().message());
  const sim::IntelPlatform& p = **platform;
  std::array<std::uint8_t, 64> data{};
  data.fill(0x5A);
  Judge judge;
  judge.now = Time{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};
  judge.trust.add(sim::trust_anchors());
  judge.policy.trust_simulated = true;
  const std::vector<Buffer> signer = {p.tcb_signer_der(), p.root_der()};
  judge.with_it = {{CollateralKind::intel_root_crl, p.root_crl_der(), CollateralSource::bundle, "", {}, {}},
                   {CollateralKind::intel_pck_crl, p.pck_crl_der(), CollateralSource::bundle, "", {}, {}},
                   {CollateralKind::intel_tcb_info, p.tcb_info(), CollateralSource::bundle, "", signer, {}},
                   {CollateralKind::intel_qe_identity, p.qe_identity(), CollateralSource::bundle, "", signer, {}}};
  return mutate("simulated " + std::string(sgx ? "SGX" : "TDX") + " quote, version " + std::to_string(version), p.quote(data), judge);
}

std::size_t real(const fs::path& corpus, const Real& row) {
  Judge judge(corpus, entry_of(corpus, row.file));
  if (*row.accepted != 0) {
    policy::TcbStatusRule rule;
    rule.status = row.accepted;
    judge.policy.allow_tcb_status.push_back(rule);
  }
  judge.policy.allow_missing_collateral = !row.all_collateral;
  return mutate(row.file, content(corpus / row.file), judge);
}

}  // namespace

int main() try {
  std::size_t wrong = simulated(true, 3) + simulated(false, 4) + simulated(false, 5);
  const fs::path corpus = test::kCorpusDir;
  if (fs::exists(corpus / "manifest.json"))
    for (const Real& row : kReal) wrong += real(corpus, row);
  else
    std::printf("SKIP: real quotes: no evidence corpus at %s\n", corpus.c_str());
  return wrong == 0 ? 0 : 1;
} catch (const std::exception& e) {
  std::printf("error: %s\n", e.what());
  return 1;
}
