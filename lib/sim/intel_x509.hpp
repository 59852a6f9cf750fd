// Certificates and CRLs with the profile of Intel's SGX authorities: distinguished names, order of extensions, P-256 with SHA-256.
// Intel SGX PCK Certificate and Certificate Revocation List Profile Specification.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sim/x509_parts.hpp"

namespace atls::sim {

// The authorities of the simulated Intel platform. Their private keys follow from their names: fixed, and public by design. Nothing
// that they sign is trusted without --trust-simulated. `foreign`: a second set that no trust store knows, under the same names.
enum class IntelCa { root, platform, processor, tcb_signer };
std::string_view intel_common_name(IntelCa ca);          // "Intel SGX Root CA"
crypto::PkeyPtr intel_ca_key(IntelCa ca, bool foreign = false);

inline constexpr std::string_view kPckCommonName = "Intel SGX PCK Certificate";
inline constexpr std::string_view kIntelRootCrlUrl = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
std::string pck_crl_url(bool processor);

// Simulated objects are told by their first bytes, "SIM": serial number and key identifier are these and a digest of the key.
inline constexpr std::array<std::uint8_t, 3> kSimulatedMark{0x53, 0x49, 0x4D};
Buffer marked_key_id(EVP_PKEY* key);                     // 20 bytes

enum class IntelUse { root, ca, tcb_signer, pck };
struct IntelCertRequest {
  std::string_view common_name;
  IntelUse use;
  EVP_PKEY* key;                   // subject
  EVP_PKEY* issuer_key;
  X509* issuer = nullptr;          // nullptr: self-signed
  Validity validity = kCaValidity;
  std::string crl_url = std::string(kIntelRootCrlUrl);
  Buffer sgx_extension;            // PCK certificates; empty: none
  std::string_view organization = "Intel Corporation";   // of the subject
};
crypto::X509Ptr make_intel_certificate(const IntelCertRequest& request);
// One of the authorities with its own key, signed by the root of its set; `root` is that certificate, nullptr for the root itself.
crypto::X509Ptr make_intel_ca(IntelCa ca, X509* root = nullptr, bool foreign = false);

struct IntelCrlRequest {
  X509* issuer;
  EVP_PKEY* key;
  Validity updates = kCaValidity;
  std::vector<Buffer> revoked;     // serial numbers
  long number = 1;
};
Buffer make_intel_crl(const IntelCrlRequest& request);

}  // namespace atls::sim
