#include <doctest/doctest.h>

#include <cstdio>

#include "policy/tcb_override.hpp"

using namespace atls;

namespace {

Result<std::vector<policy::TcbCap>> tcb_override_parse(const std::string& text) { return policy::parse_tcb_override(as_bytes(text)); }
std::string file(const std::string& entries) { return R"({"schema":"atls-tcb-override/1","overrides":[)" + entries + "]}"; }
constexpr const char* kGood = R"({"fmspc":"90C06F000000","tee":"tdx","components":"sgx","index":7,"cap":3,"reason":"this cloud reports 3"})";

}  // namespace

TEST_CASE("tcb-override: a cap is read") {
  const auto caps = tcb_override_parse(file(kGood));
  REQUIRE(caps);
  REQUIRE(caps->size() == 1);
  const policy::TcbCap& cap = caps->front();
  CHECK(cap.fmspc == std::array<std::uint8_t, 6>{0x90, 0xC0, 0x6F, 0, 0, 0});
  CHECK(cap.tdx == true);
  CHECK_FALSE(cap.tdx_component);
  CHECK(cap.index == 7);
  CHECK(cap.cap == 3);
  CHECK(cap.reason == "this cloud reports 3");
  CHECK(tcb_override_parse(R"({"schema":"atls-tcb-override/1","comment":"why","overrides":[{"fmspc":"90c06f000000","components":"tdx","index":0,"cap":0,"reason":"x"}]})"));
}

TEST_CASE("tcb-override: what is not exactly the format is refused with its place") {
  struct Row { std::string text; const char* where; };
  const Row rows[] = {
      {"", ""}, {"[]", ""}, {"null", ""}, {"{", ""}, {"{}", "/schema"},
      {R"({"schema":"atls-policy/1","overrides":[]})", "/schema"},
      {R"({"schema":"atls-tcb-override/1"})", "/overrides"},
      {R"({"schema":"atls-tcb-override/1","overrides":{}})", "/overrides"},
      {file(""), "/overrides"},
      {R"({"schema":"atls-tcb-override/1","overides":[]})", "/overides"},
      {R"({"schema":"atls-tcb-override/1","schema":"atls-tcb-override/1","overrides":[]})", ""},
      {R"({"schema":"atls-tcb-override/1","comment":1,"overrides":[]})", "/comment"},
      {file("1"), "/overrides/0"},
      {file(R"({"components":"sgx","index":7,"cap":3,"reason":"x"})"), "/overrides/0/fmspc"},
      {file(R"({"fmspc":"90C06F","components":"sgx","index":7,"cap":3,"reason":"x"})"), "/overrides/0/fmspc"},
      {file(R"({"fmspc":"90C06F00000G","components":"sgx","index":7,"cap":3,"reason":"x"})"), "/overrides/0/fmspc"},
      {file(R"({"fmspc":"90C06F000000","tee":"snp","components":"sgx","index":7,"cap":3,"reason":"x"})"), "/overrides/0/tee"},
      {file(R"({"fmspc":"90C06F000000","index":7,"cap":3,"reason":"x"})"), "/overrides/0/components"},
      {file(R"({"fmspc":"90C06F000000","tee":"sgx","components":"tdx","index":7,"cap":3,"reason":"x"})"), "/overrides/0/components"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","cap":3,"reason":"x"})"), "/overrides/0/index"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","index":16,"cap":3,"reason":"x"})"), "/overrides/0/index"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","index":-1,"cap":3,"reason":"x"})"), "/overrides/0/index"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","index":7.0,"cap":3,"reason":"x"})"), "/overrides/0/index"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","index":7,"cap":256,"reason":"x"})"), "/overrides/0/cap"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","index":7,"cap":"3","reason":"x"})"), "/overrides/0/cap"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","index":7,"cap":3})"), "/overrides/0/reason"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","index":7,"cap":3,"reason":"  "})"), "/overrides/0/reason"},
      {file(R"({"fmspc":"90C06F000000","components":"sgx","index":7,"cap":3,"reason":"x","why":"y"})"), "/overrides/0/why"},
      {file(std::string(kGood) + "," + R"({"fmspc":"90c06f000000","components":"sgx","index":7,"cap":2,"reason":"x"})"), "/overrides/1"},
      {file(std::string(kGood) + ","), ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto caps = tcb_override_parse(row.text);
    REQUIRE_FALSE(caps);
    CHECK(caps.error().where.find(row.where) != std::string::npos);
    CHECK_FALSE(caps.error().detail.empty());
  }
  CHECK_FALSE(tcb_override_parse(file(R"({"fmspc":"90C06F000000","components":"sgx","index":7,"cap":3,"reason":")" + std::string(1001, 'x') + "\"}")));
  std::string many;
  for (int i = 0; i < 1025; ++i) {
    char fmspc[13];
    std::snprintf(fmspc, sizeof fmspc, "%012x", static_cast<unsigned>(i));
    many += (i == 0 ? "" : ",") + std::string(R"({"fmspc":")") + fmspc + R"(","components":"sgx","index":7,"cap":3,"reason":"x"})";
  }
  CHECK_FALSE(tcb_override_parse(file(many)));
}
