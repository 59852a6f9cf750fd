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

bool valid_at(const crypto::Certificate& certificate, Time now) {
  return certificate.not_before() && certificate.not_after() && *certificate.not_before() <= now &&
         now <= *certificate.not_after();
}

// What ties a certificate to this report: the kind of key that the report names, the chip, the TCB; and whose key signed it.
struct Fit {
  bool kind = false, signature = false, chip = false, tcb = false, product = false;
  bool tied = false;   // the chip was compared: the report does not mask it, and a VCEK has one
  bool all() const { return kind && chip && tcb; }
  bool exact() const { return all() && product; }
  int rank() const { return kind * 16 + signature * 8 + chip * 4 + tcb * 2 + product; }
};

Fit fit_of(const SuppliedCertificate& vek, const SnpCase& c) {
  const VekFacts facts = vek_facts(vek.object);
  const snp::AttestationReport& r = *c.report;
  Fit fit;
  fit.kind = vek.object.subject_cn() == (r.signing_key_raw() == 1 ? kVlekCn : kVcekCn);
  const Bytes chip = Bytes(r.chip_id).first(std::min(facts.hwid.size(), r.chip_id.size()));
  fit.tied = !facts.is_vlek && !is_zero(r.chip_id);
  fit.chip = !fit.tied || (!facts.hwid.empty() && equal(facts.hwid, chip));
  fit.tcb = facts.tcb && *facts.tcb == r.reported_tcb;
  fit.product = c.product == snp::ProductLine::unknown || facts.product == c.product;
  return fit;
}

constexpr snp::TcbLayout other_layout(snp::TcbLayout layout) { return layout == snp::TcbLayout::turin ? snp::TcbLayout::legacy : snp::TcbLayout::turin; }

// Programs that read a TCB into components and write it out again in the order of the other layout make a report that its signature
// does not cover. Undone, for the certificate that it then fits; the fmc that the legacy order has no room for is the certificate's.
std::optional<snp::AttestationReport> with_tcb_put_back(const SuppliedCertificate& vek, const SnpCase& c) {
  const VekFacts facts = vek_facts(vek.object);
  if (!facts.tcb || facts.is_vlek != (c.report->signing_key_raw() == 1)) return std::nullopt;
  struct Place { snp::TcbVersion snp::AttestationReport::*field; std::ptrdiff_t offset; };
  constexpr Place kPlaces[] = {{&snp::AttestationReport::current_tcb, 0x38}, {&snp::AttestationReport::reported_tcb, 0x180},
                               {&snp::AttestationReport::committed_tcb, 0x1E0}, {&snp::AttestationReport::launch_tcb, 0x1F0}};
  snp::AttestationReport out = *c.report;
  for (const Place& place : kPlaces) {
    snp::TcbVersion tcb;
    for (const snp::TcbComponent component : snp::kTcbComponents) {
      if (!tcb.component(component, facts.layout)) continue;
      const auto value = (out.*place.field).component(component, other_layout(facts.layout));
      tcb.set(component, facts.layout, value ? *value : facts.tcb->component(component, facts.layout).value_or(0));
    }
    out.*place.field = tcb;
    std::copy(tcb.raw.begin(), tcb.raw.end(), out.raw.begin() + place.offset);
  }
  if (out.reported_tcb != *facts.tcb || !verifies_report(vek.object, out)) return std::nullopt;
  return out;
}

// No candidate is a certificate that neither fits nor holds the key that signed the report: it belongs to another one and says nothing
// about this. One that nothing ties to a chip counts unsigned only when it came with the evidence, whose sender says that it is the one.
bool is_candidate(const SuppliedCertificate& vek, const Fit& fit, bool came_with_it, const SnpCase& c) {
  return (fit.all() && (fit.tied || came_with_it)) || verifies_report(vek.object, *c.report) || with_tcb_put_back(vek, c);
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

// "is of chip 8d46a1b2c3d4e5f6..., TCB bootloader 4, ...": a Turin chip id has 8 bytes, the others 64.
std::string wanted_text(const SnpCase& c) {
  const Bytes chip(c.report->chip_id);
  const bool masked = is_zero(chip), turin = c.product == snp::ProductLine::turin || (c.product == snp::ProductLine::unknown && !masked && is_zero(chip.subspan(8)));
  std::string out = c.report->signing_key_raw() == 1 ? "is a VLEK for " : masked ? "is a VCEK for " : "is of chip " + hex(chip.first(8)) + (turin ? ", " : "..., ");
  return out + "TCB " + c.report->reported_tcb.text(turin ? snp::TcbLayout::turin : snp::TcbLayout::legacy);
}

class VekSearch {
 public:
  VekSearch(SnpCase& c, const Context& context) : c_(c), context_(context) {}

  // What came with the evidence, then directories and cache, then AMD: each when nothing before it gave a candidate.
  void run(const std::vector<SuppliedCertificate>& supplied) {
    for (const SuppliedCertificate& vek : supplied) consider(vek, true);
    if (!candidates_.empty()) {
      if (std::none_of(candidates_.begin(), candidates_.end(), [](const Candidate& x) { return x.fit.exact(); })) add_local_exact();
      return;
    }
    const auto lines = c_.product == snp::ProductLine::unknown ? std::vector<snp::ProductLine>(std::begin(kLines), std::end(kLines)) : std::vector{c_.product};
    for (const snp::ProductLine line : lines) take(context_.collateral.find_local(vek_query(c_, line)));
    const bool can_ask = c_.report->signing_key_raw() == 0 && !is_zero(c_.report->chip_id);
    for (const snp::ProductLine line : lines)
      if (candidates_.empty() && can_ask) take(context_.collateral.find_network(vek_query(c_, line)));
  }

  // The best of several: right kind first, then one whose key signed the report, then chip, TCB, product, and valid now: AMD issues
  // certificates of one key again. The first of equals.
  void choose() {
    const Candidate* best = nullptr;
    int best_rank = -1;
    for (Candidate& x : candidates_) {
      if (candidates_.size() > 1) x.fit.signature = x.fit.kind && verifies_report(x.vek.object, *c_.report);
      const int rank = x.fit.rank() * 2 + valid_at(x.vek.object, context_.now);
      if (rank > best_rank) best = &x, best_rank = rank;
    }
    if (best == nullptr) return (void)(c_.vek_missing += missing());
    c_.vek = best->vek;
    c_.tcb_put_back = !best->fit.all() && !verifies_report(best->vek.object, *c_.report);   // or it were no candidate
  }

 private:
  struct Candidate { SuppliedCertificate vek; Fit fit; };
  static constexpr std::size_t kMaxTried = 64;

  void consider(const SuppliedCertificate& vek, bool came_with_it) {
    const Fit fit = fit_of(vek, c_);
    ++looked_at_;
    // A directory offers hundreds of other chips: those of this chip come first, and a signature is tried under so many keys only.
    const bool may_try = came_with_it || tried_ < kMaxTried;
    if (may_try ? is_candidate(vek, fit, came_with_it, c_) : fit.all() && fit.tied) candidates_.push_back({vek, fit});
    else untied_ += fit.all();
    tried_ += !(fit.all() && fit.tied);
  }

  void take(CollateralAnswer answer) {
    for (const SuppliedCertificate& vek : sort_items(answer.items).veks) consider(vek, false);
    append(misses_, std::move(answer.misses));
  }

  // The peer sent a certificate whose key signed the report, and that is for another chip or TCB. One from the user's own directory or
  // cache may fit; the network is not asked, since a peer that sends the wrong certificate is worth knowing about.
  void add_local_exact() {
    const CollateralAnswer local = context_.collateral.find_local(vek_query(c_, c_.product));
    for (SuppliedCertificate& vek : sort_items(local.items).veks)
      if (const Fit fit = fit_of(vek, c_); fit.exact() && verifies_report(vek.object, *c_.report)) candidates_.push_back({std::move(vek), fit});
  }

  std::string missing() const {
    const std::string kind = c_.report->signing_key_raw() == 1 ? "VLEK" : "VCEK", sources = describe(misses_);
    std::string out = std::to_string(looked_at_) + (looked_at_ == 1 ? " certificate" : " certificates") + " looked at, none ";
    if (looked_at_ == 0) out = "no " + kind + " came with the evidence";
    else if (untied_ == 0) out += wanted_text(c_) + ", and none has the key that signed the report";
    else out += "has the key that signed the report; " + std::to_string(untied_) + " for its TCB: of another owner or chip, or the report was altered";
    return out + (sources.empty() ? "" : "; " + sources) + ". Next: " + next_step(c_);
  }

  SnpCase& c_;
  const Context& context_;
  std::vector<Candidate> candidates_;
  std::vector<CollateralMiss> misses_;
  std::size_t looked_at_ = 0, tried_ = 0, untied_ = 0;   // untied: for this TCB, and nothing else says that it belongs to the report
};

// ---- authorities ----

// Of the certificates with this subject: one that signed the child and is valid first, then one that signed it, then any.
const SuppliedCertificate* pick(const std::vector<SuppliedCertificate>& list, const Buffer& subject,
                                const crypto::Certificate* child, Time now) {
  const SuppliedCertificate* best = nullptr;
  int best_rank = -1;
  for (const SuppliedCertificate& candidate : list) {
    if (candidate.object.subject_der() != subject) continue;
    const bool signed_it = child != nullptr && is_signed_by(*child, candidate.object.spki());
    // Built in is the simulated platform's: to evidence that it did not sign it is nothing, and without --trust-simulated not there.
    if (candidate.source == CollateralSource::builtin && !signed_it) continue;
    const int rank = signed_it * 2 + valid_at(candidate.object, now);
    if (rank <= best_rank) continue;
    best = &candidate;
    best_rank = rank;
  }
  return best;
}

// The trusted key that signed the child, or that certified the key below it (`below`). Without one any of that name, so that the
// signature check fails on a fact; but not a simulated one that stands beside others: an extra root changes no verdict.
const CaKey* pick_builtin(const TrustStore& trust, CaRole role, snp::ProductLine line, const crypto::Certificate* child, const CaKey* below) {
  const auto keys = trust.find(role, line);
  for (const CaKey* key : keys)
    if ((child != nullptr && is_signed_by(*child, key->spki)) || (below != nullptr && below->root_spki_sha256 == key->spki_sha256)) return key;
  const bool only_simulated = std::all_of(trust.keys().begin(), trust.keys().end(), [](const CaKey& key) { return key.simulated; });
  for (const CaKey* key : keys)
    if (only_simulated || !key->simulated) return key;
  return nullptr;
}

// Supplied certificates are judged as they are. Without one: the built-in key when it signed the child, a local certificate that
// did, the built-in key anyway (so that the signature check fails on a fact), and the network only when there is no such key.
void choose_link(CaLink& link, const std::vector<SuppliedCertificate>& supplied, const Buffer& subject, snp::ProductLine line,
                 const crypto::Certificate* child, const CaKey* below, const Context& context) {
  if (const auto* found = pick(supplied, subject, child, context.now)) {
    link.certificate = *found;
    return;
  }
  if (!supplied.empty() && child != nullptr) {  // of another name: the issuer check will say so
    link.certificate = supplied.front();
    return;
  }
  link.builtin = pick_builtin(context.trust, link.role, line, child, below);
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

bool is_candidate_vek(const SuppliedCertificate& vek, const SnpCase& c) { return is_candidate(vek, fit_of(vek, c), true, c); }

void choose_vek(SnpCase& c, const Supply& supply, const Context& context) {
  if (c.bare()) {
    if (!supply.veks.empty()) c.vek = supply.veks.front();
  } else {
    for (const std::string& sentence : supply.undecodable) c.vek_missing += sentence + "; ";
    VekSearch search(c, context);
    search.run(supply.veks);
    search.choose();
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
    choose_link(c.ask, supply.asks, vek->issuer_der(), line, vek, nullptr, context);
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
  if (ask == nullptr && !supply.arks.empty()) {
    const auto* found = pick(supply.arks, subject, nullptr, context.now);
    for (const SuppliedCertificate& ark : supply.arks)   // the root of the built-in ASK, not only one of its name
      if (c.ask.builtin != nullptr && ark.object.spki_sha256() == c.ask.builtin->root_spki_sha256) found = &ark;
    c.ark.certificate = found != nullptr ? *found : supply.arks.front();
  } else if (!c.bare() && !c.ask.present()) {
    c.ark.missing = c.ask.missing;  // which of several built-in roots it would be is not known
  } else {
    choose_link(c.ark, supply.arks, subject, line, ask, c.ask.builtin, context);
    if (c.bare() && ask == nullptr && c.vek == std::nullopt && !supply.crls.empty())   // whose list is it?
      for (const CaKey* key : context.trust.find(CaRole::ark, line))
        if (!c.ark.certificate && is_signed_by(supply.crls.front().object, key->spki)) c.ark.builtin = key;
  }
}

}  // namespace atls::evidence
