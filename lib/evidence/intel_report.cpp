// What an Intel case adds to the report beside checks: the collateral that was used, and who signed each value that was judged.
#include <algorithm>

#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/intel_case.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

void record(CollateralKind kind, CollateralSource source, const std::string& origin, std::optional<Time> from, std::optional<Time> until, Bytes data, Report& report) {
  report.collateral.push_back({std::string(collateral_kind_name(kind)), std::string(collateral_source_name(source)), origin, from, until, hex(crypto::sha256(data))});
}

template <class Document>
void record_document(const std::optional<SuppliedDocument<Document>>& d, Report& report) {
  if (!d) return;
  const auto from = d->document ? parse_rfc3339(d->document->issue_date) : std::nullopt, until = d->document ? parse_rfc3339(d->document->next_update) : std::nullopt;
  record(d->kind, d->source, d->origin, from, until, d->data, report);
  if (d->chain.empty()) return;
  const crypto::Certificate& signer = d->chain.front();
  const std::string digest = hex(crypto::sha256(signer.der()));
  const bool known = std::any_of(report.collateral.begin(), report.collateral.end(), [&](const CollateralInfo& info) { return info.sha256 == digest; });
  if (!known) record(CollateralKind::intel_tcb_signer, d->source, d->origin, signer.not_before(), signer.not_after(), signer.der(), report);
}

void sign(Report& report, std::string_view area_or_id, const std::string& signer) {
  for (CheckResult& r : report.checks)
    if ((r.spec->area == area_or_id || r.spec->id == area_or_id) && (r.outcome == Outcome::pass || r.outcome == Outcome::warn || r.outcome == Outcome::fail)) r.signed_by = signer;
}

}  // namespace

void record_intel_collateral(const IntelCase& c, Report& report) {
  for (const auto* x : {&c.pck, &c.ca, &c.root, &c.tcb_signer})
    if (*x) record((*x)->kind, (*x)->source, (*x)->origin, (*x)->object.not_before(), (*x)->object.not_after(), (*x)->object.der(), report);
  for (const auto* x : {&c.root_crl, &c.pck_crl})
    if (*x) record(x == &c.root_crl ? CollateralKind::intel_root_crl : CollateralKind::intel_pck_crl, (*x)->source, (*x)->origin, (*x)->object.this_update(), (*x)->object.next_update(), (*x)->object.der(), report);
  record_document(c.tcb_info, report);
  record_document(c.qe_identity, report);
}

void attribute_intel_signers(const IntelCase& c, Report& report) {
  // A value has a signer only when that signature was verified; otherwise whoever sent it said so.
  const auto signer = [&](std::initializer_list<const CheckSpec*> signatures, const char* name) {
    const bool all = std::all_of(signatures.begin(), signatures.end(), [&](const CheckSpec* spec) { return report.outcome_of(*spec) == Outcome::pass; });
    return std::string(all ? name : "");
  };
  const auto attribute = [&](std::initializer_list<const CheckSpec*> specs, const std::string& name) {
    for (const CheckSpec* spec : specs) sign(report, spec->id, name);
  };
  const std::string ca = signer({&kPckChainSignatures}, c.processor_ca ? "PCK Processor CA" : "PCK Platform CA"), pck = signer({&kQeReportSignature, &kPckChainSignatures, &kPckRootTrusted}, "PCK"),
                    attestation_key = signer({&kQuoteSignature, &kQeReportDataBinding, &kQeReportSignature, &kPckChainSignatures, &kPckRootTrusted}, "attestation key");
  attribute({&kPckSgxExtension, &kPckSgxEntryCount, &kPckCpusvnConsistency, &kPckExtensions, &kPckCaType, &kPolicyFmspc, &kPolicyPceId, &kPolicyPpid, &kPolicyPlatformInstance,
             &kPolicyPlatform, &kPolicyMinPceSvn},
            ca);
  attribute({&kQeReportSignature, &kQeReportDataBinding, &kQeReportDataPadding, &kQeMiscselect, &kQeAttributes, &kQeMrsigner, &kQeIsvprodid, &kQeDebug, &kQeTcbLevel, &kPolicyMinQeSvn}, pck);
  for (const std::string_view area : {kTdDebug.area, kMrServicetd.area}) sign(report, area, attestation_key);
  attribute({&kQuoteVersion, &kQuoteAttKeyType, &kQuoteTeeType, &kQuoteBodyType, &kQuoteQeVendorId, &kQuoteHeaderSvn, &kQuoteSignature, &kIntelReportDataBinding, &kHclBinding,
             &kTdxModuleMrsigner, &kTdxModuleAttributes, &kTdxModuleIdentity, &kTdxModuleTcbLevel, &kTdRelaunch, &kPolicyMrTd, &kPolicyMrSeam, &kPolicyMrSignerSeam, &kPolicyRtmr0, &kPolicyRtmr1, &kPolicyRtmr2,
             &kPolicyRtmr3, &kPolicyMrConfigId, &kPolicyMrOwner, &kPolicyMrOwnerConfig, &kPolicyTdAttributes, &kPolicyXfam, &kPolicyMinTeeTcbSvn, &kPolicyTeeTcbSvn2, &kPolicyMrServicetd,
             &kPolicyMrEnclave, &kPolicyMrSigner, &kPolicyIsvProdId, &kPolicyMinIsvSvn, &kPolicyAttributes, &kPolicyMiscSelect, &kPolicyConfigId, &kPolicyIsvFamilyId, &kPolicyIsvExtProdId,
             &kPolicyQeVendorId, &kPolicyReportData, &kPolicyEvents},
            attestation_key);
  attribute({&kRootCrlIssuer, &kRootCrlTime, &kRootCrlSignature, &kPckCaRevoked, &kTcbSignerRevoked}, signer({&kRootCrlSignature}, "Intel SGX Root CA"));
  attribute({&kPckCrlIssuer, &kPckCrlTime, &kPckCrlSignature, &kPckLeafRevoked}, signer({&kPckCrlSignature}, c.processor_ca ? "PCK Processor CA" : "PCK Platform CA"));
  attribute({&kTcbInfoIdVersion, &kTcbInfoSignature, &kTcbInfoTime, &kTcbInfoFmspc, &kTcbInfoPceid, &kTcbInfoTcbtype, &kTcbInfoLevelOrder, &kPlatformTcbLevel},
            signer({&kTcbInfoSignature}, "TCB signer"));
  attribute({&kQeIdentityIdVersion, &kQeIdentitySignature, &kQeIdentityTime}, signer({&kQeIdentitySignature}, "TCB signer"));
}

}  // namespace atls::evidence
