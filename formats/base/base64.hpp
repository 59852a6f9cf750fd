// Base64, RFC 4648 section 4 (standard) and section 5 (url). Strict: canonical padding and zero trailing bits are
// required, white space is refused. Callers that read text files strip white space first, explicitly.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

enum class Base64 { standard, url_unpadded };

std::string base64(Bytes bytes, Base64 alphabet = Base64::standard);
Result<Buffer> from_base64(std::string_view text, Base64 alphabet = Base64::standard);

}  // namespace atls
