#include "sim/collateral_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <mutex>
#include <thread>

#include "base/percent.hpp"
#include "channel/accept_loop.hpp"

namespace atls::sim {
namespace {

constexpr std::size_t kMaxConnections = 64;
constexpr std::size_t kMaxRequest = 16 * 1024;        // request line and headers
constexpr std::size_t kKeptRequests = 1000;
constexpr std::size_t kOversizedBody = 2 * 1024 * 1024;
constexpr std::size_t kEndlessBlocks = 1024;           // 2 GiB: nobody reads so far
constexpr std::chrono::seconds kClientLimit{10};      // for a whole request, and for each write
constexpr std::string_view kRedirected = "/redirected";

using Client = channel::AcceptedConnection;

struct FailureName { ServiceFailure failure; std::string_view name; };
constexpr FailureName kNames[] = {
    {ServiceFailure::none, "none"}, {ServiceFailure::not_found, "not-found"}, {ServiceFailure::gone, "gone"}, {ServiceFailure::throttled, "throttled"},
    {ServiceFailure::server_error, "server-error"}, {ServiceFailure::slow, "slow"}, {ServiceFailure::trickle, "trickle"}, {ServiceFailure::truncated, "truncated"},
    {ServiceFailure::other_machine, "other-machine"}, {ServiceFailure::expired, "expired"}, {ServiceFailure::oversized, "oversized"}, {ServiceFailure::endless, "endless"},
    {ServiceFailure::redirect, "redirect"}, {ServiceFailure::garbage, "garbage"}, {ServiceFailure::chain_missing, "chain-missing"},
    {ServiceFailure::chain_duplicated, "chain-duplicated"}, {ServiceFailure::chain_unencoded, "chain-unencoded"}};

// Faults of layer http, all of the answer with the TCB info.
struct HttpFault { std::string_view name; ServiceFailure failure; std::chrono::milliseconds delay{}; unsigned retry_after_s = 0; };
constexpr HttpFault kHttpFaults[] = {
    {"http-404", ServiceFailure::not_found}, {"http-410", ServiceFailure::gone}, {"http-429", ServiceFailure::throttled, {}, 3600},
    {"http-500", ServiceFailure::server_error}, {"http-slow", ServiceFailure::trickle, std::chrono::seconds(1)}, {"http-oversized", ServiceFailure::endless},
    {"chain-header-missing", ServiceFailure::chain_missing}, {"chain-header-duplicated", ServiceFailure::chain_duplicated},
    {"chain-header-unencoded", ServiceFailure::chain_unencoded}};
constexpr std::string_view kTcbInfoPath = "/certification/v4/tcb?", kChainHeader = "-Issuer-Chain";

bool is_loopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 302: return "Found";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 410: return "Gone";
    case 429: return "Too Many Requests";
    default: return "Internal Server Error";
  }
}

// What all connections share. Threads of a server that is ending may outlive it.
class Service {
 public:
  Service(std::shared_ptr<const Platform> platform, std::string url)
      : platform_(std::move(platform)), url_(std::move(url)), how_(misbehaviour_of(*platform_)) {}

  const std::string& url() const { return url_; }
  void misbehave(Misbehaviour how) {
    const std::lock_guard lock(mutex_);
    how_ = std::move(how);
  }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return {requests_.begin(), requests_.end()};
  }

  void serve(const Client& client) {
    const std::string request = read_request(client);
    const std::size_t method_end = request.find(' '), target_end = request.find(' ', method_end + 1);
    if (method_end == std::string::npos || target_end == std::string::npos || request.find("\r\n\r\n") == std::string::npos)
      return send_answer(client, {400, "text/plain", to_buffer("bad request\n"), {}});
    if (request.substr(0, method_end) != "GET") return send_answer(client, {405, "text/plain", to_buffer("only GET\n"), {}});
    answer(client, request.substr(method_end + 1, target_end - method_end - 1));
  }

 private:
  static std::string read_request(const Client& client) {
    std::string request;
    const auto end = std::chrono::steady_clock::now() + kClientLimit;
    while (request.size() < kMaxRequest && request.find("\r\n\r\n") == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0 || channel::wait_for(client.fd.get(), POLLIN, left, client.stop_fd) != channel::Wait::ready) break;
      std::array<char, 4096> buffer;
      const ssize_t n = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) break;
      if (n > 0) request.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return request;
  }

  // Notes the request and takes one of the misbehaviours that are left.
  Misbehaviour next(const std::string& target) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(target);
    if (requests_.size() > kKeptRequests) requests_.pop_front();
    if (how_.times == 0 || target.find(how_.path_contains) == std::string::npos) return {};
    if (how_.times > 0) --how_.times;
    return how_;
  }

  void answer(const Client& client, const std::string& target) {
    const Misbehaviour how = next(target);
    if (target.starts_with(kRedirected)) return send_answer(client, platform_->answer(std::string_view(target).substr(kRedirected.size())));
    switch (how.failure) {
      case ServiceFailure::none: return send_answer(client, platform_->answer(target));
      case ServiceFailure::not_found: return send_answer(client, {404, "text/plain", to_buffer("not found\n"), {}});
      case ServiceFailure::gone: return send_answer(client, {410, "text/plain", to_buffer("gone\n"), {}});
      case ServiceFailure::throttled:
        return send_answer(client, {429, "text/plain", to_buffer("too many requests\n"), {{"Retry-After", std::to_string(how.retry_after_s)}}});
      case ServiceFailure::server_error: return send_answer(client, {500, "text/plain", to_buffer("internal error\n"), {}});
      case ServiceFailure::slow:
        if (!stopped_within(client, how.delay)) send_answer(client, platform_->answer(target));
        return;
      case ServiceFailure::trickle: return send_slowly(client, platform_->answer(target), how.delay);
      case ServiceFailure::truncated: return send_answer(client, platform_->answer(target), 2);
      case ServiceFailure::other_machine: return send_answer(client, platform_->answer_of_other_machine(target));
      case ServiceFailure::expired: return send_answer(client, platform_->answer_with_expired_lists(target));
      case ServiceFailure::oversized: return send_answer(client, {200, "application/octet-stream", Buffer(kOversizedBody, 0x30), {}});
      case ServiceFailure::endless: return send_without_end(client, platform_->answer(target));
      case ServiceFailure::redirect: return send_answer(client, {302, "text/plain", {}, {{"Location", url_ + std::string(kRedirected) + target}}});
      case ServiceFailure::garbage: return send_answer(client, {200, "application/octet-stream", Buffer(1351, 0x5A), {}});
      case ServiceFailure::chain_missing:
      case ServiceFailure::chain_duplicated:
      case ServiceFailure::chain_unencoded: return send_answer(client, with_other_chain(platform_->answer(target), how.failure));
    }
  }

  static HttpAnswer with_other_chain(HttpAnswer answer, ServiceFailure how) {
    const auto at = std::find_if(answer.headers.begin(), answer.headers.end(), [](const auto& header) { return header.first.ends_with(kChainHeader); });
    if (at == answer.headers.end()) return answer;
    if (how == ServiceFailure::chain_missing) {
      answer.headers.erase(at);
    } else if (how == ServiceFailure::chain_duplicated) {
      answer.headers.push_back(*at);
    } else if (const Result<std::string> pem = percent_decode(at->second)) {
      at->second.clear();
      for (const char c : *pem) at->second += c == '\n' ? std::string("\r\n ") : std::string(1, c);   // continuation lines, RFC 7230 3.2.4
    }
    return answer;
  }

  // True when the server ends before `delay` has passed.
  static bool stopped_within(const Client& client, std::chrono::milliseconds delay) {
    pollfd stopped{client.stop_fd, POLLIN, 0};
    return ::poll(&stopped, 1, static_cast<int>(delay.count())) != 0;
  }

  static std::string head(const HttpAnswer& out, bool with_length = true) {
    std::string text = "HTTP/1.1 " + std::to_string(out.status) + " " + std::string(reason(out.status)) + "\r\nContent-Type: " + out.content_type;
    if (with_length) text += "\r\nContent-Length: " + std::to_string(out.body.size());
    text += "\r\nConnection: close\r\n";
    for (const auto& [name, value] : out.headers) text += name + ": " + value + "\r\n";
    return text + "\r\n";
  }

  // Sends 1/`part` of the body.
  static void send_answer(const Client& client, const HttpAnswer& out, std::size_t part = 1) {
    if (send_all(client, as_bytes(head(out))) && send_all(client, Bytes(out.body).first(out.body.size() / part))) ::shutdown(client.fd.get(), SHUT_WR);
  }

  static void send_slowly(const Client& client, const HttpAnswer& out, std::chrono::milliseconds delay) {
    if (!send_all(client, as_bytes(head(out)))) return;
    for (const std::uint8_t& byte : out.body)
      if (stopped_within(client, delay) || !send_all(client, {&byte, 1})) return;
  }

  // White space behind a body changes no JSON: only a limit of the client ends this.
  static void send_without_end(const Client& client, const HttpAnswer& out) {
    if (!send_all(client, as_bytes(head(out, false))) || !send_all(client, out.body)) return;
    const Buffer more(kOversizedBody, ' ');
    for (std::size_t i = 0; i < kEndlessBlocks && !stopped_within(client, std::chrono::milliseconds(0)); ++i)
      if (!send_all(client, more)) return;
  }

  static bool send_all(const Client& client, Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(client.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
      else if (n == 0 || (errno != EAGAIN && errno != EINTR)) return false;
      else if (channel::wait_for(client.fd.get(), POLLOUT, kClientLimit, client.stop_fd) != channel::Wait::ready) return false;
    }
    return true;
  }

  const std::shared_ptr<const Platform> platform_;
  const std::string url_;
  mutable std::mutex mutex_;
  Misbehaviour how_;
  std::deque<std::string> requests_;
};

class Running final : public CollateralServer {
 public:
  Running(std::unique_ptr<channel::AcceptLoop> loop, std::shared_ptr<Service> service)
      : loop_(std::move(loop)), service_(std::move(service)),
        thread_([loop = loop_.get(), service = service_] { loop->run([service](const Client& client) { service->serve(client); }); }) {}
  ~Running() override {
    loop_->stop();
    thread_.join();
  }
  const std::string& address() const override { return loop_->address(); }
  std::string url() const override { return service_->url(); }
  void misbehave(Misbehaviour how) override { service_->misbehave(std::move(how)); }
  std::vector<std::string> requests() const override { return service_->requests(); }

 private:
  const std::unique_ptr<channel::AcceptLoop> loop_;
  const std::shared_ptr<Service> service_;
  std::thread thread_;
};

}  // namespace

std::string_view service_failure_name(ServiceFailure failure) {
  for (const FailureName& row : kNames)
    if (row.failure == failure) return row.name;
  return "none";
}

std::optional<ServiceFailure> service_failure_from(std::string_view name) {
  for (const FailureName& row : kNames)
    if (row.name == name) return row.failure;
  return std::nullopt;
}

Misbehaviour misbehaviour_of(const Platform& platform) {
  for (const HttpFault& row : kHttpFaults)
    for (const std::string& name : platform.faults())
      if (name == row.name)
        return {.failure = row.failure, .times = -1, .path_contains = std::string(kTcbInfoPath), .delay = row.delay, .retry_after_s = row.retry_after_s};
  return {};
}

Result<std::unique_ptr<CollateralServer>> CollateralServer::start(std::string_view address, std::shared_ptr<const Platform> platform) {
  auto at = channel::parse_listen_address(address);
  if (!at) return at.error();
  if (at->host == "localhost") at->host = "127.0.0.1";
  if (!is_loopback(at->host))
    return Error{Errc::refused, std::string(address), "simulated collateral is served on loopback addresses only; use 127.0.0.1:PORT or [::1]:PORT"};
  const bool v6 = at->host.find(':') != std::string::npos;
  auto loop = channel::AcceptLoop::create((v6 ? "[" + at->host + "]" : at->host) + ":" + at->port, {.connections = kMaxConnections});
  if (!loop) return loop.error();
  auto service = std::make_shared<Service>(std::move(platform), "http://" + (*loop)->address());
  return std::unique_ptr<CollateralServer>(std::make_unique<Running>(*std::move(loop), std::move(service)));
}

}  // namespace atls::sim
