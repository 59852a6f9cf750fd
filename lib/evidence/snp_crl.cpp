// Revocation. The ARK signs one list for its ASK and ASVK; endorsement certificates all have serial 0 and cannot be listed: AMD
// supersedes them by TCB (AMD 57230).
#include <algorithm>

#include "evidence/memo.hpp"
#include "evidence/snp_case.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

struct Judgement {
  bool issuer, is_signed, fresh, whole;
  bool usable() const { return issuer && is_signed && fresh && whole; }
};

// A critical extension narrows what a list covers (RFC 5280 5.2.5: only user certificates, only some reasons; 5.2.4: a delta).
std::string critical_extension(const crypto::Crl& crl) {
  for (const crypto::Extension& e : crl.extensions())
    if (e.critical) return e.oid;
  return {};
}

Judgement judge(const crypto::Crl& crl, const CaLink& ark, Time now) {
  Judgement j{};
  j.issuer = crl.issuer_der() == ark.subject_der();
  j.is_signed = crl.signature_scheme() == crypto::SignatureScheme::rsa_pss_sha384 && is_signed_by(crl, ark.spki());
  j.fresh = crl.this_update() && crl.next_update() && *crl.this_update() <= now && now < *crl.next_update();
  j.whole = critical_extension(crl).empty();
  return j;
}

// The newest valid list; without one the best to explain by: signed and stale before unsigned.
void pick(SnpCase& c, const std::vector<SuppliedCrl>& candidates, Time now) {
  int best_rank = -1;
  for (const SuppliedCrl& candidate : candidates) {
    const Judgement j = judge(candidate.object, c.ark, now);
    if (j.issuer && j.is_signed && candidate.object.this_update() <= now) c.signed_crls.push_back(candidate);
    const int rank = j.usable() * 8 + j.is_signed * 4 + j.issuer * 2 + j.fresh;
    const bool newer = rank == best_rank && c.crl && candidate.object.this_update() > c.crl->object.this_update();
    if (rank <= best_rank && !newer) continue;
    c.crl = candidate;
    c.crl_usable = j.usable();
    best_rank = rank;
  }
  std::stable_sort(c.signed_crls.begin(), c.signed_crls.end(),
                   [](const SuppliedCrl& a, const SuppliedCrl& b) { return a.object.this_update() > b.object.this_update(); });
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
  for (const SuppliedCrl& crl : c.signed_crls) {
    for (const crypto::RevokedEntry& entry : crl.object.revoked()) {
      if (entry.serial_hex != serial) continue;
      auto& r = report.fail(spec, link.label() + " was revoked" + (entry.date ? " on " + rfc3339(*entry.date) : "") +
                                      "; AMD issues a new one, with which endorsement certificates must be fetched again");
      r.expected = "serial not listed";
      r.actual = "serial 0x" + serial + " listed";
      return;
    }
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
  pick(c, candidates, context.now);
  if (!c.crl_usable && !judge_itself && line) {
    CollateralAnswer fetched = context.collateral.find_network(query);
    std::vector<SuppliedCrl> from_network = sort_items(fetched.items).crls;
    misses.insert(misses.end(), fetched.misses.begin(), fetched.misses.end());
    candidates.insert(candidates.end(), from_network.begin(), from_network.end());
    c.crl.reset();
    c.signed_crls.clear();
    pick(c, candidates, context.now);
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
