// Which certificates a case is judged by. Choosing decides nothing about trust: what was chosen is then judged as it is.
#include <algorithm>

#include "base/hex.hpp"
#include "evidence/memo.hpp"
#include "evidence/snp_case.hpp"

namespace atls::evidence {
namespace {

constexpr snp::ProductLine kLines[] = {snp::ProductLine::milan, snp::ProductLine::genoa, snp::ProductLine::turin};

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

// ---- endorsement certificate ----

struct Fit {
  bool kind = false, signature = false, chip = false, tcb = false, product = false;
  bool exact() const { return kind && chip && tcb && product; }
  int rank() const { return kind * 16 + signature * 8 + chip * 4 + tcb * 2 + product; }
};

Fit fit_of(const SuppliedCertificate& vek, const SnpCase& c) {
  const VekFacts facts = vek_facts(vek.object);
  const snp::AttestationReport& r = *c.report;
  Fit fit;
  fit.kind = vek.object.subject_cn() == (r.signing_key_raw() == 1 ? kVlekCn : kVcekCn);
  const Bytes chip = Bytes(r.chip_id).first(std::min(facts.hwid.size(), r.chip_id.size()));
  fit.chip = facts.is_vlek || is_zero(r.chip_id) || (!facts.hwid.empty() && equal(facts.hwid, chip));
  fit.tcb = facts.tcb && *facts.tcb == r.reported_tcb;
  fit.product = c.product == snp::ProductLine::unknown || facts.product == c.product;
  return fit;
}

// The best of several: right kind first, then one whose key signed the report, then chip, TCB, product; the first of equals.
std::optional<SuppliedCertificate> best_vek(const std::vector<SuppliedCertificate>& candidates, const SnpCase& c) {
  if (candidates.empty()) return std::nullopt;
  if (candidates.size() == 1) return candidates.front();
  const SuppliedCertificate* best = nullptr;
  int best_rank = -1;
  for (const SuppliedCertificate& candidate : candidates) {
    Fit fit = fit_of(candidate, c);
    fit.signature = fit.kind && verifies_report(candidate.object, *c.report);
    if (fit.rank() <= best_rank) continue;
    best = &candidate;
    best_rank = fit.rank();
  }
  return *best;
}

bool any_exact(const std::vector<SuppliedCertificate>& candidates, const SnpCase& c) {
  return std::any_of(candidates.begin(), candidates.end(), [&](const SuppliedCertificate& v) { return fit_of(v, c).exact(); });
}

CollateralQuery vek_query(const SnpCase& c, snp::ProductLine product) {
  const bool vlek = c.report->signing_key_raw() == 1;
  return {vlek ? CollateralKind::amd_vlek : CollateralKind::amd_vcek, product, c.report->chip_id, c.report->reported_tcb, vlek};
}

std::string next_step(const SnpCase& c) {
  if (c.report->signing_key_raw() == 1)
    return "only the cloud provider can hand out a VLEK: ask for evidence with its certificate table, or give the VLEK with "
           "--collateral-dir";
  if (is_zero(c.report->chip_id))
    return "the chip id is masked, so AMD cannot be asked: ask for evidence with its certificate table, or give the VCEK with "
           "--collateral-dir";
  return "let the network be used, or give the VCEK with --collateral-dir";
}

void find_vek(SnpCase& c, std::vector<SuppliedCertificate>& candidates, const Context& context) {
  std::vector<CollateralMiss> misses;
  const auto lines = c.product == snp::ProductLine::unknown ? std::vector<snp::ProductLine>(std::begin(kLines), std::end(kLines))
                                                            : std::vector{c.product};
  for (const snp::ProductLine line : lines) {
    CollateralAnswer local = context.collateral.find_local(vek_query(c, line));
    append(candidates, sort_items(local.items).veks);
    append(misses, std::move(local.misses));
  }
  // A certificate for another chip or TCB is worth an explanation, but not worth more than the right one from AMD.
  const bool can_ask = c.report->signing_key_raw() == 0 && !is_zero(c.report->chip_id);
  if (!any_exact(candidates, c) && can_ask) {
    for (const snp::ProductLine line : lines) {
      CollateralAnswer fetched = context.collateral.find_network(vek_query(c, line));
      const bool found = !fetched.items.empty();
      append(candidates, sort_items(fetched.items).veks);
      append(misses, std::move(fetched.misses));
      if (found) break;
    }
  }
  if (!candidates.empty()) return;
  const std::string kind = c.report->signing_key_raw() == 1 ? "VLEK" : "VCEK";
  const std::string sources = describe(misses);
  const std::string undecodable = c.vek_missing.empty() ? "" : c.vek_missing + "; ";
  c.vek_missing = undecodable + "no " + kind + " came with the evidence" + (sources.empty() ? "" : "; " + sources) +
                  ". Next: " + next_step(c);
}

// The peer sent a certificate for another chip or TCB. One from the user's own directory or cache may fit; the network is not
// asked, since a peer that sends the wrong certificate is worth knowing about.
void add_local_exact(const SnpCase& c, std::vector<SuppliedCertificate>& candidates, const Context& context) {
  const CollateralAnswer local = context.collateral.find_local(vek_query(c, c.product));
  for (SuppliedCertificate& vek : sort_items(local.items).veks)
    if (fit_of(vek, c).exact() && verifies_report(vek.object, *c.report)) candidates.push_back(std::move(vek));
}

// ---- authorities ----

bool valid_at(const crypto::Certificate& certificate, Time now) {
  return certificate.not_before() && certificate.not_after() && *certificate.not_before() <= now &&
         now <= *certificate.not_after();
}

// Of the certificates with this subject: one that signed the child and is valid first, then one that signed it, then any.
const SuppliedCertificate* pick(const std::vector<SuppliedCertificate>& list, const Buffer& subject,
                                const crypto::Certificate* child, Time now) {
  const SuppliedCertificate* best = nullptr;
  int best_rank = -1;
  for (const SuppliedCertificate& candidate : list) {
    if (candidate.object.subject_der() != subject) continue;
    const int rank = (child != nullptr && is_signed_by(*child, candidate.object.spki())) * 2 + valid_at(candidate.object, now);
    if (rank <= best_rank) continue;
    best = &candidate;
    best_rank = rank;
  }
  return best;
}

const CaKey* pick_builtin(const TrustStore& trust, CaRole role, snp::ProductLine line, const crypto::Certificate* child,
                          std::optional<bool> simulated) {
  const auto keys = trust.find(role, line);
  for (const CaKey* key : keys)
    if (child != nullptr && is_signed_by(*child, key->spki)) return key;
  for (const CaKey* key : keys)
    if (simulated && key->simulated == *simulated) return key;
  return keys.empty() ? nullptr : keys.front();
}

// Supplied certificates are judged as they are. Without one: the built-in key when it signed the child, a local certificate that
// did, the built-in key anyway (so that the signature check fails on a fact), and the network only when there is no such key.
void choose_link(CaLink& link, const std::vector<SuppliedCertificate>& supplied, const Buffer& subject, snp::ProductLine line,
                 const crypto::Certificate* child, std::optional<bool> simulated, const Context& context) {
  if (const auto* found = pick(supplied, subject, child, context.now)) {
    link.certificate = *found;
    return;
  }
  if (!supplied.empty() && child != nullptr) {  // of another name: the issuer check will say so
    link.certificate = supplied.front();
    return;
  }
  link.builtin = pick_builtin(context.trust, link.role, line, child, simulated);
  if (link.builtin != nullptr && (child == nullptr || is_signed_by(*child, link.builtin->spki))) return;

  const CollateralKind kind = link.role == CaRole::ark   ? CollateralKind::amd_ark
                              : link.role == CaRole::ask ? CollateralKind::amd_ask
                                                         : CollateralKind::amd_asvk;
  const CollateralQuery query{kind, line, {}, {}, link.role == CaRole::asvk};
  CollateralAnswer local = context.collateral.find_local(query);
  const Supply nearby = sort_items(local.items);
  const auto& list = link.role == CaRole::ark ? nearby.arks : nearby.asks;
  if (const auto* found = pick(list, subject, child, context.now);
      found != nullptr && (link.builtin == nullptr || (child != nullptr && is_signed_by(*child, found->object.spki())))) {
    link.certificate = *found;
    link.builtin = nullptr;
    return;
  }
  if (link.builtin != nullptr) return;

  std::vector<CollateralMiss> misses = std::move(local.misses);
  if (line != snp::ProductLine::unknown) {
    CollateralAnswer fetched = context.collateral.find_network(query);
    const Supply from_network = sort_items(fetched.items);
    append(misses, std::move(fetched.misses));
    if (const auto* found = pick(link.role == CaRole::ark ? from_network.arks : from_network.asks, subject, child, context.now)) {
      link.certificate = *found;
      return;
    }
  }
  const std::string sources = describe(misses);
  link.missing = "no " + std::string(ca_role_name(link.role)) + " certificate, and no built-in key of this name" +
                 (sources.empty() ? "" : "; " + sources);
}

}  // namespace

void choose_vek(SnpCase& c, const Supply& supply, const Context& context) {
  if (c.bare()) {
    if (!supply.veks.empty()) c.vek = supply.veks.front();
  } else {
    for (const std::string& sentence : supply.undecodable) c.vek_missing += (c.vek_missing.empty() ? "" : "; ") + sentence;
    std::vector<SuppliedCertificate> candidates = supply.veks;
    if (candidates.empty())
      find_vek(c, candidates, context);
    else if (!any_exact(candidates, c))
      add_local_exact(c, candidates, context);
    c.vek = best_vek(candidates, c);
  }
  if (!c.vek) return;
  c.vek_missing.clear();
  c.facts = vek_facts(c.vek->object);
  if (c.product != snp::ProductLine::unknown || (c.report && c.report->version >= 3)) return;
  c.product = c.facts.product;
  c.product_from = "productName of the endorsement certificate";
}

void choose_authorities(SnpCase& c, const Supply& supply, const Context& context) {
  const crypto::Certificate* vek = c.vek ? &c.vek->object : nullptr;
  snp::ProductLine line = c.product;
  if (vek != nullptr) {
    const auto issuer = ca_from_subject_cn(vek->issuer_cn());
    if (issuer) line = issuer->second;
    c.ask.role = (issuer && issuer->first == CaRole::asvk) || (!issuer && c.facts.is_vlek) ? CaRole::asvk : CaRole::ask;
    choose_link(c.ask, supply.asks, vek->issuer_der(), line, vek, std::nullopt, context);
  } else if (!supply.asks.empty()) {
    c.ask.certificate = supply.asks.front();
    if (const auto role = ca_from_subject_cn(supply.asks.front().object.subject_cn()); role && role->first != CaRole::ark)
      c.ask.role = role->first, line = role->second;
  } else {
    c.ask.role = c.report && c.report->signing_key_raw() == 1 ? CaRole::asvk : CaRole::ask;
    c.ask.missing = "no endorsement certificate names its signer, see snp-vek-present";
  }

  c.ark.role = CaRole::ark;
  const crypto::Certificate* ask = c.ask.certificate ? &c.ask.certificate->object : nullptr;
  Buffer subject = ask != nullptr ? ask->issuer_der() : Buffer{};
  if (ask != nullptr) {
    if (const auto issuer = ca_from_subject_cn(ask->issuer_cn()); issuer && issuer->first == CaRole::ark) line = issuer->second;
  } else if (c.bare() && c.vek == std::nullopt) {
    if (!supply.arks.empty())
      subject = supply.arks.front().object.subject_der();
    else if (!supply.crls.empty())
      subject = supply.crls.front().object.issuer_der();
    for (const snp::ProductLine candidate : kLines)
      if (subject == amd_name_der(ca_subject_cn(CaRole::ark, candidate))) line = candidate;
  }
  if (subject.empty() && line != snp::ProductLine::unknown) subject = amd_name_der(ca_subject_cn(CaRole::ark, line));
  const std::optional<bool> simulated = c.ask.builtin != nullptr ? std::optional(c.ask.builtin->simulated) : std::nullopt;
  if (ask == nullptr && !supply.arks.empty()) {
    const auto* found = pick(supply.arks, subject, nullptr, context.now);
    c.ark.certificate = found != nullptr ? *found : supply.arks.front();
  } else if (!c.bare() && !c.ask.present()) {
    c.ark.missing = c.ask.missing;  // which of several built-in roots it would be is not known
  } else {
    choose_link(c.ark, supply.arks, subject, line, ask, simulated, context);
  }
}

}  // namespace atls::evidence
