// What a party of an attested handshake presents: one leaf certificate per nonce. The honest maker is
// profile::constellation_leaf_maker, sim::faulty_leaf_maker makes the wrong ones.
#pragma once

#include <functional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/openssl.hpp"

namespace atls::channel {

// Called once per handshake with the key of the leaf and the peer's decoded nonce; thread-safe. An error ends the handshake
// with alert 80 (internal_error), as the peers do.
using LeafMaker = std::function<Result<crypto::X509Ptr>(EVP_PKEY& key, Bytes nonce)>;

}  // namespace atls::channel
