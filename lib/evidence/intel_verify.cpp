// The verifier of Intel quotes: decode and choose, then every check in table order, then who signed what.
#include "evidence/intel_verify.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/memo.hpp"
#include "evidence/snp_claims.hpp"
#include "evidence/unused_parts.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_input.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

bool is_simulated(const TrustStore& trust, const std::string& spki_sha256) {
  const CaKey* key = trust.find_spki(spki_sha256);
  return key != nullptr && key->simulated;
}

bool intel_key_is_simulated(const IntelCase& c, const TrustStore& trust) {
  if (c.root_key != nullptr) return c.root_key->simulated;
  return c.root && is_simulated(trust, c.root->object.spki_sha256());
}

std::string intel_platform_text(const IntelCase& c) {
  std::string out = c.is_tdx() ? "Intel TDX" : "Intel SGX";
  if (c.extension) out += ", FMSPC " + hex(c.extension->fmspc);
  return out;
}

void check_quote_data(const IntelCase& c, const std::optional<ExpectedBinding>& binding, Report& report) {
  if (!binding) return;  // whoever called says why there is none
  const auto& value = c.is_tdx() ? c.td()->report_data : c.enclave()->report_data;
  auto& r = report.compare(kIntelReportDataBinding, binding->report_data, value);
  if (r.outcome != Outcome::pass) r.detail = "the evidence was made for another key or nonce: " + binding->info.formula;
}

// Nothing to judge: a quote whose layout cannot be determined. The field that the parser stopped at says which check that is.
void report_undecodable(const IntelCase& c, Report& report) {
  struct Row { std::string_view field; const CheckSpec& spec; };
  static constexpr Row kRows[] = {{"quote.VERSION", kQuoteVersion},     {"quote.ATT_KEY_TYPE", kQuoteAttKeyType}, {"quote.TEE_TYPE", kQuoteTeeType},
                                  {"quote.BODY_TYPE", kQuoteBodyType}, {"quote.BODY_SIZE", kQuoteBodyType},      {"quote.OUTER_CERTIFICATION_DATA_TYPE", kQuoteCertDataType}};
  const Error& error = *c.quote_error;
  const CheckSpec* cause = error.code == Errc::truncated || error.code == Errc::too_large ? &kQuoteParse : &kQuoteSizeConsistency;
  for (const Row& row : kRows)
    if (error.where == row.field && error.code != Errc::truncated) cause = &row.spec;
  report.fail(*cause, error.message());
  if (cause->on_fail != ExitCode::malformed) report.error(kQuoteParse, "the layout is not known, see " + std::string(cause->id));
}

void tell_unused_of_intel(const IntelCase& c, const std::vector<CollateralItem>& with_it, const Context& context, Report& report) {
  UnusedQuestion question{Vendor::intel, {}, context.policy.crl != policy::CrlMode::off};
  for (const auto* x : {&c.pck, &c.ca, &c.root, &c.tcb_signer})
    if (*x) question.used.push_back((*x)->object.der());
  for (const auto* x : {&c.root_crl, &c.pck_crl})
    if (*x) question.used.push_back((*x)->object.der());
  for (const auto* lists : {&c.signed_root_crls, &c.signed_pck_crls})
    for (const SuppliedCrl& crl : *lists) question.used.push_back(crl.object.der());
  const auto add_chain = [&](const auto& document) {
    if (!document) return;
    for (const crypto::Certificate& x : document->chain) question.used.push_back(x.der());
  };
  add_chain(c.tcb_info);
  add_chain(c.qe_identity);
  const Buffer root = c.root_spki();   // a trusted key stands in for the certificate of the same key
  std::vector<CollateralItem> own;
  for (const CollateralItem& item : c.evidence->endorsements)
    if (const auto x = decode_certificate(item.data); !x || x->spki() != root) own.push_back(item);
  tell_unused_items(question, own, with_it, report);
  if (c.own_chain_text != 0)
    report.warn(kInputPartUnused, "certification data of the quote: " + std::to_string(c.own_chain_text) + " letters outside of its certificates mean nothing");
  if (c.evidence->aux && !c.evidence->aux->empty()) report.warn(kInputPartUnused, "auxblob: a certificate table belongs to SEV-SNP reports only");
  if (!c.is_tdx() && c.evidence->event_log) report.warn(kInputPartUnused, "the event log: only a TDX quote vouches for one");
  if (!c.is_tdx() && c.evidence->td_hcl) report.warn(kInputPartUnused, "the HCL report: it belongs to a TDX quote only");
}

using MustPass = std::vector<const CheckSpec*>;

void add(MustPass& out, std::initializer_list<const CheckSpec*> specs) { out.insert(out.end(), specs); }

MustPass must_pass(bool tdx, const Context& context, const Report& report) {
  if (report.outcome_of(kQuoteParse) != Outcome::pass) return {&kQuoteParse};  // nothing was judged
  MustPass out{&kQuoteParse,        &kQuoteVersion,      &kQuoteAttKeyType,    &kQuoteTeeType,      &kQuoteBodyType,
               &kQuoteSizeConsistency, &kQuoteQeVendorId, &kQuoteCertDataType, &kPckChainParse,     &kPckChainLength,
               &kPckChainNames,     &kPckChainAlgorithms, &kPckChainSignatures, &kPckRootTrusted,   &kPckValidity,
               &kPckSgxExtension,   &kPckCpusvnConsistency, &kQeReportSignature, &kQeReportDataBinding, &kQeReportDataPadding,
               &kAttKeyValid,       &kQuoteSignature,    &kCollateralPresent, &kQeDebug};
  if (tdx)
    add(out, {&kTdDebug, &kTdAttributesReserved, &kTdMigratable, &kXfamFixed, &kSeamZero, &kTdxNoReference});
  else
    add(out, {&kSgxDebug, &kSgxInit, &kSgxNoReference});

  // Collateral may be missing only where that was allowed, and then kCollateralPresent is no pass. What is there must hold.
  const bool all_there = report.outcome_of(kCollateralPresent) == Outcome::pass;
  const bool tcb_info = all_there || report.outcome_of(kTcbInfoParse) != Outcome::skip,
             qe_identity = all_there || report.outcome_of(kQeIdentityParse) != Outcome::skip;
  if (tcb_info)
    add(out, {&kTcbInfoParse, &kTcbInfoIdVersion, &kTcbInfoSignerChain, &kTcbInfoSignature, &kTcbInfoTime, &kTcbInfoFmspc,
              &kTcbInfoPceid, &kTcbInfoTcbtype, &kPlatformTcbLevel, &kTcbStatus});
  if (tcb_info && tdx) add(out, {&kTdxModuleMrsigner, &kTdxModuleAttributes});
  if (qe_identity)
    add(out, {&kQeIdentityParse, &kQeIdentityIdVersion, &kQeIdentitySignerChain, &kQeIdentitySignature, &kQeIdentityTime,
              &kQeMiscselect, &kQeAttributes, &kQeMrsigner, &kQeIsvprodid, &kQeTcbLevel});
  if (context.policy.crl == policy::CrlMode::require) {
    add(out, {&kCrlPresent, &kRootCrlIssuer, &kRootCrlSignature, &kRootCrlTime, &kPckCrlIssuer, &kPckCrlSignature, &kPckCrlTime,
              &kPckLeafRevoked, &kPckCaRevoked});
    if (tcb_info || qe_identity) out.push_back(&kTcbSignerRevoked);
  }
  // The rest may be skipped with a reason, but never be forgotten.
  for (const CheckSpec* spec : kIntelChecks) {
    const bool other_tee = spec == (tdx ? &kSgxNoReference : &kTdxNoReference), frames = spec == &kIntelReportDataBinding;
    if (!other_tee && !frames && report.find(spec->id) == nullptr &&
        (spec->severity == Severity::required || spec->severity == Severity::warning))
      out.push_back(spec);
  }
  return out;
}

}  // namespace

void verify_intel(const Evidence& evidence, const std::optional<ExpectedBinding>& binding,
                  const std::vector<CollateralItem>& with_it, const Context& context, Report& report) {
  // An HCL report of a TDX guest holds a TDREPORT, which only its own machine can check.
  if (evidence.decode_error && evidence.hcl) return (void)report.error(kHardwareRoot, *evidence.decode_error);
  EvidenceInfo info{evidence.format, evidence.format == "tdx" ? "Intel TDX" : "Intel SGX", false, evidence_claims(evidence)};
  if (evidence.decode_error) {
    report.fail(kQuoteParse, *evidence.decode_error);
    report.evidence.push_back(std::move(info));
    return;
  }
  const IntelCase c = make_intel_case(evidence, with_it, context);
  if (!c.quote) {
    report_undecodable(c, report);
    report.evidence.push_back(std::move(info));
    return;
  }
  if (c.is_tdx() != (evidence.format == "tdx")) {  // the container says one thing, the quote another
    auto& r = report.fail(kQuoteTeeType, "the quote is of another kind of TEE than its container says");
    r.expected = evidence.format;
    r.actual = c.is_tdx() ? "tdx" : "sgx";
  }
  info.platform = intel_platform_text(c);
  info.simulated = intel_key_is_simulated(c, context.trust);
  report.evidence.push_back(std::move(info));
  record_intel_collateral(c, report);

  tell_unused_of_intel(c, with_it, context, report);
  check_quote_structure(c, context, report);
  check_pck_chain(c, context, report);
  check_intel_crls(c, context, report);
  check_quote_signatures(c, context, report);
  check_intel_collateral(c, context, report);
  const TcbVerdict tcb = check_tcb(c, context, report);
  check_td(c, context, report);
  check_event_log(c, context, report);
  check_quote_data(c, binding, report);
  check_intel_policy(c, tcb, context, report);
  attribute_intel_signers(c, report);
}

std::vector<const CheckSpec*> tdx_must_pass(const Context& context, const Report& report) { return must_pass(true, context, report); }
std::vector<const CheckSpec*> sgx_must_pass(const Context& context, const Report& report) { return must_pass(false, context, report); }

void verify_intel_endorsements(const std::vector<CollateralItem>& items, const Context& context, Report& report) {
  const IntelCase c = make_bare_intel_case(items, context);
  record_intel_collateral(c, report);
  check_pck_chain(c, context, report);
  check_intel_crls(c, context, report);
  check_intel_collateral(c, context, report);
  attribute_intel_signers(c, report);
}

}  // namespace atls::evidence
