#include "report/text_layout.hpp"

#include <algorithm>

namespace atls::text {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Bytes of the first `n` code points.
std::size_t prefix_bytes(std::string_view text, std::size_t n) {
  std::size_t i = 0;
  while (i < text.size() && n > 0) {
    ++i;
    while (i < text.size() && continues(text[i])) ++i;
    --n;
  }
  return i;
}

}  // namespace

std::size_t columns(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return !continues(c); }));
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 16);
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (!line.empty() && columns(line) + 1 + columns(word) > width) {
      while (!line.empty() && line.back() == ' ') line.pop_back();
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty()) line += ' ';
    while (columns(word) > width) {
      // Hex is cut between rows of 16 bytes, so that it can be compared by eye with a hex dump.
      const std::size_t n = prefix_bytes(word, is_hex(word) && width >= 32 ? width / 32 * 32 : width);
      lines.emplace_back(word.substr(0, n));
      word.remove_prefix(n);
    }
    line += word;
  }
  if (!line.empty() || lines.empty()) lines.push_back(std::move(line));
  return lines;
}

void append_labelled(std::string& out, std::size_t indent, std::string_view label, std::size_t label_width, std::string_view text, std::size_t width) {
  const std::size_t column = indent + label_width + 2;
  bool first = true;
  while (first || !text.empty()) {
    const std::size_t end = text.find('\n');
    for (const std::string& line : wrapped(text.substr(0, end), width > column ? width - column : 0)) {
      if (first) out += std::string(indent, ' ') + padded(label, label_width) + "  " + line + '\n';
      else out += std::string(column, ' ') + line + '\n';
      first = false;
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

bool is_hex(std::string_view text) {
  return text.size() >= 16 && text.size() % 2 == 0 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string elided(std::string_view text, std::size_t max_digits) {
  if (text.size() <= max_digits || !is_hex(text)) return std::string(text);
  return std::string(text.substr(0, 32)) + "..." + std::string(text.substr(text.size() - 16)) + " (" + std::to_string(text.size() / 2) + " bytes)";
}

std::string painted(std::string_view text, Color color, bool on) {
  if (!on || color == Color::none) return std::string(text);
  const char* code = "";
  switch (color) {
    case Color::none: break;
    case Color::bold: code = "\033[1m"; break;
    case Color::dim: code = "\033[2m"; break;
    case Color::red: code = "\033[1;31m"; break;
    case Color::green: code = "\033[1;32m"; break;
    case Color::yellow: code = "\033[1;33m"; break;
    case Color::cyan: code = "\033[36m"; break;
  }
  return code + std::string(text) + "\033[0m";
}

}  // namespace atls::text
