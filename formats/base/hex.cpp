#include "base/hex.hpp"

namespace atls {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string hex_number(std::uint64_t value, int digits) {
  std::string out;
  for (; value != 0 || digits > 0; value >>= 4, --digits) out.insert(out.begin(), "0123456789abcdef"[value & 15]);
  return "0x" + out;
}

std::string hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

Result<Buffer> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return Error{Errc::bad_value, "hex", "odd number of digits", text.size()};
  Buffer out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return Error{Errc::bad_value, "hex", "not a hexadecimal digit", high < 0 ? i : i + 1};
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return out;
}

Result<Buffer> from_hex_of_size(std::string_view text, std::size_t size, std::string_view what) {
  auto out = from_hex(text);
  if (!out) return Error{out.error().code, std::string(what), out.error().detail, out.error().offset};
  if (out->size() != size)
    return Error{Errc::bad_value, std::string(what),
                 "expected " + std::to_string(size) + " bytes (" + std::to_string(2 * size) + " hexadecimal digits), got " +
                     std::to_string(out->size()) + " bytes", 0};
  return out;
}

}  // namespace atls
