// A TLS connection of the server after its handshake: deadlines on every wait, orderly end, relaying to file descriptors.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>

#include "base/bytes.hpp"
#include "channel/io_limits.hpp"
#include "channel/listener.hpp"
#include "crypto/openssl.hpp"

namespace atls::channel {

// `closed`: the peer sent close_notify. `truncated`: the connection ended without it. `timeout`: nothing moved for the idle limit.
// `flooded`: the peer sent more than it may without a handshake or application data. `gave_way`: another connection has its place.
enum class IoEnd { ok, closed, truncated, timeout, stopped, failed, flooded, gave_way };
std::string_view io_end_text(IoEnd end);

// The other side of a relay: where bytes come from and go to. `finish_input` tells it that no more bytes come.
struct RelayEnd {
  int from = -1, to = -1;                 // non-blocking; may be the same socket
  std::function<void()> finish_input;
  bool ends_connection = false;           // when `from` is at its end nothing more is wanted from the peer (a program that exited)
};

class ServerStream {
 public:
  // `limits` are those below `ssl` (attach_limited).
  ServerStream(SSL* ssl, int fd, int stop_fd, std::chrono::milliseconds idle, IoLimits& limits)
      : ssl_(ssl), fd_(fd), stop_fd_(stop_fd), idle_(idle), limits_(limits) {}

  // The handshake. `peer_limit` is for the peer alone, without our own work; `total_limit` for both.
  IoEnd accept(std::chrono::milliseconds peer_limit, std::chrono::milliseconds total_limit);
  IoEnd read(std::span<std::uint8_t> into, std::size_t& count) { return read(into, count, IoLimits::Clock::now() + idle_); }
  // At least one byte when ok; `end` instead of the idle limit.
  IoEnd read(std::span<std::uint8_t> into, std::size_t& count, IoLimits::Clock::time_point end);
  IoEnd write(Bytes bytes);                                       // all of them when ok
  IoEnd relay(const RelayEnd& end);                               // until both directions are finished
  // close_notify, then reads what the peer still sends for a moment, so that an alert or the last bytes are not lost in a reset.
  void close(std::chrono::milliseconds linger);

  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  IoEnd after_error(int rc, short& events);   // ok: wait for `events` and try again
  IoEnd await_peer(short events);             // ok: try again
  IoEnd limit_reached();                      // ok: none

  SSL* ssl_;
  int fd_, stop_fd_;
  std::chrono::milliseconds idle_;
  IoLimits& limits_;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
  bool broken_ = false;                       // TLS cannot be used any more, not even for close_notify
  bool limited_ = false;                      // a limit ended it: what the peer still sends is not waited for
};

}  // namespace atls::channel
