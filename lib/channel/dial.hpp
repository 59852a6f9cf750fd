// TCP to a host, directly or through an HTTP CONNECT proxy, with limits on every stage.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "channel/listener.hpp"

namespace atls::channel {

struct Target {
  std::string host;                 // without brackets
  std::uint16_t port = 0;
  std::string text() const;         // "host:443", "[::1]:443"
};
// "host:port", "1.2.3.4:port", "[v6]:port"; the port is a number from 1 to 65535.
Result<Target> parse_target(std::string_view text);

struct Proxy { Target target; std::string authorization; };   // authorization: value of the header, or empty
// "http://[user:password@]host:port"
Result<Proxy> parse_proxy(std::string_view url);

enum class Family { any, v4, v6 };

struct DialOptions {
  Family family = Family::any;
  std::chrono::milliseconds connect_timeout{10'000};   // of the TCP connection and of the proxy's answer, each
  std::chrono::steady_clock::time_point deadline;      // of the whole set-up
  std::optional<Proxy> proxy;
  int stop_fd = -1;                                    // readable: give up
};

struct Dialled {
  Fd fd;                                               // non-blocking
  std::string address;                                 // as connected: "127.0.0.1:8443", of the proxy when there is one
  double dns_ms = 0, tcp_ms = 0;                       // tcp includes the proxy's answer
};

// Errc::not_found: the name does not resolve; unavailable: nobody answered; timeout; refused: by the proxy or by stop_fd.
Result<Dialled> dial(const Target& target, const DialOptions& options);

}  // namespace atls::channel
