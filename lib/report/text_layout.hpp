// Laying out text for people: wrapping, columns, colour. Used by the text renderers only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace atls::text {

std::size_t columns(std::string_view utf8);                        // code points; escape_control() has removed what moves the cursor
std::string padded(std::string_view text, std::size_t width);
// Lines of at most `width` columns, broken at spaces; words longer than a line (hex) are cut. Never empty.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);
// "label  text", continued under the text. `indent` columns before the label, which is padded to `label_width`.
void append_labelled(std::string& out, std::size_t indent, std::string_view label, std::size_t label_width, std::string_view text, std::size_t width);
bool is_hex(std::string_view text);                                // at least 16 digits, even, nothing else
// Long hex as "0123…cdef (48 bytes)"; short hex and other text unchanged.
std::string elided(std::string_view text, std::size_t max_digits);

enum class Color { none, bold, dim, red, green, yellow, cyan };
std::string painted(std::string_view text, Color color, bool on);

}  // namespace atls::text
