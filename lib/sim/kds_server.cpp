#include "sim/kds_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <deque>
#include <mutex>
#include <thread>

#include "channel/accept_loop.hpp"
#include "sim/kds_answer.hpp"

namespace atls::sim {
namespace {

constexpr std::size_t kMaxConnections = 64;
constexpr std::size_t kMaxRequest = 16 * 1024;        // request line and headers
constexpr std::size_t kKeptRequests = 1000;
constexpr std::size_t kOversizedBody = 2 * 1024 * 1024;
constexpr std::chrono::seconds kClientLimit{10};      // for a whole request, and for each write
constexpr std::string_view kRedirected = "/redirected";

using Client = channel::AcceptedConnection;

struct FailureName { KdsFailure failure; std::string_view name; };
constexpr FailureName kNames[] = {{KdsFailure::none, "none"}, {KdsFailure::not_found, "not-found"}, {KdsFailure::throttled, "throttled"},
                                  {KdsFailure::server_error, "server-error"}, {KdsFailure::slow, "slow"}, {KdsFailure::truncated, "truncated"},
                                  {KdsFailure::wrong_product, "wrong-product"}, {KdsFailure::expired_crl, "expired-crl"},
                                  {KdsFailure::oversized, "oversized"}, {KdsFailure::redirect, "redirect"}, {KdsFailure::garbage, "garbage"}};

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
    case 429: return "Too Many Requests";
    default: return "Internal Server Error";
  }
}

// What all connections share. Threads of a server that is ending may outlive it.
class Service {
 public:
  Service(std::shared_ptr<const SnpPlatform> platform, std::shared_ptr<const SnpPlatform> other_product, std::shared_ptr<const SnpPlatform> expired, std::string url)
      : platform_(std::move(platform)), other_product_(std::move(other_product)), expired_(std::move(expired)), url_(std::move(url)) {}

  const std::string& url() const { return url_; }
  void misbehave(KdsMisbehaviour how) {
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
      return send_answer(client, {400, "text/plain", to_buffer("bad request\n")});
    if (request.substr(0, method_end) != "GET") return send_answer(client, {405, "text/plain", to_buffer("only GET\n")});
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
  KdsMisbehaviour next(const std::string& target) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(target);
    if (requests_.size() > kKeptRequests) requests_.pop_front();
    if (how_.times == 0 || target.find(how_.path_contains) == std::string::npos) return {};
    if (how_.times > 0) --how_.times;
    return how_;
  }

  void answer(const Client& client, const std::string& target) {
    const KdsMisbehaviour how = next(target);
    if (target.starts_with(kRedirected)) return send_answer(client, kds_answer(*platform_, std::string_view(target).substr(kRedirected.size())));
    switch (how.failure) {
      case KdsFailure::none: break;
      case KdsFailure::not_found: return send_answer(client, {404, "text/plain", to_buffer("not found\n")});
      case KdsFailure::throttled:
        return send_answer(client, {429, "text/plain", to_buffer("too many requests\n")}, "Retry-After: " + std::to_string(how.retry_after_s) + "\r\n");
      case KdsFailure::server_error: return send_answer(client, {500, "text/plain", to_buffer("internal error\n")});
      case KdsFailure::slow: {
        pollfd stopped{client.stop_fd, POLLIN, 0};
        if (::poll(&stopped, 1, static_cast<int>(how.delay.count())) != 0) return;
        break;
      }
      case KdsFailure::truncated: return send_answer(client, kds_answer(*platform_, target), {}, 2);
      case KdsFailure::wrong_product: return send_answer(client, of_other_product(target));
      case KdsFailure::expired_crl: return send_answer(client, kds_answer(*expired_, target));
      case KdsFailure::oversized: return send_answer(client, {200, "application/octet-stream", Buffer(kOversizedBody, 0x30)});
      case KdsFailure::redirect: return send_answer(client, {302, "text/plain", {}}, "Location: " + url_ + std::string(kRedirected) + target + "\r\n");
      case KdsFailure::garbage: return send_answer(client, {200, "application/octet-stream", Buffer(1351, 0x5A)});
    }
    send_answer(client, kds_answer(*platform_, target));
  }

  // The same kind of object of another line, whatever chip and TCB are asked for.
  HttpAnswer of_other_product(std::string_view target) const {
    if (target.find("/crl") != std::string_view::npos) return {200, "application/pkix-crl", other_product_->crl_der()};
    if (target.find("/cert_chain") == std::string_view::npos) return {200, "application/x-x509-ca-cert", other_product_->vek_der()};
    std::string path(target);
    const std::string own(snp::product_name(platform_->options().product)), other(snp::product_name(other_product_->options().product));
    if (const std::size_t at = path.find(own); at != std::string::npos) path.replace(at, own.size(), other);
    return kds_answer(*other_product_, path);
  }

  // Sends 1/`part` of the body.
  static void send_answer(const Client& client, const HttpAnswer& out, const std::string& more_headers = {}, std::size_t part = 1) {
    const std::string head = "HTTP/1.1 " + std::to_string(out.status) + " " + std::string(reason(out.status)) + "\r\nContent-Type: " + out.content_type +
                             "\r\nContent-Length: " + std::to_string(out.body.size()) + "\r\nConnection: close\r\n" + more_headers + "\r\n";
    if (send_all(client, as_bytes(head)) && send_all(client, Bytes(out.body).first(out.body.size() / part))) ::shutdown(client.fd.get(), SHUT_WR);
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

  const std::shared_ptr<const SnpPlatform> platform_, other_product_, expired_;
  const std::string url_;
  mutable std::mutex mutex_;
  KdsMisbehaviour how_;
  std::deque<std::string> requests_;
};

class Running final : public KdsServer {
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
  void misbehave(KdsMisbehaviour how) override { service_->misbehave(std::move(how)); }
  std::vector<std::string> requests() const override { return service_->requests(); }

 private:
  const std::unique_ptr<channel::AcceptLoop> loop_;
  const std::shared_ptr<Service> service_;
  std::thread thread_;
};

}  // namespace

std::string_view kds_failure_name(KdsFailure failure) {
  for (const FailureName& row : kNames)
    if (row.failure == failure) return row.name;
  return "none";
}

std::optional<KdsFailure> kds_failure_from(std::string_view name) {
  for (const FailureName& row : kNames)
    if (row.name == name) return row.failure;
  return std::nullopt;
}

Result<std::unique_ptr<KdsServer>> KdsServer::start(std::string_view address, std::shared_ptr<const SnpPlatform> platform) {
  auto at = channel::parse_listen_address(address);
  if (!at) return at.error();
  if (at->host == "localhost") at->host = "127.0.0.1";
  if (!is_loopback(at->host))
    return Error{Errc::refused, std::string(address), "the simulated KDS serves loopback addresses only; use 127.0.0.1:PORT or [::1]:PORT"};
  SnpOptions other = platform->options(), expired = platform->options();
  other.product = other.product == snp::ProductLine::genoa ? snp::ProductLine::milan : snp::ProductLine::genoa;
  expired.faults.push_back("crl-expired");
  auto other_platform = SnpPlatform::create(other), expired_platform = SnpPlatform::create(expired);
  if (!other_platform) return other_platform.error();
  if (!expired_platform) return expired_platform.error();
  const bool v6 = at->host.find(':') != std::string::npos;
  auto loop = channel::AcceptLoop::create((v6 ? "[" + at->host + "]" : at->host) + ":" + at->port, kMaxConnections);
  if (!loop) return loop.error();
  auto service = std::make_shared<Service>(std::move(platform), *std::move(other_platform), *std::move(expired_platform), "http://" + (*loop)->address());
  return std::unique_ptr<KdsServer>(std::make_unique<Running>(*std::move(loop), std::move(service)));
}

}  // namespace atls::sim
