// The verifier of SEV-SNP evidence: decode and choose, then every check in table order, then who signed what.
#include "evidence/snp_verify.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/snp_case.hpp"
#include "evidence/snp_claims.hpp"
#include "evidence/snp_policy.hpp"
#include "evidence/unused_parts.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

bool uses_simulated_key(const SnpCase& c, const TrustStore& trust) {
  for (const CaLink* link : {&c.ask, &c.ark}) {
    const CaKey* key = link->present() ? trust.find_spki(link->spki_sha256()) : nullptr;
    if (key != nullptr && key->simulated) return true;
  }
  return false;
}

std::string platform_text(const SnpCase& c) {
  return "AMD SEV-SNP" + (c.product == snp::ProductLine::unknown ? "" : " (" + std::string(snp::product_name(c.product)) + ")");
}

void check_report_data(const SnpCase& c, const std::optional<ExpectedBinding>& binding, Report& report) {
  if (!binding) return;  // whoever called says why there is none
  auto& r = report.compare(kReportDataBinding, binding->report_data, c.report->report_data);
  if (r.outcome != Outcome::pass) r.detail = "the evidence was made for another key or nonce: " + binding->info.formula;
}

// Nothing to judge: the container, or a report shorter than one. One line says so instead of ninety that say "error".
bool is_decodable(const Evidence& evidence, Report& report) {
  if (evidence.decode_error) {
    report.fail(kSnpContainerDecode, *evidence.decode_error);
    return false;
  }
  if (evidence.data.size() < snp::kReportSize) {
    auto& r = report.fail(kSnpReportSize, "the report ends too early; nothing can be judged");
    r.on_fail = ExitCode::malformed;
    r.expected = std::to_string(snp::kReportSize);
    r.actual = std::to_string(evidence.data.size());
    return false;
  }
  return true;
}

void record_certificate(const std::optional<SuppliedCertificate>& supplied, Report& report) {
  if (!supplied) return;
  const crypto::Certificate& x = supplied->object;
  report.collateral.push_back({std::string(collateral_kind_name(supplied->kind)),
                               std::string(collateral_source_name(supplied->source)), supplied->origin, x.not_before(),
                               x.not_after(), hex(crypto::sha256(x.der()))});
}

void sign_range(Report& report, std::string_view area_or_id, const std::string& signer) {
  for (CheckResult& r : report.checks)
    if ((r.spec->area == area_or_id || r.spec->id == area_or_id) &&
        (r.outcome == Outcome::pass || r.outcome == Outcome::warn || r.outcome == Outcome::fail))
      r.signed_by = signer;
}

// Blobs are DER as a rule; of PEM its first object is what was looked at.
void tell_unused_of_snp(const SnpCase& c, const std::vector<CollateralItem>& with_it, const Context& context, Report& report) {
  UnusedQuestion question{Vendor::amd, {}, context.policy.crl != policy::CrlMode::off};
  for (const auto* x : {&c.vek, &c.ask.certificate, &c.ark.certificate})
    if (*x) question.used.push_back((*x)->object.der());
  if (c.crl) question.used.push_back(c.crl->object.der());
  for (const SuppliedCrl& crl : c.signed_crls) question.used.push_back(crl.object.der());
  std::vector<CollateralItem> own;
  for (const CollateralItem& item : c.own_items)
    if (std::none_of(question.used.begin(), question.used.end(), [&](Bytes used) { return equal(used, item.data); })) own.push_back(item);
  tell_unused_items(question, own, with_it, report);
}

}  // namespace

void record_collateral(const SnpCase& c, Report& report) {
  record_certificate(c.vek, report);
  record_certificate(c.ask.certificate, report);
  record_certificate(c.ark.certificate, report);
  if (!c.crl) return;
  const crypto::Crl& crl = c.crl->object;
  report.collateral.push_back({std::string(collateral_kind_name(c.crl->kind)), std::string(collateral_source_name(c.crl->source)),
                               c.crl->origin, crl.this_update(), crl.next_update(), hex(crypto::sha256(crl.der()))});
}

void attribute_signers(const SnpCase& c, Report& report) {
  // A value has a signer only when that signature was verified; otherwise whoever sent it said so.
  const auto signer = [&](const CheckSpec& signature, const std::string& name) {
    return report.outcome_of(signature) == Outcome::pass ? name : std::string();
  };
  const auto attribute = [&](std::initializer_list<const CheckSpec*> specs, const std::string& name) {
    for (const CheckSpec* spec : specs) sign_range(report, spec->id, name);
  };
  // A VCEK is one only under a trusted root: whoever made the root made the key, too.
  const bool under_root = report.outcome_of(kSnpVekSignature) == Outcome::pass && report.outcome_of(kSnpArkTrusted) == Outcome::pass &&
                          report.outcome_of(kSnpAskSignature) != Outcome::fail;
  const std::string vek = under_root ? signer(kSnpReportSignature, c.vek_name()) : "";
  for (const std::string_view area : {kSnpReportVersion.area, kSnpReportSignature.area, kSnpNoReference.area})
    sign_range(report, area, vek);
  attribute({&kReportDataBinding}, vek);
  // Not part of what the key signed: containers, lengths, and the form of the signature itself.
  attribute({&kSnpContainerDecode, &kSnpContainerLossy, &kSnpReportSize, &kSnpSignatureEncoding, &kSnpSignaturePadding,
             &kSnpCertTableBounds, &kSnpCertTableTerminator, &kSnpCertTableDuplicate, &kSnpCertTableOverlap,
             &kSnpCertTableUnknownEntry, &kSnpTsmProvider, &kSnpHclHeader, &kSnpPolicyExtraEntry},
            "");
  attribute({&kSnpVekKind, &kSnpVekKey, &kSnpVekSigalg, &kSnpVekX509Version, &kSnpVekSubject, &kSnpVekIssuer,
             &kSnpVekExtensionsKnown, &kSnpVekExtensionsComplete, &kSnpVekProduct, &kSnpVekValidity, &kSnpVekSignature,
             &kSnpVlekCspId, &kSnpPolicyTcbCert},
            signer(kSnpVekSignature, c.ask_name()));
  attribute({&kSnpAskSubject, &kSnpAskValidity, &kSnpAskCa, &kSnpAskSignature}, signer(kSnpAskSignature, "ARK"));
  attribute({&kSnpArkSubject, &kSnpArkValidity, &kSnpArkCa, &kSnpArkSelfSignature}, signer(kSnpArkSelfSignature, "self"));
  attribute({&kSnpCrlIssuer, &kSnpCrlSignature, &kSnpCrlFresh, &kSnpAskNotRevoked, &kSnpArkNotRevoked}, signer(kSnpCrlSignature, "ARK"));
}

void verify_snp(const Evidence& evidence, const std::optional<ExpectedBinding>& binding,
                const std::vector<CollateralItem>& with_it, const Context& context, Report& report) {
  EvidenceInfo info{evidence.format, "AMD SEV-SNP", false, evidence_claims(evidence)};
  if (!is_decodable(evidence, report)) {
    report.evidence.push_back(std::move(info));
    return;
  }
  const SnpCase c = make_snp_case(evidence, with_it, context);
  info.platform = platform_text(c);
  info.simulated = uses_simulated_key(c, context.trust);
  report.evidence.push_back(std::move(info));
  record_collateral(c, report);

  tell_unused_of_snp(c, with_it, context, report);
  check_snp_structure(c, context, report);
  check_snp_certificates(c, context, report);
  check_snp_consistency(c, report);
  check_report_data(c, binding, report);
  check_snp_policy({*c.report, c.product, c.facts.tcb, c.facts.csp_id, c.table ? &*c.table : nullptr}, context.policy, report);
  attribute_signers(c, report);
}

std::vector<const CheckSpec*> snp_must_pass(const Context& context, const Report& report) {
  std::vector<const CheckSpec*> out{&kSnpContainerDecode,
                                    &kSnpContainerLossy,
                                    &kSnpReportSize,
                                    &kSnpReportVersion,
                                    &kSnpReportReservedZero,
                                    &kSnpReportVmplRange,
                                    &kSnpPolicyReserved,
                                    &kSnpSignerInfoReserved,
                                    &kSnpSigningKey,
                                    &kSnpMaskChipKey,
                                    &kSnpSignatureAlgo,
                                    &kSnpSignatureEncoding,
                                    &kSnpProductKnown,
                                    &kSnpVekPresent,
                                    &kSnpVekKind,
                                    &kSnpVekKey,
                                    &kSnpVekSigalg,
                                    &kSnpVekSubject,
                                    &kSnpVekIssuer,
                                    &kSnpVekExtensionsKnown,
                                    &kSnpVekExtensionsComplete,
                                    &kSnpVekProduct,
                                    &kSnpVekValidity,
                                    &kSnpVekSignature,
                                    &kSnpAskSubject,
                                    &kSnpArkSubject,
                                    &kSnpAskValidity,
                                    &kSnpArkValidity,
                                    &kSnpArkTrusted,
                                    &kSnpReportSignature,
                                    &kSnpTcbReportedMatchesCert,
                                    &kSnpTcbReportedLeCurrent,
                                    &kSnpTcbCommittedLeCurrent,
                                    &kSnpVersionCommittedLeCurrent,
                                    &kSnpNoReference,
                                    &kSnpPolicyDebug,
                                    &kSnpPolicyMigration};
  if (context.policy.crl == policy::CrlMode::require)
    out.insert(out.end(),
               {&kSnpCrlAvailable, &kSnpCrlIssuer, &kSnpCrlSignature, &kSnpCrlFresh, &kSnpAskNotRevoked, &kSnpArkNotRevoked});
  // Which product it is, the certificate of a version 2 report says: without one that is the reason, and enough of one.
  if (report.outcome_of(kSnpVekPresent) == Outcome::error && report.outcome_of(kSnpProductKnown) == Outcome::skip) std::erase(out, &kSnpProductKnown);
  // The rest may be skipped with a reason, but never be forgotten.
  for (const CheckSpec* spec : kSnpChecks)
    if (report.find(spec->id) == nullptr && (spec->severity == Severity::required || spec->severity == Severity::warning))
      out.push_back(spec);
  return out;
}

void verify_snp_endorsements(const std::vector<CollateralItem>& items, const Context& context, Report& report) {
  const Supply supply = sort_items(items);
  const bool nothing = supply.veks.empty() && supply.asks.empty() && supply.arks.empty() && supply.crls.empty();
  for (const std::string& sentence : supply.undecodable) {
    auto& r = report.fail(kSnpContainerDecode, sentence);
    if (!nothing) r.on_fail = ExitCode::rejected;
  }
  if (nothing) return;
  const SnpCase c = make_bare_case(items, context);
  record_collateral(c, report);
  check_snp_certificates(c, context, report);
  attribute_signers(c, report);
}

}  // namespace atls::evidence
