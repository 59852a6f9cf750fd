// Listening TCP sockets and the file descriptors of servers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace atls::channel {

class Fd {   // owns one file descriptor
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept { std::swap(fd_, other.fd_); return *this; }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  void reset();

 private:
  int fd_;
};

// "127.0.0.1:8443", "[::1]:8443", "localhost:0"; ":8443" is every interface, "8443" this machine only.
struct ListenAddress { std::string host, port; };
Result<ListenAddress> parse_listen_address(std::string_view text);

struct Listener {
  Fd fd;                  // non-blocking, close-on-exec
  std::string address;    // as bound: "127.0.0.1:40123"
};
Result<Listener> listen_on(std::string_view text);

// One accepted connection, non-blocking; invalid fd when there is none to accept. `out_of_files`: the process or system limit.
// `origin` is what one client can choose its addresses from: an IPv4 address, or the /64 of an IPv6 address.
struct Accepted { Fd fd; std::string peer, origin; bool out_of_files = false; };
Accepted accept_one(const Listener& listener);

// Connects within the deadline. Names are resolved by the system resolver, whose own time-outs apply.
Result<Fd> connect_to(const std::string& host, const std::string& port, std::chrono::milliseconds limit, int stop_fd);

// Waits until one of `events` (POLLIN, POLLOUT) holds on fd, stop_fd is readable, or the time is over.
enum class Wait { ready, timeout, stopped };
Wait wait_for(int fd, short events, std::chrono::milliseconds limit, int stop_fd);

}  // namespace atls::channel
