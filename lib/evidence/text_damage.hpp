// Binary evidence that some program took for text: what it did to the bytes can be seen, and then the file is broken, not forged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evidence/evidence.hpp"

namespace atls::evidence {

// What was done to the bytes, and what to do; empty when they do not show it. A report or quote holds keys, digests and signatures:
// as random as they are, they are valid UTF-8, or free of bytes above 7F, by chance never.
std::optional<std::string> text_damage(const Evidence& evidence);
// The same for a file of no known kind: binary bytes that are text in some encoding.
std::optional<std::string> text_damage_of_unknown(Bytes content);

// One line feed, or CR and LF: what a transport of text puts behind the bytes. `rest`: all that follows the structure.
bool is_line_end(Bytes rest);
inline constexpr std::string_view kLineEndLeftOut = "one line end follows, which is the transport's: it was left out";

}  // namespace atls::evidence
