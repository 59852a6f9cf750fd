#include "crypto/key_strength.hpp"

#include <algorithm>

namespace atls::crypto {
namespace {

constexpr int kMinRsaBits = 2048, kMinEcBits = 256;

bool has_word(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

}  // namespace

std::string key_weakness(const Certificate& certificate) {
  const EVP_PKEY* key = certificate.key();
  if (key == nullptr) return "the key of the leaf certificate cannot be read, so its strength is not known";
  const int kind = EVP_PKEY_get_base_id(key), bits = EVP_PKEY_get_bits(key);
  const auto too_short = [&](std::string_view name, int least) {
    return bits >= least ? std::string()
                         : "the key of the leaf certificate is " + std::string(name) + " with " + std::to_string(bits) + " bits, at least " + std::to_string(least) + " are needed: it can be broken";
  };
  switch (kind) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: return too_short("RSA", kMinRsaBits);
    case EVP_PKEY_EC: return too_short("EC", kMinEcBits);
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448: return {};
    default: return "the key of the leaf certificate is of a kind whose strength is not known";
  }
}

std::string cipher_weakness(std::string_view name) {
  if (name.empty()) return {};
  const std::string cipher = "the cipher " + std::string(name);
  if (has_word(name, "NULL")) return cipher + " encrypts nothing";
  if (name.starts_with("ADH-") || name.starts_with("AECDH-") || has_word(name, "_anon_")) return cipher + " authenticates nobody";
  if (name.starts_with("EXP") || has_word(name, "_EXPORT")) return cipher + " was made weak for export";
  for (const std::string_view old : {"RC4", "DES-CBC", "_DES_", "3DES", "PSK", "RC2", "IDEA"})
    if (has_word(name, old)) return cipher + " can be broken, or has a key that is not the certificate's";
  for (const std::string_view fresh : {"ECDHE-", "DHE-", "TLS_ECDHE_", "TLS_DHE_", "TLS_AES_", "TLS_CHACHA20_"})
    if (name.starts_with(fresh)) return {};
  return cipher + " has no fresh key exchange (static RSA): who ever gets the key of the certificate reads the connection";
}

std::string version_weakness(std::string_view version) {
  if (version.empty() || version == "TLSv1.2" || version == "TLSv1.3") return {};
  return "the protocol version " + std::string(version) + " can be broken, TLS 1.2 or 1.3 is needed";
}

// The number in the name is the size of curve or field: secp224r1, ffdhe2048. That of X25519 and X448 is large enough as it stands.
std::string group_weakness(std::string_view name) {
  if (name.empty()) return {};
  int size = 0;
  for (const char c : name) {
    if (c >= '0' && c <= '9') size = std::min(size * 10 + (c - '0'), 100'000);
    else if (size >= 100) break;
    else size = 0;
  }
  const bool is_field = name.starts_with("ffdhe") || name.starts_with("DH") || (name.front() >= '0' && name.front() <= '9');
  const int least = is_field ? kMinRsaBits : kMinEcBits;
  return size >= least ? std::string() : "the key exchange in the group " + std::string(name) + " can be broken, at least " + std::to_string(least) + " bits are needed";
}

}  // namespace atls::crypto
