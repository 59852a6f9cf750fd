// Hexadecimal text. Output is lower case. Input is strict: even length, digits only, no "0x", no white space.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

std::string hex(Bytes bytes);
int hex_digit(char c);                                    // 0 to 15; -1: not a digit
std::string hex_number(std::uint64_t value, int digits = 1);   // "0x1f"; `digits`: at least that many
Result<Buffer> from_hex(std::string_view text);                                   // any length, also empty
Result<Buffer> from_hex_of_size(std::string_view text, std::size_t size, std::string_view what);  // exact byte length

}  // namespace atls
