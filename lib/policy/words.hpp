// Wording of messages about names: lists, and the nearest known name to a misspelt one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace atls::policy {

std::string joined(std::span<const std::string_view> words);          // a, b, c
std::string one_of_words(std::span<const std::string_view> words);    // "a", "b" or "c"
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);  // "; did you mean "x"?" or nothing
bool listed(std::span<const std::string_view> words, std::string_view word);
std::string printable(std::string_view text);                         // control characters as \xNN, at most 80 bytes of it

}  // namespace atls::policy
