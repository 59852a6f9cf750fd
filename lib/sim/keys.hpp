// Keys and bytes that follow from a seed, and ECDSA signatures as raw integers.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/openssl.hpp"

namespace atls::sim {

// HKDF-SHA-256 over the seed with one label per value: changing how one is used changes no other.
Buffer derive(std::string_view seed, std::string_view label, std::size_t size);

template <std::size_t N>
std::array<std::uint8_t, N> derive_array(std::string_view seed, std::string_view label) {
  std::array<std::uint8_t, N> out{};
  const Buffer bytes = derive(seed, label, N);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}
// `given` as it is, when it has the size; otherwise derived.
template <std::size_t N>
Status take_or_derive(const std::optional<Buffer>& given, std::string_view seed, std::string_view label, std::string_view what, std::array<std::uint8_t, N>& out) {
  if (!given) out = derive_array<N>(seed, label);
  else if (given->size() == N) std::copy(given->begin(), given->end(), out.begin());
  else return Error{Errc::bad_value, std::string(what), "expected " + std::to_string(N) + " bytes, found " + std::to_string(given->size())};
  return ok();
}

enum class Curve { p256, p384 };
crypto::PkeyPtr ec_key(Curve curve, Bytes material);   // material: 8 bytes more than the order of the curve, or more
crypto::PkeyPtr derived_ec_key(Curve curve, std::string_view seed, std::string_view label);

crypto::PkeyPtr share_key(EVP_PKEY* key);              // another owner of the same key

struct EcdsaSignature { crypto::BnPtr r, s; };
EcdsaSignature ecdsa_sign(Curve curve, EVP_PKEY* key, Bytes message);   // SHA-256 for P-256, SHA-384 for P-384
std::array<std::uint8_t, 64> raw_p256(const EcdsaSignature& signature); // r and s, big-endian in 32 bytes each
Buffer ec_public_point(EVP_PKEY* key);                                  // X and Y, big-endian, without the leading 04

}  // namespace atls::sim
