// Which certificates an Intel quote is judged by, each in its role whatever the order. Choosing decides nothing about trust: what was
// chosen is then judged as it is.
#include <algorithm>

#include "evidence/intel_case.hpp"
#include "evidence/intel_keys.hpp"
#include "evidence/memo.hpp"
#include "evidence/snp_case.hpp"

namespace atls::evidence {
namespace {

using Certificates = std::vector<SuppliedCertificate>;

void append_all(Certificates& to, const Certificates& from) { to.insert(to.end(), from.begin(), from.end()); }

Certificates of_kind(const Certificates& list, CollateralKind kind) {
  Certificates out;
  std::copy_if(list.begin(), list.end(), std::back_inserter(out), [&](const SuppliedCertificate& x) { return x.kind == kind; });
  return out;
}

bool signed_the_qe_report(const SuppliedCertificate& pck, const IntelCase& c) {
  return is_p256_signature(c.quote->qe_report.raw, c.quote->qe_report_signature, pck.object.spki());
}

// Of several leaves the one whose key signed the report of the quoting enclave; without such a one the first.
std::optional<SuppliedCertificate> pick_pck(const Certificates& candidates, const IntelCase& c) {
  if (candidates.empty()) return std::nullopt;
  if (candidates.size() > 1 && !c.bare())
    for (const SuppliedCertificate& candidate : candidates)
      if (signed_the_qe_report(candidate, c)) return candidate;
  return candidates.front();
}

// A certificate of another platform says nothing about this quote. What ties one to it is the key that signed, or the PPID where the
// quote names it in the clear; without one, that it came with the quote, whose sender says that it is the one.
bool is_candidate_pck(const SuppliedCertificate& pck, bool came_with_it, const IntelCase& c) {
  if (signed_the_qe_report(pck, c)) return true;
  constexpr std::uint16_t kPpidInTheClear = 1;
  if (c.quote->certification.type != kPpidInTheClear) return came_with_it;
  const auto ppid = intel::parse_ppid_data(c.quote->certification);
  if (!ppid) return came_with_it;
  const crypto::Extension* e = pck.object.extension(intel::kPckExtensionOid);
  if (e == nullptr) return false;
  const auto facts = intel::parse_pck_extension(e->value);
  return facts && equal(facts->ppid, ppid->ppid);
}

// The issuer of `child`: one that signed it, else one of that name.
std::optional<SuppliedCertificate> pick_issuer(const Certificates& candidates, const crypto::Certificate& child) {
  const SuppliedCertificate* named = nullptr;
  for (const SuppliedCertificate& candidate : candidates) {
    if (candidate.object.subject_der() != child.issuer_der()) continue;
    if (is_signed_by(child, candidate.object.spki())) return candidate;
    // Built in is the simulated platform's: to evidence that it did not sign it is nothing, and without --trust-simulated not there.
    if (named == nullptr && candidate.source != CollateralSource::builtin) named = &candidate;
  }
  return named == nullptr ? std::nullopt : std::optional(*named);
}

bool names_processor_ca(const std::string& cn) { return cn.find("Processor") != std::string::npos; }

Certificates local(CollateralKind kind, bool processor_ca, const Context& context, std::vector<CollateralMiss>* misses = nullptr) {
  CollateralQuery query{.kind = kind};
  query.processor_ca = processor_ca;
  CollateralAnswer answer = context.collateral.find_local(query);
  const IntelSupply nearby = sort_intel_items(answer.items);
  if (misses != nullptr) misses->insert(misses->end(), answer.misses.begin(), answer.misses.end());
  return kind == CollateralKind::intel_pck ? nearby.pcks : kind == CollateralKind::intel_pck_ca ? nearby.cas : nearby.roots;
}

void choose_pck(IntelCase& c, const IntelSupply& supply, const Context& context) {
  Certificates candidates = of_kind(c.chain, CollateralKind::intel_pck);
  std::vector<CollateralMiss> misses;
  std::size_t others = 0;
  const auto take = [&](const Certificates& from, bool came_with_it) {
    for (const SuppliedCertificate& pck : from) {
      if (c.bare() || is_candidate_pck(pck, came_with_it, c)) candidates.push_back(pck);
      else ++others;
    }
  };
  if (!c.own_chain && candidates.empty()) take(supply.pcks, true);   // type 4 has a leaf of its own, which no other replaces
  if (candidates.empty() && !c.bare() && !c.own_chain) take(local(CollateralKind::intel_pck, false, context, &misses), false);
  c.pck = pick_pck(candidates, c);
  if (c.pck || c.bare()) return;
  if (c.own_chain) {
    c.pck_missing = "the certification data of the quote holds no PCK certificate" + (c.chain_error.empty() ? "" : ": " + c.chain_error);
    return;
  }
  const std::string sources = describe(misses), type(intel::certification_type_name(c.quote->certification.type));
  c.pck_missing = "the quote names its platform" + (type.empty() ? "" : " (" + type + ")") + " and carries no PCK certificate" +
                  (others == 0 ? "" : "; " + std::to_string(others) + (others == 1 ? " certificate" : " certificates") + " looked at, none has the key that signed the report of its quoting enclave") + (sources.empty() ? "" : "; " + sources) +
                  ". Next: give the PCK certificate and its chain with --collateral-dir";
}

void choose_ca(IntelCase& c, const IntelSupply& supply, const Context& context) {
  const Certificates own = of_kind(c.chain, CollateralKind::intel_pck_ca);
  if (!c.pck) {
    if (!own.empty()) c.ca = own.front();
    else if (!supply.cas.empty()) c.ca = supply.cas.front();
    else if (c.bare() && !supply.crls.empty()) {   // whose list is it?
      const crypto::Crl& crl = supply.crls.front().object;
      for (const SuppliedCertificate& ca : local(CollateralKind::intel_pck_ca, names_processor_ca(crl.issuer_cn()), context))
        if (!c.ca && ca.object.subject_der() == crl.issuer_der() && (ca.source != CollateralSource::builtin || is_signed_by(crl, ca.object.spki()))) c.ca = ca;
    }
    return;
  }
  const crypto::Certificate& pck = c.pck->object;
  c.ca = pick_issuer(own, pck);
  if (!c.ca && !own.empty()) c.ca = own.front();   // of another name: the checks will say so
  if (!c.ca) c.ca = pick_issuer(supply.cas, pck);
  if (!c.ca) c.ca = pick_issuer(local(CollateralKind::intel_pck_ca, names_processor_ca(pck.issuer_cn()), context), pck);
}

// A root certificate that came along is judged as it is. Without one: the trusted key that signed the CA, then a certificate from
// nearby that did, then a trusted key anyway, so that the signature check fails on a fact.
void choose_root(IntelCase& c, const IntelSupply& supply, const Context& context) {
  const crypto::Certificate* child = c.ca ? &c.ca->object : c.tcb_signer ? &c.tcb_signer->object : nullptr;
  const auto keys = context.trust.find(CaRole::intel_root, snp::ProductLine::unknown);
  Certificates own = of_kind(c.chain, CollateralKind::intel_root);
  if (c.bare()) append_all(own, supply.roots);
  if (!own.empty()) {
    c.root = child != nullptr ? pick_issuer(own, *child) : std::nullopt;
    if (!c.root) c.root = own.front();
    return;
  }
  for (const CaKey* key : keys)
    if (child != nullptr && is_signed_by(*child, key->spki)) {
      c.root_key = key;
      return;
    }
  if (child != nullptr) {
    Certificates nearby = supply.roots;
    append_all(nearby, local(CollateralKind::intel_root, false, context));
    for (const SuppliedCertificate& root : nearby)
      if (root.object.subject_der() == child->issuer_der() && is_signed_by(*child, root.object.spki())) {
        c.root = root;
        return;
      }
  }
  for (const SuppliedCrl& crl : supply.crls)   // bare: whose list is it?
    for (const CaKey* key : keys)
      if (c.bare() && child == nullptr && c.root_key == nullptr && is_signed_by(crl.object, key->spki)) c.root_key = key;
  if (c.root_key == nullptr && !keys.empty()) c.root_key = keys.front();
}

void read_extension(IntelCase& c) {
  if (!c.pck) return;
  const crypto::Extension* found = nullptr;
  for (const crypto::Extension& e : c.pck->object.extensions()) {
    if (e.oid != intel::kPckExtensionOid) continue;
    if (found != nullptr) {
      c.extension_error = "the SGX extension occurs twice";
      return;
    }
    found = &e;
  }
  if (found == nullptr) {
    c.extension_error = "the certificate has no SGX extension (" + std::string(intel::kPckExtensionOid) + ")";
    return;
  }
  auto extension = intel::parse_pck_extension(found->value);
  if (extension)
    c.extension = *std::move(extension);
  else
    c.extension_error = extension.error().message();
}

bool is_in_order(const IntelCase& c) {
  const auto place = [&](const std::optional<SuppliedCertificate>& x) {
    const auto found = std::find_if(c.chain.begin(), c.chain.end(), [&](const SuppliedCertificate& y) { return x && x->object.der() == y.object.der(); });
    return found - c.chain.begin();
  };
  return !c.pck || !c.ca || (place(c.pck) < place(c.ca) && (!c.root || place(c.ca) < place(c.root)));
}

}  // namespace

void choose_pck_chain(IntelCase& c, const IntelSupply& supply, const Context& context) {
  choose_pck(c, supply, context);
  choose_ca(c, supply, context);
  if (c.bare() && !supply.signers.empty()) c.tcb_signer = supply.signers.front();
  choose_root(c, supply, context);
  read_extension(c);
  c.processor_ca = (c.pck && names_processor_ca(c.pck->object.issuer_cn())) || (!c.pck && c.ca && names_processor_ca(c.ca->object.subject_cn()));
  if (c.own_chain) {
    c.own_chain_in_order = is_in_order(c);
    return;
  }
  c.chain.clear();
  for (const auto* x : {&c.pck, &c.ca, &c.root})
    if (*x) c.chain.push_back(**x);
}

}  // namespace atls::evidence
