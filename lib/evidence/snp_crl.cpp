// Revocation. The ARK signs one list for its ASK and ASVK; endorsement certificates all have serial 0 and cannot be listed: AMD
// supersedes them by TCB (AMD 57230).
#include "evidence/crl_choice.hpp"
#include "evidence/memo.hpp"
#include "evidence/snp_case.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

CrlAuthority authority_of(const CaLink& ark) { return {ark.subject_der(), ark.spki(), crypto::SignatureScheme::rsa_pss_sha384, false}; }

void pick_crl(SnpCase& c, const std::vector<SuppliedCrl>& candidates, Time now) {
  CrlChoice choice = pick_crl(candidates, authority_of(c.ark), now);
  c.crl = std::move(choice.crl);
  c.crl_usable = choice.usable;
  c.signed_crls = std::move(choice.signed_ones);
}

// No list makes evidence good whose own signatures do not hold, or whose root is not trusted: then nobody is asked for one.
bool is_worth_a_question(const SnpCase& c, const TrustStore& trust) {
  if (c.bare()) return true;
  if (!c.report || !c.vek || !c.ask.present() || !c.ark.present()) return false;
  const CaKey* root = trust.find_spki(c.ark.spki_sha256());
  return root != nullptr && root->role == CaRole::ark && (!c.ask.certificate || is_signed_by(c.ask.certificate->object, c.ark.spki())) &&
         is_signed_by(c.vek->object, c.ask.spki()) && verifies_report(c.vek->object, *c.report);
}

constexpr const CheckSpec* kAfterAvailable[] = {&kSnpCrlIssuer, &kSnpCrlSignature, &kSnpCrlFresh, &kSnpAskNotRevoked,
                                                &kSnpArkNotRevoked};

void check_issuer(const SnpCase& c, Report& report) {
  const crypto::Crl& crl = c.crl->object;
  auto& r = report.judge(kSnpCrlIssuer, crl.issuer_der() == c.ark.subject_der(), "the CRL is of another issuer");
  r.expected =
      c.ark.certificate ? c.ark.certificate->object.subject_text() : "CN=" + c.ark.subject_cn() + " with AMD's other names";
  r.actual = crl.issuer_text();
}

void check_signature(const SnpCase& c, Report& report) {
  const crypto::Crl& crl = c.crl->object;
  if (crl.signature_scheme() != crypto::SignatureScheme::rsa_pss_sha384) {
    auto& r = report.fail(kSnpCrlSignature, "the CRL is not signed with AMD's algorithm");
    r.expected = "RSA-PSS, SHA-384, salt 48";
    r.actual = crl.signature_oid();
    return;
  }
  report.judge(kSnpCrlSignature, is_signed_by(crl, c.ark.spki()),
               "the signature does not verify under the key of " + c.ark.label());
}

void check_fresh(const SnpCase& c, Time now, Report& report) {
  const crypto::Crl& crl = c.crl->object;
  const auto from = crl.this_update(), until = crl.next_update();
  if (!from || !until) return (void)report.fail(kSnpCrlFresh, "the CRL has no readable thisUpdate and nextUpdate");
  const bool fresh = *from <= now && now < *until;
  auto& r = report.judge(kSnpCrlFresh, fresh,
                         now < *from ? "the CRL is from the future: check the clock"
                                     : "the CRL has expired: let the network be used, or give a newer one with --collateral-dir");
  r.expected = "from " + rfc3339(*from) + " until before " + rfc3339(*until);
  r.actual = rfc3339(now);
}

// Revoked once is revoked: every list that the ARK signed counts, also an older one, so that a peer cannot choose.
void check_not_revoked(const CheckSpec& spec, const CaLink& link, const SnpCase& c, Report& report) {
  if (!link.present()) {
    if (c.bare()) return (void)report.skip(spec, "there is no such certificate to judge");
    return (void)report.error(spec, link.missing);
  }
  const std::string serial = link.serial_hex();
  if (const auto entry = find_revoked(c.signed_crls, serial)) {
    auto& r = report.fail(spec, link.label() + " was revoked" + (entry->date ? " on " + rfc3339(*entry->date) : "") +
                                    "; AMD issues a new one, with which endorsement certificates must be fetched again");
    r.expected = "serial not listed";
    r.actual = "serial 0x" + serial + " listed";
    return;
  }
  if (!c.crl_usable) return (void)report.error(spec, "the CRL is not usable, see the snp-crl checks");
  auto& r = report.pass(spec);
  r.expected = "serial not listed";
  r.actual = "serial 0x" + serial + " not among " + std::to_string(c.crl->object.revoked().size());
}

void all_others(Report& report, Outcome outcome, const std::string& why) {
  for (const CheckSpec* spec : kAfterAvailable) report.add(*spec, outcome, why);
}

}  // namespace

void choose_crl(SnpCase& c, const Supply& supply, const Context& context) {
  const bool asked_for = context.policy.crl != policy::CrlMode::off || (c.bare() && !supply.crls.empty());
  if (!asked_for) return;
  if (!c.ark.present()) {
    if (!supply.crls.empty()) c.crl = supply.crls.front();
    c.crl_missing = "without the ARK no CRL can be judged";
    return;
  }
  std::vector<SuppliedCrl> candidates = supply.crls;
  std::vector<CollateralMiss> misses;
  const auto line = ca_from_subject_cn(c.ark.subject_cn());
  const CollateralQuery query{
      CollateralKind::amd_crl, line ? line->second : snp::ProductLine::unknown, {}, {}, c.ask.role == CaRole::asvk};
  const bool judge_itself = c.bare() && !supply.crls.empty();  // the file is the object: no other list may stand in for it
  if (!judge_itself && line) {
    CollateralAnswer local = context.collateral.find_local(query);
    for (SuppliedCrl& crl : sort_items(local.items).crls) candidates.push_back(std::move(crl));
    misses = std::move(local.misses);
  }
  const auto roots = line ? context.trust.find(CaRole::ark, line->second) : std::vector<const CaKey*>{};
  drop_of_extra_root(candidates, authority_of(c.ark), roots);
  pick_crl(c, candidates, context.now);
  if (!c.crl_usable && !judge_itself && line && context.collateral.has_network() && !is_worth_a_question(c, context.trust)) {
    misses.push_back({CollateralSource::network, CollateralMiss::Why::offline, "the evidence's own chain or signature does not hold"});
  } else if (!c.crl_usable && !judge_itself && line) {
    CollateralAnswer fetched = context.collateral.find_network(query);
    std::vector<SuppliedCrl> from_network = sort_items(fetched.items).crls;
    misses.insert(misses.end(), fetched.misses.begin(), fetched.misses.end());
    candidates.insert(candidates.end(), from_network.begin(), from_network.end());
    drop_of_extra_root(candidates, authority_of(c.ark), roots);
    pick_crl(c, candidates, context.now);
  }
  if (c.crl) return;
  const std::string sources = describe(misses);
  c.crl_missing = "no CRL came with the evidence" + (sources.empty() ? "" : "; " + sources) +
                  ". Next: let the network be used, or give AMD's CRL with --collateral-dir";
}

void check_snp_crl(const SnpCase& c, const Context& context, Report& report) {
  const bool judge_itself = c.bare() && c.crl;
  if (context.policy.crl == policy::CrlMode::off && !judge_itself) {
    report.skip(kSnpCrlAvailable, "revocation is switched off (--crl off)");
    all_others(report, Outcome::skip, "revocation is switched off (--crl off)");
    report.add_not_proven("Revocation was not checked: AMD may have revoked a certificate of this chain.");
    return;
  }
  if (!c.crl) {
    const bool optional = context.policy.crl == policy::CrlMode::if_available;
    report.add(kSnpCrlAvailable, optional ? Outcome::warn : Outcome::error, c.crl_missing);
    all_others(report, optional ? Outcome::skip : Outcome::error, "no CRL is available");
    if (optional)
      report.add_not_proven(
          "Revocation was not checked, since no CRL was available: AMD may have revoked a certificate of this chain.");
    return;
  }
  if (!c.ark.present()) {
    report.pass(kSnpCrlAvailable);
    all_others(report, Outcome::error, c.ark.missing);
    return;
  }
  const std::string critical = critical_extension(c.crl->object);
  if (!critical.empty())
    report.error(kSnpCrlAvailable, "the CRL has the critical extension " + critical +
                                       ", which may limit what it covers; give a plain one with --collateral-dir");
  else
    report.pass(kSnpCrlAvailable).actual =
        std::string(collateral_source_name(c.crl->source)) + (c.crl->origin.empty() ? "" : ": " + c.crl->origin);
  check_issuer(c, report);
  check_signature(c, report);
  check_fresh(c, context.now, report);
  check_not_revoked(kSnpAskNotRevoked, c.ask, c, report);
  check_not_revoked(kSnpArkNotRevoked, c.ark, c, report);
}

}  // namespace atls::evidence
