#include "report/render.hpp"

namespace atls {
namespace {

struct CodePoint { std::uint32_t value; std::size_t size; };   // size 0: not UTF-8 here

// RFC 3629: shortest form, no surrogates, at most U+10FFFF.
CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {0, 0};
  std::uint32_t value = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 0};
    value = value << 6 | (byte(i) & 0x3F);
  }
  const std::uint32_t least = size == 4 ? 0x10000 : size == 3 ? 0x800 : 0x80;
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {0, 0};
  return {value, size};
}

// Characters that move the cursor, start escape sequences, or change the order or visibility of what is read.
bool is_deceptive(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c & 0xFFFE) == 0xFFFE || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

}  // namespace

std::string escape_control(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = decode(text);
    const std::size_t size = c.size == 0 ? 1 : c.size;
    if (c.size != 0 && !is_deceptive(c.value)) {
      out += text.substr(0, size);
    } else {
      for (const char b : text.substr(0, size)) {
        out += "\\x";
        out += kHex[static_cast<unsigned char>(b) >> 4];
        out += kHex[static_cast<unsigned char>(b) & 15];
      }
    }
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace atls
