#include "base/json.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

using namespace atls;

namespace {

Result<nlohmann::json> parse(std::string_view text, const JsonLimits& limits = {}) { return parse_json(as_bytes(text), "doc", limits); }

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("json: ordinary documents are read") {
  const auto out = parse(R"( {"a": [1, -2, 2.5, true, null, "é"], "b": {"a": 1}} )");
  REQUIRE(out);
  CHECK((*out)["a"].size() == 6);
  CHECK((*out)["b"]["a"] == 1);
}

TEST_CASE("json: integers up to 64 bits keep every digit") {
  const auto out = parse("[18446744073709551615, -9223372036854775808]");
  REQUIRE(out);
  CHECK((*out)[0].is_number_unsigned());
  CHECK((*out)[0].get<std::uint64_t>() == 18446744073709551615U);
  CHECK((*out)[1].get<std::int64_t>() == INT64_MIN);
}

TEST_CASE("json: malformed documents are refused with their place") {
  struct Row { const char* text; const char* says; };
  const std::string invalid_utf8 = "\"\xC3\x28\"", bom = "\xEF\xBB\xBF{}";
  for (const Row& row : {Row{"", "empty"}, Row{"{", "not valid"}, Row{"{}x", "not valid"}, Row{"{} {}", "not valid"}, Row{"[1,]", "not valid"},
                         Row{"{'a':1}", "not valid"}, Row{"NaN", "not valid"}, Row{"[Infinity]", "not valid"}, Row{"// c\n1", "not valid"},
                         Row{"01", "not valid"}, Row{"\"\n\"", "not valid"}, Row{"\"\\ud800\"", "not valid"}, Row{"1e999", "out of range"},
                         Row{invalid_utf8.c_str(), "not valid"}, Row{bom.c_str(), "byte order mark"}}) {
    CAPTURE(row.text);
    const auto out = parse(row.text);
    REQUIRE_FALSE(out);
    CHECK(out.error().where == "doc");
    CHECK(out.error().detail.find(row.says) != std::string::npos);
  }
}

TEST_CASE("json: a NUL does not hide what follows it") {
  for (const std::string_view bad : {std::string_view("{}\0", 3), std::string_view("{}\0{\"a\":1}", 10), std::string_view("\0{}", 3), std::string_view("\"\0\"", 3)}) {
    const auto out = parse(bad);
    REQUIRE_FALSE(out);
    CHECK(out.error().detail.find("NUL") != std::string::npos);
  }
  CHECK(parse(R"("\u0000")"));
}

TEST_CASE("json: a key given twice in one object is refused, also when it is spelled with escapes") {
  for (const char* bad : {R"({"a":1,"a":1})", R"({"a":1,"\u0061":2})", R"([{"x":{"b":1,"c":2,"b":3}}])"}) {
    CAPTURE(bad);
    const auto out = parse(bad);
    REQUIRE_FALSE(out);
    CHECK(out.error().detail.find("duplicate key") != std::string::npos);
    CHECK(out.error().offset > 0);
  }
  CHECK(parse(R"({"a":1,"A":2,"b":{"a":3},"c":[{"a":1},{"a":2}]})"));
}

TEST_CASE("json: nesting up to the limit is read, one level more is refused") {
  CHECK(parse(nested(64)));
  const auto deep = parse(nested(65));
  REQUIRE_FALSE(deep);
  CHECK(deep.error().code == Errc::too_large);
  CHECK_FALSE(parse(nested(100000)));
  CHECK_FALSE(parse(std::string(100000, '[')));
  CHECK(parse(nested(3), {3, 100}));
  CHECK_FALSE(parse(R"({"a":{"b":{"c":{}}}})", {3, 100}));
}

TEST_CASE("json: a document over the size limit is refused before it is read") {
  const auto out = parse("[1,2,3,4]", {64, 8});
  REQUIRE_FALSE(out);
  CHECK(out.error().code == Errc::too_large);
}
