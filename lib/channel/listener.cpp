#include "channel/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "channel/clock.hpp"

namespace atls::channel {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// Connections that the kernel holds while the server is at its limit.
constexpr int kBacklog = 1024;

std::string errno_text(int code) { return std::strerror(code); }  // NOLINT: glibc's is thread-safe

Result<Addresses> resolve_own(const std::string& host, const std::string& port, bool passive) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = (passive ? AI_PASSIVE : 0) | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int rc = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &list);
  if (rc != 0) return Error{Errc::not_found, host + ":" + port, std::string("cannot resolve the address: ") + gai_strerror(rc)};
  return Addresses(list);
}

std::string peer_text(const sockaddr* address, socklen_t size) {
  std::array<char, 64> host{};
  std::array<char, 16> port{};
  if (getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) return "unknown";
  const bool v6 = address->sa_family == AF_INET6;
  return (v6 ? "[" : "") + std::string(host.data()) + (v6 ? "]" : "") + ":" + port.data();
}

std::string origin_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET6) {
    in6_addr prefix = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&prefix)) return inet_ntop(AF_INET, &prefix.s6_addr[12], text.data(), text.size()) != nullptr ? text.data() : "unknown";
    std::fill(std::begin(prefix.s6_addr) + 8, std::end(prefix.s6_addr), std::uint8_t{0});
    return inet_ntop(AF_INET6, &prefix, text.data(), text.size()) != nullptr ? std::string(text.data()) + "/64" : "unknown";
  }
  return inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(), text.size()) != nullptr ? text.data() : "unknown";
}

void set_no_delay(int fd) {
  const int one = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto bad = [&](std::string why) {
    return Error{Errc::bad_value, std::string(text), std::move(why) + "; expected ADDR:PORT such as 127.0.0.1:8443, [::1]:8443 or 127.0.0.1:0"};
  };
  ListenAddress address;
  const std::size_t colon = text.rfind(':');
  address.port = text.substr(colon == std::string_view::npos ? 0 : colon + 1);
  address.host = colon == std::string_view::npos ? "127.0.0.1" : text.substr(0, colon);
  if (address.host.size() >= 2 && address.host.front() == '[' && address.host.back() == ']') address.host = address.host.substr(1, address.host.size() - 2);
  else if (address.host.find(':') != std::string::npos) return bad("an IPv6 address needs brackets");
  if (address.port.empty() || address.port.size() > 5 || !std::all_of(address.port.begin(), address.port.end(), [](char c) { return c >= '0' && c <= '9'; }) ||
      std::stoul(address.port) > 65535)
    return bad("the port is not a number from 0 to 65535");
  return address;
}

Result<Listener> listen_on(std::string_view text) {
  const auto address = parse_listen_address(text);
  if (!address) return address.error();
  const auto list = resolve_own(address->host, address->port, true);
  if (!list) return list.error();
  int last = 0;
  for (const addrinfo* a = list->get(); a != nullptr; a = a->ai_next) {
    Fd fd(::socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol));
    const int one = 1;
    if (fd.get() >= 0) (void)setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd.get() < 0 || ::bind(fd.get(), a->ai_addr, a->ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0) {
      last = errno;
      continue;
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) return Error{Errc::io, std::string(text), errno_text(errno)};
    return Listener{std::move(fd), peer_text(reinterpret_cast<sockaddr*>(&bound), size)};
  }
  return Error{Errc::io, std::string(text), "cannot listen: " + errno_text(last)};
}

Accepted accept_one(const Listener& listener) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  Accepted accepted{Fd(::accept4(listener.fd.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)), {}, {}, false};
  if (accepted.fd.get() >= 0) {
    set_no_delay(accepted.fd.get());
    accepted.peer = peer_text(reinterpret_cast<sockaddr*>(&peer), size);
    accepted.origin = origin_text(peer);
  } else {
    accepted.out_of_files = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
  }
  return accepted;
}

Result<Fd> connect_to(const std::string& host, const std::string& port, std::chrono::milliseconds limit, int stop_fd) {
  const auto list = resolve_own(host, port, false);
  if (!list) return list.error();
  const auto end = Clock::now() + limit;
  std::string why = "no address";
  for (const addrinfo* a = list->get(); a != nullptr; a = a->ai_next) {
    Fd fd(::socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol));
    if (fd.get() < 0) { why = errno_text(errno); continue; }
    if (::connect(fd.get(), a->ai_addr, a->ai_addrlen) != 0) {
      if (errno != EINPROGRESS) { why = errno_text(errno); continue; }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      const Wait wait = wait_for(fd.get(), POLLOUT, left, stop_fd);
      if (wait == Wait::stopped) return Error{Errc::io, host + ":" + port, "the server is stopping"};
      if (wait == Wait::timeout) return Error{Errc::timeout, host + ":" + port, "no answer within the connection limit"};
      int code = 0;
      socklen_t size = sizeof code;
      if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0 || code != 0) { why = errno_text(code != 0 ? code : errno); continue; }
    }
    set_no_delay(fd.get());
    return fd;
  }
  return Error{Errc::unavailable, host + ":" + port, "cannot connect: " + why};
}

Wait wait_for(int fd, short events, std::chrono::milliseconds limit, int stop_fd) {
  const auto end = Clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return Wait::timeout;
    std::array<pollfd, 2> polled{pollfd{fd, events, 0}, pollfd{stop_fd, POLLIN, 0}};
    const int n = ::poll(polled.data(), stop_fd >= 0 ? 2 : 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (n < 0 && errno != EINTR) return Wait::timeout;
    if (n <= 0) continue;
    if (polled[1].revents != 0) return Wait::stopped;
    if (polled[0].revents != 0) return Wait::ready;
  }
}

}  // namespace atls::channel
