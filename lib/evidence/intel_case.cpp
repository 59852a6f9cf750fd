// Decodes what came with an Intel quote, and sorts it by what it claims to be.
#include "evidence/intel_case.hpp"

#include <algorithm>

#include "evidence/certification_chain.hpp"
#include "evidence/intel_keys.hpp"
#include "evidence/load.hpp"
#include "evidence/memo.hpp"

namespace atls::evidence {
namespace {

// Where certificates inside the evidence came from, in the words of the report.
// What a certificate is, whatever it was called when it was handed over. Names are no trust: this only says what it will be judged as.
CollateralKind pck_kind(const crypto::Certificate& x) {
  if (x.extension(intel::kPckExtensionOid) != nullptr || x.subject_cn() == kIntelPckCn) return CollateralKind::intel_pck;
  if (x.subject_der() == x.issuer_der()) return CollateralKind::intel_root;
  if (x.subject_cn() == kIntelTcbSignerCn) return CollateralKind::intel_tcb_signer;
  return x.is_ca() ? CollateralKind::intel_pck_ca : CollateralKind::intel_pck;
}

void sort_certificate(Bytes der, const CollateralItem& item, const std::string& name, bool of_issuer_chain, IntelSupply& out) {
  auto certificate = decode_certificate(der);
  if (auto crl = certificate ? Result<crypto::Crl>(Error{}) : decode_crl(der)) {   // revoked once is revoked, whatever the list was called
    out.crls.push_back({*std::move(crl), crl_kind(der), item.source, item.origin});
    return;
  }
  if (!certificate) {
    out.undecodable.push_back(name + " does not decode: " + certificate.error().message());
    return;
  }
  const CollateralKind kind = pck_kind(*certificate);
  if (kind == CollateralKind::intel_pck && of_issuer_chain) return;   // signs nothing
  auto& list = kind == CollateralKind::intel_pck      ? out.pcks
               : kind == CollateralKind::intel_pck_ca ? out.cas
               : kind == CollateralKind::intel_root   ? out.roots
                                                      : out.signers;
  list.push_back({*std::move(certificate), kind, item.source, item.origin});
}

void decode_own_chain(IntelCase& c) {
  const intel::CertificationData& data = c.quote->certification;
  if (data.type != intel::kPckCleartext && data.type != intel::kPckCertChain) return;
  c.own_chain = data.type == intel::kPckCertChain;
  const SplitChain split = split_chain(data.data);
  c.chain_error = split.error;
  for (const Buffer& der : split.certificates) {
    auto certificate = decode_certificate(der);
    if (!certificate) {
      if (c.chain_error.empty()) c.chain_error = "certificate " + std::to_string(c.chain.size() + 1) + " does not decode: " + certificate.error().message();
      continue;
    }
    const CollateralKind kind = pck_kind(*certificate);
    c.chain.push_back({*std::move(certificate), kind, supplied_by(*c.evidence), "certification data of the quote"});
  }
  c.own_chain_text = split.text;
  // Type 4 is the leaf alone: what else stands in it belongs to no role, and another leaf must not take the place of the quote's own.
  const bool one_leaf = split.certificates.size() == 1 && (c.chain.empty() || c.chain.front().kind == CollateralKind::intel_pck);
  if (!c.own_chain && !one_leaf && c.chain_error.empty())
    c.chain_error = "certification data of type 4 is one PCK certificate; this holds " + std::to_string(split.certificates.size()) + (split.certificates.size() == 1 ? ", which is none" : "");
}

void choose_objects(IntelCase& c, const IntelSupply& supply, const Context& context) {
  choose_pck_chain(c, supply, context);
  if (!c.bare() && context.collateral.has_network()) c.why_not_asked = fault_of_intel_evidence(c, context.trust);
  choose_intel_documents(c, supply, context);
  choose_intel_crls(c, supply, context);
}

}  // namespace

IntelSupply sort_intel_items(const std::vector<CollateralItem>& items) {
  IntelSupply out;
  for (const CollateralItem& item : items) {
    const std::string name = item.origin.empty() ? std::string(collateral_kind_name(item.kind)) : item.origin;
    switch (item.kind) {
      case CollateralKind::intel_pck:
      case CollateralKind::intel_pck_ca:
      case CollateralKind::intel_root:
      case CollateralKind::intel_tcb_signer:
        sort_certificate(item.data, item, name, false, out);
        break;
      case CollateralKind::intel_root_crl:
      case CollateralKind::intel_pck_crl: {
        auto crl = decode_crl(item.data);
        if (crl)
          out.crls.push_back({*std::move(crl), item.kind, item.source, item.origin});
        else
          out.undecodable.push_back(name + " does not decode: " + crl.error().message());
        break;
      }
      case CollateralKind::intel_tcb_info:
        out.tcb_infos.push_back(&item);
        break;
      case CollateralKind::intel_qe_identity:
        out.qe_identities.push_back(&item);
        break;
      default:
        continue;   // another vendor's
    }
    for (const Buffer& der : item.issuer_chain) sort_certificate(der, item, "issuer chain of " + name, true, out);
  }
  return out;
}

IntelCase make_intel_case(const Evidence& evidence, const std::vector<CollateralItem>& with_it, const Context& context) {
  IntelCase c;
  c.evidence = &evidence;
  auto quote = intel::parse_quote(evidence.data);
  if (!quote) {
    c.quote_error = quote.error();
    return c;
  }
  c.quote = *std::move(quote);
  decode_own_chain(c);
  std::vector<CollateralItem> items = evidence.endorsements;
  items.insert(items.end(), with_it.begin(), with_it.end());
  const IntelSupply supply = sort_intel_items(items);
  choose_objects(c, supply, context);
  return c;
}

IntelCase make_bare_intel_case(const std::vector<CollateralItem>& items, const Context& context) {
  IntelCase c;
  const IntelSupply supply = sort_intel_items(items);
  if (!supply.undecodable.empty()) c.chain_error = supply.undecodable.front();
  choose_objects(c, supply, context);
  return c;
}

Buffer IntelCase::root_spki() const { return root ? root->object.spki() : root_key != nullptr ? root_key->spki : Buffer{}; }

}  // namespace atls::evidence
