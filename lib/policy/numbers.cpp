#include "policy/numbers.hpp"

#include <charconv>

namespace atls::policy {
namespace {

std::optional<std::uint64_t> whole_number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

bool all_digits(std::string_view text) {
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return !text.empty();
}

}  // namespace

std::optional<std::uint64_t> decimal(std::string_view text) {
  if (!all_digits(text)) return {};
  return whole_number(text, 10);
}

std::optional<std::uint64_t> hex_number(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  if (text.size() > 16 || text.starts_with('-')) return {};
  return whole_number(text, 16);
}

std::optional<std::vector<std::uint8_t>> dotted(std::string_view text) {
  std::vector<std::uint8_t> out;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    const auto value = part.size() > 3 ? std::nullopt : decimal(part);
    if (!value || *value > 255 || (part.size() > 1 && part[0] == '0') || out.size() == 3) return {};
    out.push_back(static_cast<std::uint8_t>(*value));
    if (dot == std::string_view::npos) return out;
    text.remove_prefix(dot + 1);
  }
}

bool looks_like_time(std::string_view text) {
  constexpr std::string_view kPattern = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kPattern.size()) return false;
  for (std::size_t i = 0; i < kPattern.size(); ++i)
    if (kPattern[i] == 'd' ? !all_digits(text.substr(i, 1)) : text[i] != kPattern[i]) return false;
  const std::string_view zone = text.substr(kPattern.size());
  if (zone == "Z") return true;
  return zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':' && all_digits(zone.substr(1, 2)) && all_digits(zone.substr(4, 2));
}

}  // namespace atls::policy
