// Certificates and CRLs made on the fly for tests, with every knob a wrong one needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/openssl.hpp"
#include "report/model.hpp"

namespace atls::test {

crypto::PkeyPtr rsa_key(int bits = 2048);
crypto::PkeyPtr ec_key(const char* curve = "P-384");
Buffer spki_of(EVP_PKEY& key);

enum class Sign { pss_sha384, pss_sha256, pkcs1_sha256, ecdsa, ecdsa_sha256 };
struct TestExtension { std::string oid; Buffer value; bool critical = false; };

struct CertSpec {
  Buffer subject, issuer;                    // DER names; see name()
  std::string serial_hex = "01";
  Time not_before{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}}, not_after{std::chrono::sys_days{std::chrono::year{2044} / 1 / 1}};
  std::vector<TestExtension> extensions;
  bool ca = false;                           // adds basicConstraints CA:TRUE and keyUsage keyCertSign, cRLSign
  int version = 3;
  Sign sign = Sign::pss_sha384;
};
struct CrlSpec {
  Buffer issuer;
  Time this_update{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}}, next_update{std::chrono::sys_days{std::chrono::year{2044} / 1 / 1}};
  std::vector<std::string> revoked;          // serials, hex
  std::vector<TestExtension> extensions;
  Sign sign = Sign::pss_sha384;
};

Buffer name(const std::string& cn);          // one RDN: CN, UTF8String
Buffer make_certificate(const CertSpec& spec, EVP_PKEY& key, EVP_PKEY& issuer_key);
Buffer make_crl(const CrlSpec& spec, EVP_PKEY& issuer_key);
Buffer der_integer(unsigned value);          // a whole INTEGER TLV, 0..255
Buffer der_text(std::uint8_t tag, std::string_view text);   // 0x16 IA5String, 0x04 OCTET STRING; at most 127 bytes

}  // namespace atls::test
