// Hexadecimal and base64: accepted text is the only text of its bytes (but for the case of hexadecimal digits).
#include "base/base64.hpp"
#include "base/hex.hpp"
#include "fuzz.hpp"

using namespace atls;

FUZZ(input) {
  const std::string_view text = as_text(input);
  for (const Base64 alphabet : {Base64::standard, Base64::url_unpadded}) {
    if (const auto bytes = from_base64(text, alphabet)) fuzz::require(base64(*bytes, alphabet) == text, "base64 is canonical");
    const auto back = from_base64(base64(input, alphabet), alphabet);
    fuzz::require(back && equal(*back, input), "base64 round trip");
  }
  if (const auto bytes = from_hex(text)) fuzz::require(bytes->size() * 2 == text.size(), "two digits per byte");
  const auto back = from_hex(hex(input));
  fuzz::require(back && equal(*back, input), "hexadecimal round trip");
}
