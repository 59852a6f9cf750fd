// Collateral of other programs in one file: JSON, YAML or a memory dump, see intel/bundle.hpp.
#include "collateral/object.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/intel_claims.hpp"
#include "evidence/load_parts.hpp"
#include "evidence/x509_claims.hpp"

namespace atls::evidence::loading {
namespace {

Claim claims_of(const CollateralItem& item) {
  switch (item.kind) {
    case CollateralKind::intel_tcb_info: return tcb_info_claims(item.data);
    case CollateralKind::intel_qe_identity: return qe_identity_claims(item.data);
    case CollateralKind::amd_crl:
    case CollateralKind::intel_root_crl:
    case CollateralKind::intel_pck_crl: return crl_claims(item.data, "crl");
    default: return certificate_claims(item.data, "certificate");
  }
}

}  // namespace

Claim collateral_claim(const CollateralItem& item, std::string meaning) {
  Claim claim("collateral");
  claim.meaning = std::string(collateral_kind_name(item.kind)) + std::move(meaning);
  claim.add(claims_of(item));
  for (const Buffer& der : item.issuer_chain) claim.add(certificate_claims(der, "issuer_chain"));
  return claim;
}

void load_collateral(Loaded& out, Bytes content) {
  out.kind = InputKind::collateral;
  CollateralObjects objects = identify_all(content);
  if (objects.found.empty())
    return set_error(out, {Errc::bad_value, "collateral", objects.rejected.empty() ? "holds nothing that is known" : objects.rejected.front(), 0});
  out.claims.meaning = "collateral, form " + (objects.form.empty() ? std::string("loose objects") : objects.form);
  for (const CollateralObject& object : objects.found) {
    out.collateral.push_back(item_of(object, CollateralSource::bundle, out.name));
    out.claims.add(collateral_claim(out.collateral.back(), object.flaw.empty() ? "" : ", damaged: " + object.flaw));
  }
  for (const std::string& line : objects.rejected) out.claims.add(value_claim("ignored", line));
}

}  // namespace atls::evidence::loading
