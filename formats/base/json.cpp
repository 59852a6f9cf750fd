#include "base/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace atls {
namespace {

// What is small in the input and large in memory. An object, an array, a member or a text costs about 100 bytes for three letters of input
// or more; the largest real document, an event log of 10,000 events, has 100,000. Numbers cost 16 bytes each: quotes and event logs are
// written as arrays of them, one per byte.
constexpr std::size_t kMaxJsonParts = 256 * 1024, kMaxJsonNumbers = 4 * 1024 * 1024;

// Reads bytes and counts them, so that the strict pass can name a place. The lexer is at most one byte ahead.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;
  const std::uint8_t* at = nullptr;
  std::size_t* seen = nullptr;
  char operator*() const { return static_cast<char>(*at); }
  CountingIterator& operator++() { ++at; ++*seen; return *this; }
  CountingIterator operator++(int) { const CountingIterator old = *this; ++*this; return old; }
  bool operator==(const CountingIterator& other) const { return at == other.at; }
};

// A key for a message: escaped, and short because a hostile one may be megabytes long.
std::string shown(const std::string& key) {
  return nlohmann::json(key.substr(0, 64)).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

// The strict pass: depth and duplicate keys. It builds nothing.
struct StrictSax {
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  std::size_t limit, parts_left, numbers_left, *seen;
  std::vector<std::set<std::string>> keys;   // one set per open object, an unused one per open array
  Errc code = Errc::bad_value;
  std::string problem;
  std::size_t where = 0;

  bool stop(Errc c, std::string text) { code = c; problem = std::move(text); where = *seen; return false; }
  bool part() { return parts_left-- != 0 || (parts_left = 0, stop(Errc::too_large, "more objects, arrays, members and texts than any real document has")); }
  bool number() { return numbers_left-- != 0 || (numbers_left = 0, stop(Errc::too_large, "more numbers than any real document has")); }
  bool open() {
    if (!part()) return false;
    if (keys.size() == limit) return stop(Errc::too_large, "nested deeper than " + std::to_string(limit) + " levels");
    keys.emplace_back();
    return true;
  }
  bool null() { return number(); }
  bool boolean(bool) { return number(); }
  bool number_integer(number_integer_t) { return number(); }
  bool number_unsigned(number_unsigned_t) { return number(); }
  bool number_float(number_float_t, const string_t&) { return number(); }
  bool string(string_t&) { return part(); }
  bool binary(binary_t&) { return true; }
  bool start_object(std::size_t) { return open(); }
  bool start_array(std::size_t) { return open(); }
  bool end_object() { keys.pop_back(); return true; }
  bool end_array() { keys.pop_back(); return true; }
  bool key(string_t& name) {
    if (!part()) return false;
    if (!keys.back().insert(name).second) return stop(Errc::bad_value, "duplicate key " + shown(name));
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& e) {
    if (!problem.empty()) return false;
    problem = e.id == 406 ? "number out of range" : "not valid JSON";
    where = position;
    return false;
  }
};

}  // namespace

Result<nlohmann::json> parse_json(Bytes text, std::string_view what, const JsonLimits& limits) {
  const auto fail = [&](Errc code, std::string detail, std::size_t at) { return Error{code, std::string(what), std::move(detail), at}; };
  if (text.size() > limits.bytes)
    return fail(Errc::too_large, std::to_string(text.size()) + " bytes, the limit is " + std::to_string(limits.bytes), 0);
  if (text.empty()) return fail(Errc::truncated, "empty, expected JSON", 0);
  if (text[0] == 0xEF) return fail(Errc::bad_value, "begins with a byte order mark, expected JSON", 0);

  // The library takes a NUL for the end of input and would ignore what follows; JSON has no use for one.
  if (const auto nul = std::find(text.begin(), text.end(), std::uint8_t{0}); nul != text.end()) {
    const auto at = static_cast<std::size_t>(nul - text.begin());
    return fail(Errc::bad_value, "not valid JSON (NUL at byte " + std::to_string(at) + ")", at);
  }

  std::size_t seen = 0;
  StrictSax sax{limits.depth, kMaxJsonParts, kMaxJsonNumbers, &seen, {}, Errc::bad_value, {}, 0};
  const CountingIterator first{text.data(), &seen}, last{text.data() + text.size(), &seen};
  if (!nlohmann::json::sax_parse(first, last, &sax)) {
    if (sax.problem.empty()) sax.problem = "not valid JSON";
    return fail(sax.code, sax.problem + " (near byte " + std::to_string(sax.where) + ")", sax.where);
  }
  nlohmann::json out = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (out.is_discarded()) return fail(Errc::bad_value, "not valid JSON", 0);
  return out;
}

}  // namespace atls
