// What a JSON value of a policy may look like, as data: the loader checks with it and the JSON Schema is printed from it, so
// that the two cannot differ.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "policy/policy.hpp"

namespace atls::policy {

enum class Kind {
  text,        // non-empty string
  constant,    // exactly words[0]
  word,        // one of `words`
  time,        // RFC 3339
  flag,        // true or false
  only_true,
  integer,     // 0 .. max
  hex,         // exactly `width` bytes; width 0: any number of bytes, but at least one
  hex_number,  // unsigned number as hex digits, most significant first, not zero
  version,     // "major.minor"
  firmware,    // "major.minor" or "major.minor.build"
  guid,
  list,        // of `item`, never empty
  object,      // of `members`
  map,         // any non-empty key, each value of `item`
  either,      // `item` (short form) or an object of `members`
};

struct Field;

struct Shape {
  Kind kind = Kind::text;
  std::size_t width = 0;                          // hex: bytes
  bool not_zero = false;                          // hex: all zero is refused
  std::uint64_t max = 0;                          // integer
  bool unique = false;                            // list: no element twice
  std::span<const std::string_view> words{};      // constant, word
  std::span<const std::string_view> never{};      // word: known and never accepted
  const Shape* item = nullptr;                    // list, map, either
  std::span<const Field> members{};               // object, either
  std::span<const std::string_view> one_of{};     // object: at least one of these keys
  std::span<const std::string_view> exclusive{};  // object: at most one of these keys
  std::string_view alone{};                       // object: this key excludes every other one except "comment"
  std::span<const std::string_view> unsupported{};  // keys of the model that this version cannot judge
};

// Where the loader puts the value of a key: a place inside Sections.
template <class T>
using At = T& (*)(Sections&);
using Target = std::variant<std::monostate, At<std::optional<TextRule>>, At<std::optional<UintRule>>, At<std::optional<BytesRule>>, At<std::optional<BitsRule>>,
                            At<std::optional<AttributesRule>>, At<std::optional<TcbRule>>, At<std::optional<MaskRule>>, At<std::optional<VersionRule>>,
                            At<std::optional<AdvisoriesRule>>, At<std::optional<DateRule>>, At<std::optional<PlatformRule>>, At<std::optional<bool>>,
                            At<std::vector<TableEntryRule>>, At<std::vector<TcbStatusRule>>, At<std::map<std::string, BytesRule>>, At<Allow>>;

template <auto Section, auto Member>
auto& reach(Sections& sections) { return sections.*Section.*Member; }
template <class T>
const T& look(At<T> at, const Sections& sections) { return at(const_cast<Sections&>(sections)); }   // an address, nothing else

struct Field {
  std::string_view key;
  const Shape* shape;
  std::string_view help;       // "description" of the schema
  bool required = false;
  Target target{};             // none: an object that groups keys, or a value that the loader looks at itself
  std::string_view checks{};   // ids of the checks that judge it, for the manual
};

// The tables (fields*.cpp).
const Shape& document_shape();
// The sections about evidence, one key each: "snp", "tdx", "sgx".
std::span<const Field> sections();
std::span<const Field> fields_of(std::string_view section);
// Every key of a section that has a target, those in groups too.
void for_each_target(std::span<const Field> fields, const std::function<void(const Field&)>& f);
bool is_group(const Field& field);                       // its members are constraints of their own
std::string_view product_alias(std::string_view word);   // Bergamo and Siena are Genoa to AMD's certificates

// The first thing wrong with `value`, with its JSON pointer; nothing when it has the shape.
std::optional<Error> check_shape(const nlohmann::json& value, const Shape& shape, const std::string& place);

// Reads a value that has the shape of `field` into `out`. Errors: what a shape cannot say (contradictions, real dates).
Status read_field(const nlohmann::json& value, const Field& field, const std::string& place, Sections& out);
Status read_section(const nlohmann::json& object, std::span<const Field> fields, const std::string& place, Sections& out);
Status check_sections(const Sections& sections, const std::string& place);   // contradictions between keys

}  // namespace atls::policy
