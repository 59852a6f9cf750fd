// An Intel hierarchy of throw-away keys, quote and collateral under it, with every knob that a wrong one needs. Nothing here is the
// simulator's: what the verifier says must not depend on one producer.
#pragma once

#include <string>
#include <vector>

#include "collateral/collateral.hpp"
#include "evidence/evidence.hpp"
#include "evidence/trust.hpp"
#include "intel/pck.hpp"
#include "intel/quote.hpp"
#include "support/certs.hpp"

namespace atls::test {

class IntelHierarchy {
 public:
  explicit IntelHierarchy(unsigned version = 4);   // 3: SGX; 5: TD 1.5

  // Change these, then ask for the results.
  CertSpec root, ca, pck, signer;
  crypto::PkeyPtr root_key = ec_key("P-256"), ca_key = ec_key("P-256"), pck_key = ec_key("P-256"), signer_key = ec_key("P-256"), attestation_key = ec_key("P-256");
  crypto::PkeyPtr foreign = ec_key("P-256");   // nobody trusts it
  EVP_PKEY *root_signer = nullptr, *ca_signer = nullptr, *pck_signer = nullptr, *tcb_signer = nullptr;   // who signs which certificate; null: as it should be
  EVP_PKEY *root_crl_signer = nullptr, *pck_crl_signer = nullptr, *qe_signer = nullptr, *quote_signer = nullptr, *tcb_info_signer = nullptr, *qe_identity_signer = nullptr;
  bool with_sgx_extension = true;
  intel::PckExtension extension;
  CrlSpec root_crl, pck_crl;
  intel::Quote quote;
  std::array<std::uint8_t, 32> padding{};      // second half of the QE report data
  std::string tcb_info, qe_identity;           // the text that is signed
  std::string tcb_info_sent, qe_identity_sent; // what is sent instead; empty: the same
  std::vector<const char*> chain{"pck", "ca", "root"};
  std::vector<const char*> document_chain{"signer", "root"};

  Buffer certificate(const std::string& role) const;   // "pck", "ca", "root", "signer"
  Buffer root_crl_der() const, pck_crl_der() const;
  CollateralItem tcb_info_item() const, qe_identity_item() const;
  Buffer quote_bytes() const;
  evidence::Evidence evidence() const;
  std::vector<CollateralItem> collateral() const;      // CRLs and documents
  evidence::TrustStore trust() const;                  // the root, and nothing else

 private:
  Buffer sign(EVP_PKEY& key, Bytes message) const;
  CollateralItem document(CollateralKind kind, const std::string& member, const std::string& text, const std::string& sent, EVP_PKEY* key) const;
};

// r || s over SHA-256.
std::array<std::uint8_t, 64> sign_raw(EVP_PKEY& key, Bytes message);

}  // namespace atls::test
