// Shapes that several tables of policy keys use.
#pragma once

#include <array>

#include "policy/shape.hpp"

namespace atls::policy {

using Words = std::string_view;

inline constexpr Shape kText{.kind = Kind::text};
inline constexpr Shape kFlag{.kind = Kind::flag};
inline constexpr Shape kTrue{.kind = Kind::only_true};
inline constexpr Shape kTime{.kind = Kind::time};
inline constexpr Words kSeverities[] = {"fail", "warn"};
inline constexpr Shape kSeverity{.kind = Kind::word, .words = kSeverities};
inline constexpr Words kAllowForbid[] = {"allow", "forbid"};
inline constexpr Shape kAllow{.kind = Kind::word, .words = kAllowForbid};

inline constexpr std::string_view kSeverityHelp = "warn: a value that does not match is reported as a warning";
inline constexpr std::string_view kCommentHelp = "free text";
inline constexpr std::string_view kUncheckedHelp = "documents that every value is accepted";

// Byte strings: short form "<hex>", or operators.
template <std::size_t Width, bool NotZero = false>
struct BytesShape {
  static constexpr Shape hex{.kind = Kind::hex, .width = Width, .not_zero = NotZero};
  static constexpr Shape mask{.kind = Kind::hex, .width = Width, .not_zero = true};
  static constexpr Shape list{.kind = Kind::list, .item = &hex};
  static constexpr Field operators[] = {
      {"equals", &hex, "the only accepted value"},
      {"any_of", &list, "the accepted values"},
      {"none_of", &list, "values that are refused"},
      {"mask", &mask, "only these bits are compared"},
      {"unchecked", &kTrue, kUncheckedHelp},
      {"severity", &kSeverity, kSeverityHelp},
      {"comment", &kText, kCommentHelp},
  };
  static constexpr Words one_of[] = {"equals", "any_of", "none_of", "unchecked"};
  static constexpr Words exclusive[] = {"equals", "any_of"};
  static constexpr Shape shape{.kind = Kind::either, .item = &hex, .members = operators, .one_of = one_of, .exclusive = exclusive, .alone = "unchecked"};
};

// The same with a minimum for every byte, for SVNs side by side.
template <std::size_t Width>
struct SvnShape {
  using Plain = BytesShape<Width>;
  static constexpr Field operators[] = {
      {"equals", &Plain::hex, "the only accepted value"},
      {"any_of", &Plain::list, "the accepted values"},
      {"none_of", &Plain::list, "values that are refused"},
      {"min_bytes", &Plain::mask, "every byte must be at least the one at its place"},
      {"mask", &Plain::mask, "only these bits are compared"},
      {"unchecked", &kTrue, kUncheckedHelp},
      {"severity", &kSeverity, kSeverityHelp},
      {"comment", &kText, kCommentHelp},
  };
  static constexpr Words one_of[] = {"equals", "any_of", "none_of", "min_bytes", "unchecked"};
  static constexpr Shape shape{.kind = Kind::either, .item = &Plain::hex, .members = operators, .one_of = one_of, .exclusive = Plain::exclusive, .alone = "unchecked"};
};

template <std::uint64_t Max>
struct UintShape {
  static constexpr Shape number{.kind = Kind::integer, .max = Max};
  static constexpr Shape list{.kind = Kind::list, .item = &number};
  static constexpr Field operators[] = {
      {"equals", &number, "the only accepted value"},
      {"any_of", &list, "the accepted values"},
      {"none_of", &list, "values that are refused"},
      {"min", &number, "the smallest accepted value"},
      {"max", &number, "the largest accepted value"},
      {"unchecked", &kTrue, kUncheckedHelp},
      {"severity", &kSeverity, kSeverityHelp},
      {"comment", &kText, kCommentHelp},
  };
  static constexpr Words one_of[] = {"equals", "any_of", "none_of", "min", "max", "unchecked"};
  static constexpr Words exclusive[] = {"equals", "any_of"};
  static constexpr Shape shape{.kind = Kind::either, .item = &number, .members = operators, .one_of = one_of, .exclusive = exclusive, .alone = "unchecked"};
};

// Text: short form or any_of.
inline constexpr Words kTextOneOf[] = {"equals", "any_of", "unchecked"};
inline constexpr Words kTextExclusive[] = {"equals", "any_of"};
template <const Shape& Item>
struct TextShape {
  static constexpr Shape list{.kind = Kind::list, .unique = true, .item = &Item};
  static constexpr Field operators[] = {
      {"equals", &Item, "the only accepted value"},
      {"any_of", &list, "the accepted values"},
      {"unchecked", &kTrue, kUncheckedHelp},
      {"severity", &kSeverity, kSeverityHelp},
      {"comment", &kText, kCommentHelp},
  };
  static constexpr Shape shape{.kind = Kind::either, .item = &Item, .members = operators, .one_of = kTextOneOf, .exclusive = kTextExclusive, .alone = "unchecked"};
};

// Lists of names.
template <const auto& Names>
struct NamesShape {
  static constexpr Shape word{.kind = Kind::word, .words = Names};
  static constexpr Shape list{.kind = Kind::list, .unique = true, .item = &word};
};

// A group in which at least one key must be present.
template <const auto& Fields>
struct GroupShape {
  static constexpr auto names = [] {
    std::array<Words, std::size(Fields)> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = Fields[i].key;
    return out;
  }();
  static constexpr Shape shape{.kind = Kind::object, .members = Fields, .one_of = names};
};

// The sections, one file each.
extern const Shape kSnpSection, kTdxSection, kSgxSection;

}  // namespace atls::policy
