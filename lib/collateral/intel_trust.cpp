// The gate for Intel's objects: what comes from the network must be signed under a trusted root before anybody uses or stores it.
#include "collateral/amd.hpp"
#include "collateral/intel.hpp"
#include "crypto/certificate.hpp"
#include "crypto/ecdsa.hpp"
#include "intel/collateral.hpp"

namespace atls {
namespace {

using crypto::Certificate;

Error refused(const CollateralObject& object, const std::string& why) {
  return {Errc::crypto, "intel.collateral", std::string(collateral_kind_name(object.kind)) + " " + why};
}

const evidence::CaKey* trusted_root_key(const Certificate& cert, const std::vector<const evidence::CaKey*>& roots) {
  for (const evidence::CaKey* key : roots)
    if (key->spki == cert.spki()) return key;
  return nullptr;
}

// Whether one of the root keys signed it.
template <class Signed>
bool signed_by_root(const Signed& object, const std::vector<const evidence::CaKey*>& roots) {
  if (object.signature_scheme() != crypto::SignatureScheme::ecdsa_sha256) return false;
  for (const evidence::CaKey* root : roots) {
    const auto key = crypto::public_key_from_spki(root->spki);
    if (!key) continue;
    const auto valid = object.signed_by(**key);
    if (valid && *valid) return true;
  }
  return false;
}

// The first certificate of the chain that came with the object, when it is what it should be.
Result<Certificate> signer_of(const CollateralObject& object, std::string_view cn, const std::vector<const evidence::CaKey*>& roots) {
  if (object.issuer_chain.empty()) return refused(object, "came without its issuer chain");
  auto cert = Certificate::from_der(object.issuer_chain.front());
  if (!cert) return refused(object, "came with an issuer chain that does not decode: " + cert.error().message());
  if (cert->subject_cn() != cn) return refused(object, "came with the issuer \"" + cert->subject_cn() + "\", expected \"" + std::string(cn) + "\"");
  if (!signed_by_root(*cert, roots)) return refused(object, "has an issuer that is not signed by a trusted root key");
  if (cert->key() == nullptr) return refused(object, "has an issuer whose key cannot be read");
  return cert;
}

Status check_document(const CollateralObject& object, const Certificate& signer) {
  if (!object.flaw.empty()) return refused(object, "cannot be decoded: " + object.flaw);
  Result<bool> valid = false;
  if (object.kind == CollateralKind::intel_tcb_info) {
    const auto document = intel::parse_tcb_info(object.data);
    if (!document) return document.error();
    valid = crypto::verify_ecdsa_p256_sha256(*signer.key(), document->signed_bytes, document->signature);
  } else {
    const auto document = intel::parse_qe_identity(object.data);
    if (!document) return document.error();
    valid = crypto::verify_ecdsa_p256_sha256(*signer.key(), document->signed_bytes, document->signature);
  }
  if (!valid) return valid.error();
  return *valid ? ok() : Status(refused(object, "is not signed by the TCB signer that came with it"));
}

}  // namespace

Status check_intel(const CollateralObject& object, const evidence::TrustStore& trust) {
  const auto roots = trust.find(evidence::CaRole::intel_root, snp::ProductLine::unknown);
  if (roots.empty()) return refused(object, "cannot be checked: no Intel root is trusted");
  const std::string_view ca = object.processor_ca ? kIntelProcessorCaName : kIntelPlatformCaName;
  switch (object.kind) {
    case CollateralKind::intel_tcb_info:
    case CollateralKind::intel_qe_identity: {
      const auto signer = signer_of(object, kIntelTcbSignerName, roots);
      return signer ? check_document(object, *signer) : Status(signer.error());
    }
    case CollateralKind::intel_root_crl: {
      const auto crl = crypto::Crl::from_der(object.data);
      if (!crl) return crl.error();
      return signed_by_root(*crl, roots) ? ok() : Status(refused(object, "is not signed by a trusted root key"));
    }
    case CollateralKind::intel_pck_crl: {
      const auto issuer = signer_of(object, ca, roots);
      if (!issuer) return issuer.error();
      const auto crl = crypto::Crl::from_der(object.data);
      if (!crl) return crl.error();
      if (crl->issuer_der() != issuer->subject_der() || crl->signature_scheme() != crypto::SignatureScheme::ecdsa_sha256) return refused(object, "is not of the CA that came with it");
      const auto valid = crl->signed_by(*issuer->key());
      return valid && *valid ? ok() : Status(refused(object, "is not signed by the CA that came with it"));
    }
    default: break;
  }
  const auto cert = Certificate::from_der(object.data);
  if (!cert) return cert.error();
  if (object.kind == CollateralKind::intel_root) return trusted_root_key(*cert, roots) ? ok() : Status(refused(object, "with key SHA-256 " + cert->spki_sha256() + " is not a trusted root"));
  if (object.kind == CollateralKind::intel_pck) {
    const auto issuer = signer_of(object, ca, roots);
    if (!issuer) return issuer.error();
    const auto valid = cert->signed_by(*issuer->key());
    return valid && *valid ? ok() : Status(refused(object, "is not signed by the CA that came with it"));
  }
  return signed_by_root(*cert, roots) ? ok() : Status(refused(object, "is not signed by a trusted root key"));
}

Status check_trusted(const CollateralObject& object, const evidence::TrustStore& trust) { return is_intel(object.kind) ? check_intel(object, trust) : check_amd(object, trust); }

}  // namespace atls
