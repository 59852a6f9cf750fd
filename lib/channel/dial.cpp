#include "channel/dial.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/base64.hpp"
#include "channel/clock.hpp"

namespace atls::channel {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAttemptDelay{250};        // RFC 8305 section 5: the recommended connection attempt delay
constexpr std::size_t kMaxAddresses = 16;         // more addresses of one name than anybody needs
constexpr std::size_t kMaxProxyAnswer = 16 * 1024;

std::string errno_sentence(int code) {
  std::string text = std::generic_category().message(code);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

Error stopped() { return {Errc::refused, "connection", "interrupted"}; }

struct Address { sockaddr_storage storage{}; socklen_t size = 0; int family = 0; };

// getaddrinfo has no deadline. It runs in a thread of its own, which is left to itself when the time is over.
struct Lookup {
  std::mutex mutex;
  bool finished = false;
  int code = 0;
  std::vector<Address> addresses;
  Fd done{::eventfd(0, EFD_CLOEXEC)};
};

int family_code(Family family) { return family == Family::v4 ? AF_INET : family == Family::v6 ? AF_INET6 : AF_UNSPEC; }

void look_up(const std::string& host, std::uint16_t port, Family family, int flags, Lookup& into) {
  addrinfo hints{};
  hints.ai_family = family_code(family);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  const std::lock_guard lock(into.mutex);
  into.code = code;
  into.finished = true;
  if (code != 0) return;
  for (const addrinfo* a = list; a != nullptr && into.addresses.size() < kMaxAddresses; a = a->ai_next) {
    Address address;
    std::copy_n(reinterpret_cast<const char*>(a->ai_addr), a->ai_addrlen, reinterpret_cast<char*>(&address.storage));
    address.size = a->ai_addrlen;
    address.family = a->ai_family;
    into.addresses.push_back(address);
  }
  ::freeaddrinfo(list);
}

Result<std::vector<Address>> resolve(const Target& target, const DialOptions& options) {
  const auto lookup = std::make_shared<Lookup>();
  look_up(target.host, target.port, options.family, AI_NUMERICHOST, *lookup);
  if (lookup->code != 0) {
    lookup->finished = false;
    std::thread([lookup, host = target.host, port = target.port, family = options.family] {
      look_up(host, port, family, AI_ADDRCONFIG, *lookup);
      (void)!::eventfd_write(lookup->done.get(), 1);
    }).detach();
    const Wait wait = wait_for(lookup->done.get(), POLLIN, until(options.deadline), options.stop_fd);
    if (wait == Wait::stopped) return stopped();
    if (wait == Wait::timeout) return Error{Errc::timeout, "dns", "no answer for " + target.host + " within the time limit"};
  }
  const std::lock_guard lock(lookup->mutex);
  if (lookup->code != 0) {
    const bool absent = lookup->code == EAI_NONAME || lookup->code == EAI_NODATA || lookup->code == EAI_ADDRFAMILY;
    return Error{Errc::not_found, "dns",
                 absent ? target.host + " has no " + (options.family == Family::v4 ? "IPv4 " : options.family == Family::v6 ? "IPv6 " : "") + "address"
                        : target.host + " cannot be resolved: " + ::gai_strerror(lookup->code)};
  }
  return lookup->addresses;
}

// RFC 8305 section 4: families take turns, beginning with the one that the system prefers.
std::vector<Address> interleaved(std::vector<Address> in) {
  std::vector<Address> first, second, out;
  for (const Address& a : in) (a.family == in.front().family ? first : second).push_back(a);
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  return out;
}

std::string address_text(const Address& address) {
  char host[NI_MAXHOST] = {}, port[NI_MAXSERV] = {};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address.storage), address.size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "?";
  return address.family == AF_INET6 ? "[" + std::string(host) + "]:" + port : std::string(host) + ":" + port;
}

// Attempts run side by side; the first that is established wins.
class Race {
 public:
  Race(std::vector<Address> addresses, const DialOptions& options)
      : addresses_(std::move(addresses)), options_(options), end_(std::min(Clock::now() + options.connect_timeout, options.deadline)) {}

  Result<Dialled> run() {
    auto next_start = Clock::now();
    while (started_ < addresses_.size() || !attempts_.empty()) {
      if (started_ < addresses_.size() && (attempts_.empty() || Clock::now() >= next_start)) {
        if (auto won = start(addresses_[started_++])) return *std::move(won);
        next_start = Clock::now() + kAttemptDelay;
        continue;
      }
      if (Clock::now() >= end_) return Error{Errc::timeout, "tcp", "no answer from " + tried() + " within the time limit"};
      const auto wake = started_ < addresses_.size() ? std::min(end_, next_start) : end_;
      std::optional<Dialled> won;
      if (!wait(wake, won)) return stopped();
      if (won) return *std::move(won);
    }
    return Error{Errc::unavailable, "tcp", failures_.empty() ? "no address to connect to" : failures_};
  }

 private:
  struct Attempt { Fd fd; Address address; };

  std::string tried() const {
    std::string out;
    for (const Attempt& a : attempts_) out += (out.empty() ? "" : ", ") + address_text(a.address);
    return out;
  }
  void failed(const Address& address, int code) { failures_ += (failures_.empty() ? "" : "; ") + address_text(address) + ": " + errno_sentence(code); }

  std::optional<Dialled> won(Attempt attempt) {
    const int on = 1;
    (void)::setsockopt(attempt.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Dialled out;
    out.fd = std::move(attempt.fd);
    out.address = address_text(attempt.address);
    return out;
  }

  std::optional<Dialled> start(const Address& address) {
    Attempt attempt{Fd(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), address};
    if (attempt.fd.get() < 0) {
      failed(address, errno);
      return {};
    }
    if (::connect(attempt.fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) return won(std::move(attempt));
    if (errno == EINPROGRESS) attempts_.push_back(std::move(attempt));
    else failed(address, errno);
    return {};
  }

  // False: stopped.
  bool wait(Clock::time_point wake, std::optional<Dialled>& winner) {
    std::vector<pollfd> polled{{options_.stop_fd, POLLIN, 0}};
    for (const Attempt& a : attempts_) polled.push_back({a.fd.get(), POLLOUT, 0});
    const auto left = std::clamp<long long>(until(wake).count(), 0, 60'000);
    if (::poll(polled.data(), polled.size(), static_cast<int>(left)) <= 0) return true;
    if (polled[0].revents != 0) return false;
    for (std::size_t i = attempts_.size(); i-- > 0;) {
      if (polled[i + 1].revents == 0) continue;
      int code = 0;
      socklen_t size = sizeof code;
      if (::getsockopt(attempts_[i].fd.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
      Attempt attempt = std::move(attempts_[i]);
      attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(i));
      if (code == 0) {
        winner = won(std::move(attempt));
        return true;
      }
      failed(attempt.address, code);
    }
    return true;
  }

  const std::vector<Address> addresses_;
  const DialOptions& options_;
  const Clock::time_point end_;
  std::size_t started_ = 0;
  std::vector<Attempt> attempts_;
  std::string failures_;
};

Status send_all(int fd, std::string_view text, Clock::time_point end, int stop_fd) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    else if (n < 0 && errno != EAGAIN && errno != EINTR) return Error{Errc::io, "proxy", errno_sentence(errno)};
    else if (const Wait w = wait_for(fd, POLLOUT, until(end), stop_fd); w != Wait::ready)
      return w == Wait::stopped ? stopped() : Error{Errc::timeout, "proxy", "the proxy does not take the request"};
  }
  return ok();
}

// Byte by byte, so that nothing of what follows the answer is consumed.
Result<std::string> read_answer(int fd, Clock::time_point end, int stop_fd) {
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    if (answer.size() >= kMaxProxyAnswer) return Error{Errc::too_large, "proxy", "the answer of the proxy does not end"};
    char c = 0;
    const ssize_t n = ::recv(fd, &c, 1, 0);
    if (n == 1) answer.push_back(c);
    else if (n == 0) return Error{Errc::refused, "proxy", "the proxy closed the connection"};
    else if (errno != EAGAIN && errno != EINTR) return Error{Errc::io, "proxy", errno_sentence(errno)};
    else if (const Wait w = wait_for(fd, POLLIN, until(end), stop_fd); w != Wait::ready)
      return w == Wait::stopped ? stopped() : Error{Errc::timeout, "proxy", "no answer from the proxy within the time limit"};
  }
  return answer;
}

// HTTP CONNECT, RFC 9110 section 9.3.6.
Status ask_proxy(int fd, const Target& target, const DialOptions& options) {
  const auto end = std::min(Clock::now() + options.connect_timeout, options.deadline);
  std::string request = "CONNECT " + target.text() + " HTTP/1.1\r\nHost: " + target.text() + "\r\n";
  if (!options.proxy->authorization.empty()) request += "Proxy-Authorization: " + options.proxy->authorization + "\r\n";
  if (const Status s = send_all(fd, request + "\r\n", end, options.stop_fd); !s) return s.error();
  const auto answer = read_answer(fd, end, options.stop_fd);
  if (!answer) return answer.error();
  const std::string line = answer->substr(0, answer->find("\r\n"));
  const bool established = (line.starts_with("HTTP/1.1 2") || line.starts_with("HTTP/1.0 2")) && line.size() >= 12;
  if (!established) return Error{Errc::refused, "proxy", "the proxy refuses to connect to " + target.text() + ": " + line};
  return ok();
}

Result<Target> split_host_port(std::string_view text, std::string_view what) {
  const auto bad = [&](std::string_view why) { return Error{Errc::bad_value, std::string(what), std::string(why) + ": expected HOST:PORT, found " + std::string(text)}; };
  std::string_view host, port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close + 1 >= text.size() || text[close + 1] != ':') return bad("no port after ]");
    host = text.substr(1, close - 1);
    port = text.substr(close + 2);
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return bad("no port");
    if (text.find(':', colon + 1) != std::string_view::npos) return bad("an IPv6 address needs brackets, [ADDRESS]:PORT");
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (host.empty()) return bad("no host");
  // What goes into a CONNECT request line must not be able to end it.
  if (std::any_of(host.begin(), host.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7F || c == '/' || c == '@' || c == '?' || c == '#'; }))
    return bad("not a host name");
  unsigned number = 0;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (code != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) return bad("the port is a number from 1 to 65535");
  return Target{std::string(host), static_cast<std::uint16_t>(number)};
}

}  // namespace

std::string Target::text() const {
  return (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Target> parse_target(std::string_view text) { return split_host_port(text, "target"); }

Result<Proxy> parse_proxy(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  // What was given may hold a password, wherever in it: it is never repeated.
  const auto bad = [](const std::string& why) { return Error{Errc::bad_value, "--proxy", why + "; expected http://[USER:PASSWORD@]HOST:PORT"}; };
  if (!url.starts_with(kScheme)) return bad("the scheme is not http");
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  Proxy proxy;
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    proxy.authorization = "Basic " + base64(as_bytes(url.substr(0, at)));
    url.remove_prefix(at + 1);
  }
  auto target = split_host_port(url, "--proxy");
  if (!target) return bad(target.error().detail.substr(0, target.error().detail.find(": expected ")));
  proxy.target = *std::move(target);
  return proxy;
}

Result<Dialled> dial(const Target& target, const DialOptions& options) {
  const auto start = Clock::now();
  auto addresses = resolve(options.proxy ? options.proxy->target : target, options);
  if (!addresses) return addresses.error();
  const double dns_ms = ms_since(start);
  if (addresses->empty()) return Error{Errc::not_found, "dns", target.host + " has no address"};

  const auto tcp_start = Clock::now();
  auto out = Race(interleaved(*std::move(addresses)), options).run();
  if (!out) return out.error();
  if (options.proxy)
    if (const Status s = ask_proxy(out->fd.get(), target, options); !s) return s.error();
  out->dns_ms = dns_ms;
  out->tcp_ms = ms_since(tcp_start);
  return out;
}

}  // namespace atls::channel
