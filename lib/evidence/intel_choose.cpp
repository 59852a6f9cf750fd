// Which revocation lists and signed documents an Intel quote is judged by: of each the newest valid one of handshake, bundle,
// directories and cache, so that a peer cannot choose an older one; the network is asked when none is usable.
#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/hex.hpp"
#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "evidence/crl_choice.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/intel_keys.hpp"
#include "evidence/memo.hpp"
#include "evidence/snp_case.hpp"

namespace atls::evidence {
namespace {

void append_misses(std::vector<CollateralMiss>& to, const std::vector<CollateralMiss>& from) { to.insert(to.end(), from.begin(), from.end()); }

std::string missing_text(const std::string& what, const IntelSupply& supply, const std::vector<CollateralMiss>& misses, const std::string& next) {
  const std::string sources = describe(misses);
  std::string damaged;
  for (const std::string& sentence : supply.undecodable) damaged += sentence + "; ";
  return damaged + "no " + what + " came with the evidence" + (sources.empty() ? "" : "; " + sources) + ". Next: let the network be used, or give " + next + " with --collateral-dir";
}

// ---- revocation lists ----

struct CrlPlace {
  std::optional<SuppliedCrl>& crl;
  bool& usable;
  std::vector<SuppliedCrl>& signed_ones;
  std::string& missing;
};

void choose_one(const CrlPlace& place, const CrlAuthority& authority, const Buffer& other_subject, const CollateralQuery& query, const IntelCase& c,
                const IntelSupply& supply, const Context& context) {
  const auto is_about = [&](const SuppliedCrl& crl) {   // by issuer; one of a strange issuer by what it was called
    return crl.object.issuer_der() == authority.subject_der || (crl.kind == query.kind && crl.object.issuer_der() != other_subject);
  };
  std::vector<SuppliedCrl> candidates;
  const auto take = [&](const std::vector<SuppliedCrl>& from) { std::copy_if(from.begin(), from.end(), std::back_inserter(candidates), is_about); };
  take(supply.crls);
  const bool judge_itself = c.bare() && !supply.crls.empty();   // the file is the object: no other list may stand in for it
  std::vector<CollateralMiss> misses;
  if (!judge_itself) {
    const CollateralAnswer nearby = context.collateral.find_local(query);
    take(sort_intel_items(nearby.items).crls);
    append_misses(misses, nearby.misses);
  }
  const auto roots = context.trust.find(CaRole::intel_root, snp::ProductLine::unknown);
  drop_of_extra_root(candidates, authority, roots);
  CrlChoice choice = pick_crl(candidates, authority, context.now);
  if (!choice.usable && !judge_itself && !c.why_not_asked.empty()) {
    misses.push_back({CollateralSource::network, CollateralMiss::Why::offline, c.why_not_asked});
  } else if (!choice.usable && !judge_itself) {
    const CollateralAnswer fetched = context.collateral.find_network(query);
    take(sort_intel_items(fetched.items).crls);
    append_misses(misses, fetched.misses);
    drop_of_extra_root(candidates, authority, roots);
    choice = pick_crl(candidates, authority, context.now);
  }
  place.crl = std::move(choice.crl);
  place.usable = choice.usable;
  place.signed_ones = std::move(choice.signed_ones);
  if (place.crl) {
    const CrlJudgement j = judge_crl(place.crl->object, authority, context.now);
    const auto until = place.crl->object.next_update();
    if (context.policy.allow_expired_collateral && j.issuer && j.is_signed && j.whole && until && context.now > *until) place.usable = true;
    return;
  }
  place.missing = missing_text(query.kind == CollateralKind::intel_root_crl ? "CRL of the root" : "CRL of the PCK CA", supply, misses, "Intel's CRLs");
}

// ---- signed documents ----

Result<std::shared_ptr<const intel::TcbInfo>> decode_document(const CollateralItem& item, const intel::TcbInfo*) { return decode_tcb_info(item.data); }
Result<std::shared_ptr<const intel::QeIdentity>> decode_document(const CollateralItem& item, const intel::QeIdentity*) { return decode_qe_identity(item.data); }

bool is_about(const intel::TcbInfo& info, const IntelCase& c) {
  return info.id == (c.is_tdx() ? "TDX" : "SGX") && (!c.extension || lower(info.fmspc) == hex(c.extension->fmspc));
}
bool is_about(const intel::QeIdentity& identity, const IntelCase& c) { return identity.id == (c.is_tdx() ? "TD_QE" : "QE"); }

template <class Document>
struct Candidate {
  SuppliedDocument<Document> document;
  bool fits = false, current = false, own = false;   // own: its chain ends in the root that the quote's does
  bool usable() const { return document.document && fits && document.is_signed && own && current; }
  // While there is one of the quote's own root, one of another is none. PCS hands out older evaluations on request, with fresh dates:
  // the number counts before the date.
  auto rank() const {
    const Document* d = document.document.get();
    return std::tuple(usable(), own, fits, document.is_signed, current, d != nullptr, d != nullptr ? d->evaluation_number : 0u,
                      d != nullptr ? parse_rfc3339(d->issue_date).value_or(Time{}) : Time{});
  }
};

// Intel has one signer, renewed with the same key. Those that lead to the quote's own root (of a bare file: to a trusted one) come first, and of
// the others a few are tried, to say whose a document is: every one costs a signature for each document that has no chain of its own.
constexpr std::size_t kMaxSignersTried = 8;

std::vector<SuppliedCertificate> worth_trying(const std::vector<SuppliedCertificate>& signers, const IntelCase& c, const Context& context) {
  const auto keys = context.trust.find(CaRole::intel_root, snp::ProductLine::unknown);
  const Buffer own_root = c.root_spki();
  std::vector<SuppliedCertificate> of_root, others;
  for (const SuppliedCertificate& signer : signers) {
    const bool leads = c.bare() ? std::any_of(keys.begin(), keys.end(), [&](const CaKey* key) { return is_signed_by(signer.object, key->spki); })
                                : !own_root.empty() && is_signed_by(signer.object, own_root);
    auto& list = leads ? of_root : others;
    if (list.size() < kMaxSignersTried) list.push_back(signer);
  }
  std::move(others.begin(), others.end(), std::back_inserter(of_root));
  return of_root;
}

// Signers that could belong to a document without a chain of its own.
std::vector<SuppliedCertificate> signers_nearby(const IntelSupply& supply, const IntelCase& c, const Context& context) {
  std::vector<SuppliedCertificate> out = supply.signers;
  const CollateralAnswer nearby = context.collateral.find_local({.kind = CollateralKind::intel_tcb_signer});
  const IntelSupply sorted = sort_intel_items(nearby.items);
  out.insert(out.end(), sorted.signers.begin(), sorted.signers.end());
  return worth_trying(out, c, context);
}

// Looked for at the first document without a chain of its own, then kept: every question costs a signature for each signer.
using Signers = std::optional<std::vector<SuppliedCertificate>>;

// The certificate that signed a document without a chain, else the built-in key that did, else what there is to explain by. Intel
// renewed its signer with the same key: one that is valid now counts before one that is not; one of the quote's own root before both.
template <class Document, class Signs>
void find_signer(SuppliedDocument<Document>& d, const IntelCase& c, const IntelSupply& supply, Signers& nearby, const Context& context, const Signs& signs) {
  if (!nearby) nearby = signers_nearby(supply, c, context);
  const auto& signers = *nearby;
  const auto is_own = [&](const crypto::Certificate& x) { return c.bare() || is_signed_by(x, c.root_spki()); };
  const auto is_valid = [&](const crypto::Certificate& x) { return x.not_before() && x.not_after() && *x.not_before() <= context.now && context.now <= *x.not_after(); };
  const SuppliedCertificate* best = nullptr;
  bool best_signs = false;
  int best_rank = -1;
  for (const SuppliedCertificate& signer : signers) {
    const bool made_it = signs(signer.object), own = is_own(signer.object);
    if (signer.source == CollateralSource::builtin && !(made_it && own)) continue;   // there for the sake of another root
    if (const int rank = made_it * 4 + own * 2 + is_valid(signer.object); rank > best_rank) best = &signer, best_rank = rank, best_signs = made_it;
  }
  if (!best_signs && (best == nullptr || supply.signers.empty())) {   // a signer that came along is judged as it is
    const CaKey* key = nullptr;
    for (const CaKey* one : context.trust.find(CaRole::intel_tcb_signer, snp::ProductLine::unknown))
      if (d.document && is_p256_signature(d.document->signed_bytes, d.document->signature, one->spki)) key = one;
    d.signer_key = key;
    d.is_signed = key != nullptr;
    if (d.is_signed) return;
  }
  if (best == nullptr) {
    d.chain_error = "its signer did not come along. Next: give Intel's TCB signing certificate with --collateral-dir";
    return;
  }
  d.chain.push_back(best->object);
  for (const SuppliedCertificate& root : supply.roots)
    if (d.chain.size() == 1 && root.object.subject_der() == best->object.issuer_der() && is_signed_by(best->object, root.object.spki())) d.chain.push_back(root.object);
}

template <class Document>
void take_chain(SuppliedDocument<Document>& d, const CollateralItem& item, const IntelCase& c, const IntelSupply& supply, Signers& nearby, const Context& context) {
  for (const Buffer& der : item.issuer_chain) {
    auto certificate = decode_certificate(der);
    if (!certificate) {
      d.chain_error = "a certificate of its issuer chain does not decode: " + certificate.error().message();
      d.chain.clear();
      return;
    }
    d.chain.push_back(*std::move(certificate));
  }
  // By role: the signer, then the root.
  std::stable_partition(d.chain.begin(), d.chain.end(), [](const crypto::Certificate& x) { return x.subject_der() != x.issuer_der(); });
  const auto signs = [&](const crypto::Certificate& signer) { return d.document && is_p256_signature(d.document->signed_bytes, d.document->signature, signer.spki()); };
  if (item.issuer_chain.empty()) find_signer(d, c, supply, nearby, context, signs);
  if (d.chain.empty()) return;
  d.is_signed = signs(d.chain.front());
  if (d.chain.size() > 1) return;
  // The quote's own root first: several trusted roots may have certified one signer.
  const auto keys = context.trust.find(CaRole::intel_root, snp::ProductLine::unknown);
  for (const bool own : {true, false})
    for (const CaKey* key : keys)
      if (d.root_key == nullptr && (!own || c.is_own_root(key->spki)) && is_signed_by(d.chain.front(), key->spki)) d.root_key = key;
  if (d.root_key == nullptr && !keys.empty()) d.root_key = keys.front();
}

// Whether the chain of a document ends in the root that the quote's chain ends in; of a bare document: in a trusted one.
template <class Document>
bool ends_in_own_root(const SuppliedDocument<Document>& d, const IntelCase& c, const Context& context) {
  if (d.signer_key != nullptr) return c.bare() || d.signer_key->root_spki_sha256 == hex(crypto::sha256(c.root_spki()));
  if (d.chain.empty()) return false;
  const Buffer root = d.chain.size() > 1 ? d.chain.back().spki() : d.root_key != nullptr ? d.root_key->spki : Buffer{};
  if (!is_signed_by(d.chain.front(), root)) return false;
  if (!c.bare()) return c.is_own_root(root);
  const CaKey* key = d.chain.size() > 1 ? context.trust.find_spki(d.chain.back().spki_sha256()) : d.root_key;
  return key != nullptr && key->role == CaRole::intel_root;
}

template <class Document>
Candidate<Document> judge(const CollateralItem& item, const IntelCase& c, const IntelSupply& supply, Signers& nearby, const Context& context) {
  Candidate<Document> out;
  SuppliedDocument<Document>& d = out.document;
  d.kind = item.kind;
  d.source = item.source;
  d.origin = item.origin;
  d.data = item.data;
  auto decoded = decode_document(item, static_cast<const Document*>(nullptr));
  if (decoded)
    d.document = *std::move(decoded);
  else
    d.error = decoded.error().message();
  take_chain(d, item, c, supply, nearby, context);
  d.own_root = ends_in_own_root(d, c, context);
  out.own = d.own_root;
  if (!d.document) return out;
  out.fits = c.bare() || is_about(*d.document, c);
  const auto from = parse_rfc3339(d.document->issue_date), until = parse_rfc3339(d.document->next_update);
  out.current = from && until && *from <= context.now && context.now <= *until;
  return out;
}

// Found under a trusted root that is not the quote's: in the simulated platform's built-in collateral, or at a service of that root.
// Were that root not trusted, it would not be here.
template <class Document>
bool is_of_extra_root(const Candidate<Document>& candidate, const IntelCase& c, const Context& context) {
  const SuppliedDocument<Document>& d = candidate.document;
  if (candidate.own) return false;
  if (d.source == CollateralSource::builtin) return true;
  if (d.source != CollateralSource::network || d.chain.empty()) return false;
  const auto is_trusted_root = [](const CaKey* key) { return key != nullptr && key->role == CaRole::intel_root; };
  return is_trusted_root(context.trust.find_spki(hex(crypto::sha256(c.root_spki())))) &&
         is_trusted_root(d.chain.size() > 1 ? context.trust.find_spki(d.chain.back().spki_sha256()) : d.root_key);
}

template <class Document>
void choose_document(std::optional<SuppliedDocument<Document>>& place, std::string& missing, const std::vector<const CollateralItem*>& supplied, CollateralKind kind,
                     IntelCase& c, const IntelSupply& supply, const Context& context) {
  std::optional<Candidate<Document>> best;
  Signers nearby;
  std::optional<SuppliedDocument<Document>> highest;   // Intel signed it for this platform: its number was reached, whatever became of it
  const auto consider = [&](const CollateralItem& item, const IntelSupply& beside) {
    auto candidate = judge<Document>(item, c, beside, nearby, context);
    if (is_of_extra_root(candidate, c, context)) return;
    const Document* d = candidate.document.document.get();
    const bool reached = d != nullptr && candidate.fits && candidate.document.is_signed && candidate.own &&
                         parse_rfc3339(d->issue_date).value_or(Time::max()) <= context.now;
    if (reached && (!highest || d->evaluation_number > highest->document->evaluation_number)) highest = candidate.document;
    if (!best || candidate.rank() > best->rank()) best = std::move(candidate);
  };
  for (const CollateralItem* item : supplied) consider(*item, supply);
  std::vector<CollateralMiss> misses;
  CollateralQuery query{.kind = kind};
  query.tdx = c.is_tdx();
  if (c.extension) query.fmspc = hex(c.extension->fmspc);
  const bool can_ask = !c.bare() && (c.extension || kind != CollateralKind::intel_tcb_info);
  const auto ask = [&](const CollateralAnswer& answer) {
    append_misses(misses, answer.misses);
    for (const CollateralItem& item : answer.items)
      if (item.kind == kind) consider(item, supply);
  };
  if (can_ask) ask(context.collateral.find_local(query));
  if (can_ask && (!best || !best->usable())) {
    if (c.why_not_asked.empty()) ask(context.collateral.find_network(query));
    else misses.push_back({CollateralSource::network, CollateralMiss::Why::offline, c.why_not_asked});
  }
  if (best) {
    place = std::move(best->document);
    if (highest && place->document && !c.bare() && place->document->evaluation_number < highest->document->evaluation_number)
      c.rollbacks.push_back("the " + std::string(collateral_kind_name(kind)) + " in use has evaluation number " + std::to_string(place->document->evaluation_number) + ", and one of number " +
                            std::to_string(highest->document->evaluation_number) + " was seen (" + std::string(collateral_source_name(highest->source)) + (highest->origin.empty() ? "" : ": " + highest->origin) +
                            "): the service has gone back, or somebody keeps the newer one away");
    return;
  }
  const bool tcb_info = kind == CollateralKind::intel_tcb_info;
  missing = tcb_info && !c.extension ? "without the FMSPC of the PCK certificate no TCB info can be asked for"
                                     : missing_text(tcb_info ? "TCB info" : "QE identity", supply, misses, "Intel's TCB info and QE identity");
}

}  // namespace

void choose_intel_crls(IntelCase& c, const IntelSupply& supply, const Context& context) {
  if (context.policy.crl == policy::CrlMode::off && !(c.bare() && !supply.crls.empty())) return;
  constexpr auto scheme = crypto::SignatureScheme::ecdsa_sha256;
  const Buffer root_subject = c.root ? c.root->object.subject_der() : c.ca ? c.ca->object.issuer_der() : intel_name_der(kIntelRootCn);
  const Buffer ca_subject = c.ca ? c.ca->object.subject_der() : c.pck ? c.pck->object.issuer_der() : Buffer{};
  choose_one({c.root_crl, c.root_crl_usable, c.signed_root_crls, c.root_crl_missing}, {root_subject, c.root_spki(), scheme, true}, ca_subject,
             {.kind = CollateralKind::intel_root_crl}, c, supply, context);
  CollateralQuery query{.kind = CollateralKind::intel_pck_crl};
  query.processor_ca = c.processor_ca;
  choose_one({c.pck_crl, c.pck_crl_usable, c.signed_pck_crls, c.pck_crl_missing}, {ca_subject, c.ca ? c.ca->object.spki() : Buffer{}, scheme, true}, root_subject, query, c,
             supply, context);
}

void choose_intel_documents(IntelCase& c, const IntelSupply& supply, const Context& context) {
  choose_document(c.tcb_info, c.tcb_info_missing, supply.tcb_infos, CollateralKind::intel_tcb_info, c, supply, context);
  choose_document(c.qe_identity, c.qe_identity_missing, supply.qe_identities, CollateralKind::intel_qe_identity, c, supply, context);
}

}  // namespace atls::evidence
