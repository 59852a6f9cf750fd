// What the other side of a handshake chose, read from its messages: cipher and signature scheme. OpenSSL refuses what was not offered
// without saying what it was; and what can be broken is never offered.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/openssl.hpp"

namespace atls::channel {

struct HandshakeChoices {
  std::optional<std::uint16_t> cipher, signature;
  void note(Bytes message) noexcept;         // a received handshake message, with its header
  std::string weakness() const;              // as "chose a cipher that ..."; empty: none
};

// What OpenSSL must demand of keys, ciphers and signatures: its level 2 (112 bits) at least, whatever its configuration file says.
int security_level(const SSL_CTX& context);

// Faults of test peers: a channel that can be broken.
struct WeakTls {
  std::function<Result<crypto::PkeyPtr>()> key;   // of the leaf
  std::string ciphers, groups;                    // OpenSSL notation; empty: its choice
  bool only_tls12 = false;
};

}  // namespace atls::channel
