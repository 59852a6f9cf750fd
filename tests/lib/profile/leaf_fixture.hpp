// Leaf certificates for the tests of the Constellation profile, made with the P-256 key whose private scalar is 1.
#pragma once

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <stdexcept>
#include <vector>

#include "base/hex.hpp"
#include "profile/constellation.hpp"

namespace atls::tests {

inline constexpr std::string_view kScalarOneSpki =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a"
    "7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
inline const Time kNow = *parse_rfc3339("2026-06-01T12:00:00Z");

inline Buffer unhex(std::string_view text) {
  auto bytes = from_hex(text);
  if (!bytes) throw std::runtime_error("bad hex in a test");
  return *std::move(bytes);
}

inline crypto::PkeyPtr scalar_one_key() {
  const Buffer der = unhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420" + std::string(62, '0') + "01a144034200" +
                           std::string(kScalarOneSpki.substr(52)));
  const unsigned char* p = der.data();
  crypto::PkeyPtr key(d2i_AutoPrivateKey(nullptr, &p, static_cast<long>(der.size())));
  if (!key) throw std::runtime_error("bad key in a test");
  return key;
}

inline profile::constellation::LeafSpec leaf_spec(std::vector<profile::constellation::LeafSpec::Ext> extensions) {
  profile::constellation::LeafSpec spec;
  spec.extensions = std::move(extensions);
  spec.not_before = kNow - std::chrono::hours(2);
  spec.not_after = kNow + std::chrono::hours(2);
  return spec;
}

inline Buffer der_of(X509& leaf) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(&leaf, &der);
  if (size <= 0) throw std::runtime_error("cannot encode a certificate in a test");
  Buffer out(der, der + size);
  OPENSSL_free(der);
  return out;
}

inline Buffer leaf_der(EVP_PKEY& key, const profile::constellation::LeafSpec& spec) {
  const auto leaf = profile::constellation::make_leaf(key, spec);
  if (!leaf) throw std::runtime_error(leaf.error().message());
  return der_of(**leaf);
}

}  // namespace atls::tests
