// The kinds of evidence that can be judged, one row each.
#include <algorithm>
#include <array>

#include "evidence/dummy_verify.hpp"
#include "evidence/intel_verify.hpp"
#include "evidence/snp_claims.hpp"
#include "evidence/snp_verify.hpp"
#include "evidence/verify.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_intel.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using CheckSpecs = std::span<const CheckSpec* const>;
constexpr const CheckSpec* kSnpSignatures[] = {&checks::kSnpReportSignature};
constexpr const CheckSpec* kSnpDecoding[] = {&checks::kSnpReportSize, &checks::kSnpContainerDecode};
// The whole way from a trusted root to the body of the quote.
constexpr const CheckSpec* kIntelSignatures[] = {&checks::kQuoteSignature, &checks::kAttKeyValid, &checks::kQeReportDataBinding, &checks::kQeReportSignature,
                                                 &checks::kPckChainSignatures, &checks::kPckRootTrusted};
constexpr const CheckSpec* kIntelDecoding[] = {&checks::kQuoteParse, &checks::kQuoteVersion};

constexpr std::array kFormats{
    Format{"snp", "AMD SEV-SNP attestation report", verify_snp, snp_must_pass, evidence_claims, &checks::kReportDataBinding, kSnpSignatures,
           &checks::kSnpNoReference, kSnpDecoding},
    Format{"tdx", "Intel TDX quote", verify_intel, tdx_must_pass, evidence_claims, &checks::kIntelReportDataBinding, kIntelSignatures,
           &checks::kTdxNoReference, kIntelDecoding},
    Format{"sgx", "Intel SGX quote", verify_intel, sgx_must_pass, evidence_claims, &checks::kIntelReportDataBinding, kIntelSignatures,
           &checks::kSgxNoReference, kIntelDecoding},
    Format{"dummy", "document without hardware signature", verify_dummy, dummy_must_pass, evidence_claims, &checks::kDummyNonce, CheckSpecs{},
           &checks::kSnpNoReference, CheckSpecs{}},
};

}  // namespace

std::span<const Format> formats() {
  return kFormats;
}

const Format* find_format(std::string_view id) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& f) { return f.id == id; });
  return found == kFormats.end() ? nullptr : &*found;
}

}  // namespace atls::evidence
