#include <array>
#include <charconv>
#include <cstdio>

#include "report/model.hpp"

namespace atls {
namespace {

// Exactly `digits` decimal digits at `pos`; nothing else, no sign.
std::optional<int> number(std::string_view text, std::size_t pos, std::size_t digits) {
  if (pos + digits > text.size()) return {};
  int value = 0;
  for (std::size_t i = pos; i < pos + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "Z", "+hh:mm" or "-hh:mm" as seconds east of UTC.
std::optional<std::chrono::seconds> zone(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::seconds{0};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return {};
  const auto hours = number(text, 1, 2), minutes = number(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return {};
  const std::chrono::seconds east = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return text[0] == '+' ? east : -east;
}

}  // namespace

std::string rfc3339(Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return out.data();
}

// RFC 3339 section 5.6. A fraction of a second is read and dropped; leap seconds are refused (certificates never use them).
std::optional<Time> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto y = number(text, 0, 4), m = number(text, 5, 2), d = number(text, 8, 2);
  if (!y || !m || !d || text[4] != '-' || text[7] != '-') return {};
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return {};
  const Time midnight = sys_days{date};
  if (text.size() == 10) return midnight;

  const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
  if (!hour || !minute || !second || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') return {};
  if (*hour > 23 || *minute > 59 || *second > 59) return {};
  std::size_t pos = 19;
  if (pos < text.size() && text[pos] == '.') {
    const std::size_t first = ++pos;
    while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') ++pos;
    if (pos == first) return {};
  }
  const auto east = zone(text.substr(pos));
  if (!east) return {};
  return midnight + hours{*hour} + minutes{*minute} + seconds{*second} - *east;
}

}  // namespace atls
