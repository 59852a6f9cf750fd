// Numbers in policy texts and options.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace atls::policy {

std::optional<std::uint64_t> decimal(std::string_view text);             // digits only, no sign, no leading "+"
std::optional<std::uint64_t> hex_number(std::string_view text);          // 1 to 16 digits, "0x" in front is accepted
std::optional<std::vector<std::uint8_t>> dotted(std::string_view text);  // "1.55.29": 1 to 3 numbers 0..255
bool looks_like_time(std::string_view text);                             // date and time with offset, as the schema demands

}  // namespace atls::policy
