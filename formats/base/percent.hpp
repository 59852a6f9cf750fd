// Percent-encoding of text, RFC 3986 section 2.1: the form in which Intel's services send PEM in a header line.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

std::string percent_encode(std::string_view text);               // every byte outside A-Z a-z 0-9 - . _ ~
// '+' is a plus, never a space. Errc::bad_value for a '%' without two hexadecimal digits.
Result<std::string> percent_decode(std::string_view text);

}  // namespace atls
