// Digests and random bytes.
#pragma once

#include "base/bytes.hpp"

namespace atls::crypto {

Buffer sha256(Bytes data);
Buffer sha384(Bytes data);
Buffer sha512(Bytes data);
Buffer sha1(Bytes data);                               // event logs of old TPMs only
Buffer sm3(Bytes data);                                // event logs only; empty when this OpenSSL has none
Buffer sha256_of(std::initializer_list<Bytes> parts);   // over the concatenation
Buffer random_bytes(std::size_t n);                     // throws std::runtime_error when the generator fails
Buffer hkdf_sha256(Bytes secret, std::string_view info, std::size_t n);   // RFC 5869 with an empty salt

}  // namespace atls::crypto
