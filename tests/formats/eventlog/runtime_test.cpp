#include "eventlog/runtime.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"

using namespace atls;
using namespace atls::eventlog;

namespace {

const std::string kDigest(96, 'a');

std::string event(const std::string& more) { return R"([{"imr":3,"event_type":134217729,"event":"app-id","event_payload":"0a0B")" + more + "}]"; }

}  // namespace

TEST_CASE("the JSON event log is read with names, payloads and registers") {
  const auto log = parse_json_log(as_bytes(R"([{"imr":0,"event_type":2147483659,"digest":")" + kDigest + R"(","event":"","event_payload":"00"},)" + event("").substr(1)));
  REQUIRE(log);
  REQUIRE(log->size() == 2);
  CHECK((*log)[0].imr == 0);
  CHECK((*log)[0].digest == Buffer(48, 0xAA));
  CHECK_FALSE((*log)[0].is_runtime());
  CHECK((*log)[1].is_runtime());
  CHECK((*log)[1].name == "app-id");
  CHECK((*log)[1].payload == Buffer{0x0A, 0x0B});
  CHECK((*log)[1].version == 1);
}

TEST_CASE("what a runtime event measures: version 1 joins the parts with colons, version 2 is canonical JSON") {
  JsonEvent e;
  e.imr = 3;
  e.type = kDstackRuntime;
  e.name = "a\"b";
  e.payload = {0x3A, 0xFF};
  CHECK(hex(runtime_digest_input(e)) == "01000008" "3a" "612262" "3a" "3aff");
  e.version = 2;
  CHECK(as_text(runtime_digest_input(e)) == R"({"name":"a\"b","payload":"3aff","type":134217729})");
}

TEST_CASE("damaged JSON event logs are refused") {
  const std::string plain = R"([{"imr":1,"event_type":4,"digest":")" + kDigest + "\"}]";
  REQUIRE(parse_json_log(as_bytes(plain)));
  for (const std::string& text : {std::string("{}"), std::string("[1]"), std::string("["), std::string(R"([{"imr":4,"event_type":4,"digest":")" + kDigest + "\"}]"),
                                  std::string(R"([{"imr":-1,"event_type":4}])"), std::string(R"([{"imr":1,"event_type":4294967296,"digest":")" + kDigest + "\"}]"),
                                  std::string(R"([{"imr":1,"event_type":4}])"), std::string(R"([{"imr":1,"event_type":4,"digest":""}])"),
                                  std::string(R"([{"imr":1,"event_type":4,"digest":"aa"}])"), std::string(R"([{"imr":1,"imr":1,"event_type":4,"digest":")" + kDigest + "\"}]"),
                                  event(R"(,"version":3)"), event(R"(,"version":"2")"), event(R"(,"digest":7)"), event(R"(,"digest":"zz")")}) {
    CAPTURE(text);
    CHECK_FALSE(parse_json_log(as_bytes(text)));
  }
}

TEST_CASE("a JSON event log is known by its registers") {
  CHECK(looks_like_json_log(as_bytes(event(""))));
  for (const char* text : {"", "[]", "[1,2]", "{\"imr\":1}", "[{\"a\":1}]"}) CHECK_FALSE(looks_like_json_log(as_bytes(text)));
}
