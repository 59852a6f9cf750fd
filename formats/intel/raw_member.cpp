// Finds a member's exact bytes. The signature of a PCS document covers them as they were sent.
#include "intel/collateral.hpp"

namespace atls::intel {
namespace {

constexpr std::size_t kMaxNesting = 64;
using Found = std::optional<std::size_t>;   // the index behind what was read

class Scanner {
 public:
  explicit Scanner(Bytes text) : text_(text) {}

  std::size_t space(std::size_t at) const {
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\r' || text_[at] == '\n')) ++at;
    return at;
  }
  bool is(std::size_t at, char c) const { return at < text_.size() && text_[at] == static_cast<std::uint8_t>(c); }

  Found string(std::size_t at) const {
    if (!is(at, '"')) return std::nullopt;
    for (++at; at < text_.size(); ++at) {
      if (text_[at] == '\\') ++at;
      else if (text_[at] == '"') return at + 1;
    }
    return std::nullopt;
  }
  Found value(std::size_t at) const {
    if (is(at, '"')) return string(at);
    std::size_t depth = 0;
    for (const std::size_t begin = at; at < text_.size();) {
      const std::uint8_t c = text_[at];
      if (c == '"') {
        const Found end = string(at);
        if (!end) return std::nullopt;
        at = *end;
        continue;
      }
      if (c == '{' || c == '[') {
        if (++depth > kMaxNesting) return std::nullopt;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return at > begin ? Found(at) : std::nullopt;   // of the object around a plain value
        if (--depth == 0) return at + 1;
      } else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
        return at > begin ? Found(at) : std::nullopt;
      }
      ++at;
    }
    return std::nullopt;
  }

 private:
  Bytes text_;
};

}  // namespace

Result<Bytes> raw_member(Bytes json, std::string_view name) {
  const Scanner scan(json);
  const auto broken = [](std::size_t at) { return Error{Errc::bad_value, "json", "not a JSON object", at}; };
  std::size_t at = scan.space(0);
  if (!scan.is(at, '{')) return broken(at);
  at = scan.space(at + 1);
  while (!scan.is(at, '}')) {
    const Found key_end = scan.string(at);
    if (!key_end) return broken(at);
    const std::string_view key = as_text(json.subspan(at + 1, *key_end - at - 2));
    at = scan.space(*key_end);
    if (!scan.is(at, ':')) return broken(at);
    at = scan.space(at + 1);
    const Found end = scan.value(at);
    if (!end) return broken(at);
    if (key == name) return json.subspan(at, *end - at);
    at = scan.space(*end);
    if (scan.is(at, ',')) at = scan.space(at + 1);
    else if (!scan.is(at, '}')) return broken(at);
  }
  return Error{Errc::not_found, "json", "no member \"" + std::string(name) + "\"", at};
}

Result<std::vector<Bytes>> raw_elements(Bytes json, std::size_t limit) {
  const Scanner scan(json);
  const auto broken = [](std::size_t at) { return Error{Errc::bad_value, "json", "not a JSON array", at}; };
  std::vector<Bytes> out;
  std::size_t at = scan.space(0);
  if (!scan.is(at, '[')) return broken(at);
  at = scan.space(at + 1);
  while (!scan.is(at, ']')) {
    const Found end = scan.value(at);
    if (!end) return broken(at);
    if (out.size() == limit) return Error{Errc::too_large, "json", "more than " + std::to_string(limit) + " items", at};
    out.push_back(json.subspan(at, *end - at));
    at = scan.space(*end);
    if (scan.is(at, ',')) at = scan.space(at + 1);
    else if (!scan.is(at, ']')) return broken(at);
  }
  return out;
}

}  // namespace atls::intel
