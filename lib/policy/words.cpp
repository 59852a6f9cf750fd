#include "policy/words.hpp"

#include <algorithm>
#include <vector>

namespace atls::policy {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

std::string one_of_words(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += '"';
    out += words[i];
    out += '"';
  }
  return out;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t kLongest = 64;   // longer words are not misspellings, and the distance is quadratic
  if (word.size() > kLongest) return {};
  std::string_view best;
  std::size_t distance = std::max<std::size_t>(2, word.size() / 4) + 1;
  for (const std::string_view name : known)
    if (const std::size_t d = edit_distance(word, name); d < distance) {
      distance = d;
      best = name;
    }
  return best.empty() ? std::string() : "; did you mean \"" + std::string(best) + "\"?";
}

bool listed(std::span<const std::string_view> words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

std::string printable(std::string_view text) {
  constexpr std::size_t kShown = 80;
  std::string out;
  for (const char c : text.substr(0, kShown)) {
    if (const auto byte = static_cast<unsigned char>(c); byte >= 0x20 && byte != 0x7F) out += c;
    else out += {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  }
  if (text.size() > kShown) out += "...";
  return out;
}

}  // namespace atls::policy
