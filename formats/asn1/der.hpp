// A bounded reader of DER TLVs, for extension contents and for certificates that OpenSSL refuses. ITU-T X.690.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::asn1 {

inline constexpr std::size_t kMaxDepth = 32;
struct Tlv { std::uint8_t tag = 0; Bytes content; std::size_t header = 0; std::size_t offset = 0; };  // low tag numbers only
Result<Tlv> read(Bytes input, std::size_t offset = 0);        // the TLV at offset; definite, minimal lengths only
Result<Tlv> read_exactly(Bytes input);                        // one TLV and nothing after it
Result<std::uint64_t> unsigned_integer(Bytes input);          // a whole INTEGER TLV, non-negative, minimal, at most 64 bits
Result<std::string> ia5_or_utf8_text(Bytes input);            // a whole IA5String/UTF8String/PrintableString TLV
Result<std::string> oid_text(Bytes contents);                 // OID content octets to dotted text

}  // namespace atls::asn1
