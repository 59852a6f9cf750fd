// Byte spans and owning buffers, the two types every parser and encoder speaks.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace atls {

using Bytes = std::span<const std::uint8_t>;   // borrowed, read-only
using Buffer = std::vector<std::uint8_t>;      // owned

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Buffer to_buffer(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline Buffer to_buffer(std::string_view text) { return to_buffer(as_bytes(text)); }

bool is_all(Bytes bytes, std::uint8_t value);  // true for an empty span
inline bool is_zero(Bytes bytes) { return is_all(bytes, 0); }
bool equal(Bytes a, Bytes b);                  // not constant time: for public values

}  // namespace atls
