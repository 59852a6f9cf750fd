#include "channel/listener.hpp"

#include <doctest/doctest.h>

using namespace atls;

TEST_CASE("listener: addresses that can be listened on") {
  struct Row { const char *text, *host, *port; };
  for (const Row& row : {Row{"127.0.0.1:8443", "127.0.0.1", "8443"}, Row{"[::1]:0", "::1", "0"}, Row{":443", "", "443"}, Row{"8443", "127.0.0.1", "8443"},
                         Row{"localhost:65535", "localhost", "65535"}}) {
    CAPTURE(row.text);
    const auto address = channel::parse_listen_address(row.text);
    REQUIRE(address);
    CHECK(address->host == row.host);
    CHECK(address->port == row.port);
  }
}

TEST_CASE("listener: what is not an address is refused with an example") {
  for (const char* text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:http", "127.0.0.1:-1", "127.0.0.1:99999999999999999999", "::1:8443", "fe80::1"}) {
    CAPTURE(text);
    const auto address = channel::parse_listen_address(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().detail.find("127.0.0.1:8443") != std::string::npos);
  }
}

TEST_CASE("listener: port 0 takes a free port, and the same port twice is an error that says so") {
  const auto first = channel::listen_on("127.0.0.1:0");
  REQUIRE(first);
  CHECK(first->address.starts_with("127.0.0.1:"));
  CHECK(first->address != "127.0.0.1:0");
  const auto second = channel::listen_on(first->address);
  REQUIRE_FALSE(second);
  CHECK(second.error().detail.find("in use") != std::string::npos);
}

TEST_CASE("listener: a connection has an origin, and the addresses of one /64 have the same") {
  for (const char* address : {"127.0.0.1:0", "[::1]:0"}) {
    CAPTURE(address);
    const auto listener = channel::listen_on(address);
    if (!listener) continue;   // a machine without IPv6
    const auto parts = channel::parse_listen_address(listener->address);
    REQUIRE(parts);
    const auto client = channel::connect_to(parts->host, parts->port, std::chrono::seconds(5), -1);
    REQUIRE(client);
    REQUIRE(channel::wait_for(listener->fd.get(), 1 /* POLLIN */, std::chrono::seconds(5), -1) == channel::Wait::ready);
    const channel::Accepted accepted = channel::accept_one(*listener);
    CHECK(accepted.origin == (parts->host == "127.0.0.1" ? "127.0.0.1" : "::/64"));
  }
}
