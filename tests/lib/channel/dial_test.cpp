#include "channel/dial.hpp"

#include <doctest/doctest.h>

using namespace atls;
using channel::parse_proxy;
using channel::parse_target;

TEST_CASE("targets: host, address and bracketed address with a port") {
  struct Row { const char* text; const char* host; unsigned port; };
  for (const Row& row : {Row{"example.org:443", "example.org", 443}, Row{"127.0.0.1:1", "127.0.0.1", 1}, Row{"[::1]:65535", "::1", 65535}}) {
    CAPTURE(row.text);
    const auto target = parse_target(row.text);
    REQUIRE(target);
    CHECK(target->host == row.host);
    CHECK(target->port == row.port);
    CHECK(target->text() == row.text);
  }
}

TEST_CASE("targets: everything else is refused with what was expected") {
  for (const char* text : {"", "host", "host:", ":443", "host:0", "host:65536", "host:x", "host:1x", "::1:443", "[::1]", "[::1", "[]:1", "ho st:1",
                           "host\r\nX: y:1", "user@host:1", "https://host:1", "host/path:1"}) {
    CAPTURE(text);
    const auto target = parse_target(text);
    REQUIRE_FALSE(target);
    CHECK(target.error().detail.find("expected HOST:PORT") != std::string::npos);
  }
}

TEST_CASE("proxies: http only, with optional credentials") {
  const auto plain = parse_proxy("http://proxy.example:3128");
  REQUIRE(plain);
  CHECK(plain->target.host == "proxy.example");
  CHECK(plain->authorization.empty());
  const auto with_user = parse_proxy("http://user:p@ss@[::1]:3128/");
  REQUIRE(with_user);
  CHECK(with_user->target.host == "::1");
  CHECK(with_user->authorization == "Basic dXNlcjpwQHNz");
  for (const char* url : {"", "proxy:3128", "https://proxy:3128", "socks5://proxy:1080", "http://proxy", "http://", "http://proxy:3128/x"}) {
    CAPTURE(url);
    CHECK_FALSE(parse_proxy(url));
  }
}
