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
// The ASK's signature is no step of its own where a built-in key stands in for the ASK: then that check is skipped, and must not fail.
constexpr const CheckSpec* kSnpSignatures[] = {&checks::kSnpReportSignature, &checks::kSnpVekSignature, &checks::kSnpArkTrusted};
constexpr const CheckSpec* kSnpChain[] = {&checks::kSnpVekSubject,  &checks::kSnpVekIssuer,   &checks::kSnpVekValidity, &checks::kSnpAskSubject,
                                          &checks::kSnpArkSubject,  &checks::kSnpAskValidity, &checks::kSnpArkValidity, &checks::kSnpAskCa,
                                          &checks::kSnpArkCa,       &checks::kSnpAskSignature, &checks::kSnpArkSelfSignature, &checks::kSnpAskNotRevoked,
                                          &checks::kSnpArkNotRevoked};
constexpr const CheckSpec* kSnpDecoding[] = {&checks::kSnpReportSize, &checks::kSnpContainerDecode};
// The whole way from a trusted root to the body of the quote.
constexpr const CheckSpec* kIntelSignatures[] = {&checks::kQuoteSignature, &checks::kAttKeyValid, &checks::kQeReportDataBinding, &checks::kQeReportSignature,
                                                 &checks::kPckChainSignatures, &checks::kPckRootTrusted};
constexpr const CheckSpec* kIntelChain[] = {&checks::kPckChainNames, &checks::kPckChainAlgorithms, &checks::kPckValidity,
                                            &checks::kPckExtensions, &checks::kPckLeafRevoked,    &checks::kPckCaRevoked};
constexpr const CheckSpec* kIntelDecoding[] = {&checks::kQuoteParse, &checks::kQuoteVersion};

constexpr std::array kFormats{
    Format{"snp", "AMD SEV-SNP attestation report", verify_snp, snp_must_pass, evidence_claims, &checks::kReportDataBinding, kSnpSignatures, kSnpChain,
           &checks::kSnpNoReference, kSnpDecoding},
    Format{"tdx", "Intel TDX quote", verify_intel, tdx_must_pass, evidence_claims, &checks::kIntelReportDataBinding, kIntelSignatures, kIntelChain,
           &checks::kTdxNoReference, kIntelDecoding},
    Format{"sgx", "Intel SGX quote", verify_intel, sgx_must_pass, evidence_claims, &checks::kIntelReportDataBinding, kIntelSignatures, kIntelChain,
           &checks::kSgxNoReference, kIntelDecoding},
    Format{"dummy", "document without hardware signature", verify_dummy, dummy_must_pass, evidence_claims, &checks::kDummyNonce, CheckSpecs{}, CheckSpecs{},
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
