// Checks a JSON value against a Shape and says what is wrong in words that lead to the fix.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hex.hpp"
#include "policy/numbers.hpp"
#include "policy/shape.hpp"
#include "policy/words.hpp"
#include "snp/cert_table.hpp"

namespace atls::policy {
namespace {

using nlohmann::json;

// JSON pointer, RFC 6901.
std::string child(const std::string& place, std::string_view key) {
  std::string out = place + "/";
  for (const char c : key) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

std::optional<Error> check_text(const json& value, const Shape& shape, const std::string& place) {
  if (!value.is_string()) return bad_value(place, fmt::format("a string is expected, found {}", value.type_name()));
  const auto& text = value.get_ref<const std::string&>();
  switch (shape.kind) {
    case Kind::text:
      if (text.empty()) return bad_value(place, "the text is empty");
      return {};
    case Kind::constant:
      if (text != shape.words[0]) return bad_value(place, fmt::format("\"{}\" is expected, found \"{}\"", shape.words[0], printable(text)));
      return {};
    case Kind::word:
      if (listed(shape.words, text)) return {};
      if (listed(shape.never, text)) return bad_value(place, fmt::format("\"{}\" is never accepted", text));
      if (listed(shape.unsupported, text)) return bad_value(place, fmt::format("\"{}\" is not supported by this version; supported: {}", text, joined(shape.words)));
      return bad_value(place, fmt::format("\"{}\" is not known; expected {}{}", printable(text), one_of_words(shape.words), did_you_mean(text, shape.words)));
    case Kind::time:
      if (!looks_like_time(text) || !parse_rfc3339(text)) return bad_value(place, fmt::format("\"{}\" is not an RFC 3339 time like 2026-05-31T00:00:00Z", printable(text)));
      return {};
    case Kind::hex: {
      const std::string digits = shape.width == 0 ? "hex digits" : fmt::format("{} hex digits", 2 * shape.width);
      if (text.empty()) return bad_value(place, fmt::format("the value is empty; {} are expected", digits));
      const auto bytes = from_hex(text);
      if (!bytes) return bad_value(place, fmt::format("\"{}\" is not hexadecimal ({} are expected)", printable(text), digits));
      if (shape.width != 0 && bytes->size() != shape.width) return bad_value(place, fmt::format("{} bytes ({} hex digits) are expected, found {} bytes", shape.width, 2 * shape.width, bytes->size()));
      if (shape.not_zero && is_zero(*bytes)) return bad_value(place, "the value is all zero, which is a placeholder and not a value to expect");
      return {};
    }
    case Kind::hex_number: {
      const auto number = hex_number(text);
      if (!number) return bad_value(place, fmt::format("\"{}\" is not a hexadecimal number of 1 to 16 digits", printable(text)));
      if (*number == 0) return bad_value(place, "a mask of zero demands nothing");
      return {};
    }
    case Kind::version:
      if (const auto v = dotted(text); !v || v->size() != 2) return bad_value(place, fmt::format("\"{}\" is not a version \"major.minor\" with numbers 0 to 255", printable(text)));
      return {};
    case Kind::firmware:
      if (const auto v = dotted(text); !v || v->size() < 2) return bad_value(place, fmt::format("\"{}\" is not a version \"major.minor\" or \"major.minor.build\" with numbers 0 to 255", printable(text)));
      return {};
    case Kind::guid:
      if (!snp::guid_from_text(text)) return bad_value(place, fmt::format("\"{}\" is not a GUID like 63da758d-e664-4564-adc5-f4b93be8accd", printable(text)));
      return {};
    default:
      return Error{Errc::bug, place, "unknown text kind", 0};
  }
}

std::optional<Error> check_list(const json& value, const Shape& shape, const std::string& place) {
  if (!value.is_array()) return bad_value(place, fmt::format("a list is expected, found {}", value.type_name()));
  if (value.empty()) return bad_value(place, "the list is empty, which says neither \"nothing\" nor \"everything\"; remove the key or list a value");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string at = fmt::format("{}/{}", place, i);
    if (auto error = check_shape(value[i], *shape.item, at)) return error;
    if (shape.unique && !seen.insert(value[i].dump()).second) return bad_value(at, "the value is listed twice");
  }
  return {};
}

std::optional<Error> check_object(const json& value, const Shape& shape, const std::string& place) {
  if (!value.is_object()) return bad_value(place, fmt::format("an object is expected, found {}", value.type_name()));
  for (const auto& [key, member] : value.items()) {
    const auto field = std::find_if(shape.members.begin(), shape.members.end(), [&, &name = key](const Field& f) { return f.key == name; });
    if (field == shape.members.end()) {
      std::vector<std::string_view> known;
      for (const Field& f : shape.members) known.push_back(f.key);
      if (listed(shape.unsupported, key)) return bad_value(child(place, key), fmt::format("\"{}\" is not supported by this version", key));
      return bad_value(child(place, key), fmt::format("unknown key \"{}\"{}", printable(key), did_you_mean(key, known)));
    }
    if (auto error = check_shape(member, *field->shape, child(place, key))) return error;
  }
  for (const Field& field : shape.members)
    if (field.required && !value.contains(field.key)) return bad_value(place, fmt::format("key \"{}\" is missing", field.key));
  if (!shape.one_of.empty() && std::none_of(shape.one_of.begin(), shape.one_of.end(), [&](std::string_view key) { return value.contains(key); }))
    return bad_value(place, shape.one_of.size() > 8 ? std::string("the section constrains nothing; remove it or add a key")
                                              : fmt::format("nothing is constrained; expected {}", one_of_words(shape.one_of)));
  std::string first;
  for (const std::string_view key : shape.exclusive) {
    if (!value.contains(key)) continue;
    if (!first.empty()) return bad_value(place, fmt::format("\"{}\" and \"{}\" exclude each other", first, key));
    first = key;
  }
  if (!shape.alone.empty() && value.contains(shape.alone))
    for (const auto& [key, member] : value.items())
      if (key != shape.alone && key != "comment") return bad_value(place, fmt::format("\"{}\" and \"{}\" exclude each other", shape.alone, key));
  return {};
}

std::optional<Error> check_map(const json& value, const Shape& shape, const std::string& place) {
  if (!value.is_object()) return bad_value(place, fmt::format("an object is expected, found {}", value.type_name()));
  if (value.empty()) return bad_value(place, "the object is empty; leave the key out to check nothing");
  for (const auto& [key, member] : value.items()) {
    if (key.empty()) return bad_value(place, "a name is empty");
    if (auto error = check_shape(member, *shape.item, child(place, key))) return error;
  }
  return {};
}

}  // namespace

std::optional<Error> check_shape(const json& value, const Shape& shape, const std::string& place) {
  switch (shape.kind) {
    case Kind::flag:
      if (!value.is_boolean()) return bad_value(place, fmt::format("true or false is expected, found {}", value.type_name()));
      return {};
    case Kind::only_true:
      if (!value.is_boolean() || !value.get<bool>()) return bad_value(place, "only true is accepted; remove the key instead");
      return {};
    case Kind::integer:
      if (!value.is_number_unsigned()) return bad_value(place, fmt::format("a whole number is expected, found {}", value.is_number() ? value.dump() : value.type_name()));
      if (value.get<std::uint64_t>() > shape.max) return bad_value(place, fmt::format("{} is too large; at most {}", value.get<std::uint64_t>(), shape.max));
      return {};
    case Kind::list: return check_list(value, shape, place);
    case Kind::object: return check_object(value, shape, place);
    case Kind::map: return check_map(value, shape, place);
    case Kind::either: return value.is_object() ? check_object(value, shape, place) : check_shape(value, *shape.item, place);
    default: return check_text(value, shape, place);
  }
}

}  // namespace atls::policy
