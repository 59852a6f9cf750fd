// Intel's root key and TCB signing key as constants; evidence/trust.hpp makes a TrustStore of it.
#pragma once

#include <string_view>

#include "evidence/trust.hpp"

namespace atls::evidence {

inline constexpr std::string_view kIntelRootCn = "Intel SGX Root CA", kIntelPlatformCaCn = "Intel SGX PCK Platform CA",
                                  kIntelProcessorCaCn = "Intel SGX PCK Processor CA", kIntelPckCn = "Intel SGX PCK Certificate",
                                  kIntelTcbSignerCn = "Intel SGX TCB Signing";

struct IntelKey {
  std::string_view subject_cn, serial_hex;
  Time not_before, not_after;
  std::string_view spki_sha256, x_hex, y_hex;
};
const IntelKey& intel_root_key();
// Signs TCB info and QE identities. Intel renewed its certificate in 2025 with the same key and serial number; the validity is that of
// both certificates together.
const IntelKey& intel_tcb_signer_key();

// SubjectPublicKeyInfo of a P-256 key.
Buffer p256_spki(Bytes x_y);
// Intel's distinguished name with this CN as RFC 4514 writes it, and as DER (trust.cpp): CN, O, L, ST, C, one attribute per RDN.
std::string intel_name_text(std::string_view cn);
Buffer intel_name_der(std::string_view cn);

}  // namespace atls::evidence
