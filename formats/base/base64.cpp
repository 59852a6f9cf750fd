#include "base/base64.hpp"

#include <algorithm>
#include <array>

namespace atls {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNoLetter = 0xFF;
constexpr std::array<std::uint8_t, 256> values_of(std::string_view abc) {
  std::array<std::uint8_t, 256> out{};
  out.fill(kNoLetter);
  for (std::size_t i = 0; i < abc.size(); ++i) out[static_cast<std::uint8_t>(abc[i])] = static_cast<std::uint8_t>(i);
  return out;
}
constexpr auto kStandardValues = values_of(kStandard), kUrlValues = values_of(kUrl);

std::string_view letters(Base64 alphabet) { return alphabet == Base64::standard ? kStandard : kUrl; }

}  // namespace

std::string base64(Bytes in, Base64 alphabet) {
  const std::string_view abc = letters(alphabet);
  std::string out;
  out.reserve((in.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < in.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, in.size() - i);
    std::uint32_t group = std::uint32_t{in[i]} << 16;
    if (n > 1) group |= std::uint32_t{in[i + 1]} << 8;
    if (n > 2) group |= in[i + 2];
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= n) out.push_back(abc[group >> (18 - 6 * k) & 63]);
      else if (alphabet == Base64::standard) out.push_back('=');
    }
  }
  return out;
}

Result<Buffer> from_base64(std::string_view text, Base64 alphabet) {
  const auto& values = alphabet == Base64::standard ? kStandardValues : kUrlValues;
  std::string_view body = text;
  if (alphabet == Base64::standard) {
    if (text.size() % 4 != 0) return Error{Errc::bad_value, "base64", "length is not a multiple of 4 (padding missing?)", text.size()};
    if (body.ends_with('=')) body.remove_suffix(1);
    if (body.ends_with('=')) body.remove_suffix(1);
  }
  if (body.size() % 4 == 1) return Error{Errc::bad_value, "base64", "impossible length", body.size()};
  Buffer out;
  out.reserve(body.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const std::uint8_t value = values[static_cast<std::uint8_t>(body[i])];
    if (value == kNoLetter) return Error{Errc::bad_value, "base64", "character outside the alphabet", i};
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> count));
      bits &= (1U << count) - 1;
    }
  }
  if (bits != 0) return Error{Errc::bad_value, "base64", "non-zero bits after the last byte", body.size()};
  return out;
}

}  // namespace atls
