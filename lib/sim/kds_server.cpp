#include "sim/kds_server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <string_view>
#include <thread>

#include "base/hex.hpp"
#include "channel/accept_loop.hpp"
#include "pem/pem.hpp"
#include "snp/report.hpp"

namespace atls::sim {
namespace {

using namespace std::chrono_literals;
using channel::Wait;

constexpr std::size_t kMaxRequest = 8 * 1024;
constexpr std::chrono::milliseconds kRequestLimit = 5s;
constexpr std::size_t kMaxConnections = 64;

KdsAnswer text_answer(int status, std::string_view text) { return {status, "text/plain", to_buffer(std::string(text) + "\n")}; }

// "blSPL=04&teeSPL=00": decimal values by name; order and padding do not matter. Empty optional: not such a query.
std::optional<std::map<std::string, unsigned, std::less<>>> spl_query(std::string_view query) {
  std::map<std::string, unsigned, std::less<>> values;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view digits = part.substr(equals + 1);
    unsigned value = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (code != std::errc() || end != digits.data() + digits.size() || value > 255) return std::nullopt;
    if (!values.emplace(part.substr(0, equals), value).second) return std::nullopt;
  }
  return values;
}

bool same_tcb(const snp::TcbVersion& tcb, snp::TcbLayout layout, const std::map<std::string, unsigned, std::less<>>& asked) {
  using enum snp::TcbComponent;
  static constexpr std::pair<snp::TcbComponent, std::string_view> kNames[] = {
      {fmc, "fmcSPL"}, {bootloader, "blSPL"}, {tee, "teeSPL"}, {snp, "snpSPL"}, {microcode, "ucodeSPL"}};
  std::size_t found = 0;
  for (const auto& [component, name] : kNames) {
    const auto have = tcb.component(component, layout);
    if (!have) continue;
    const auto want = asked.find(name);
    if (want == asked.end() || want->second != *have) return false;
    ++found;
  }
  return found == asked.size();
}

KdsAnswer vcek_answer(const Platform& platform, std::string hwid, std::string_view query) {
  const snp::TcbLayout layout = snp::tcb_layout(platform.options().product);
  std::transform(hwid.begin(), hwid.end(), hwid.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t id_size = layout == snp::TcbLayout::turin ? 8 : 64;
  const auto chip_id = platform.chip_id();
  if (platform.options().vlek || hwid != hex(Bytes(chip_id).first(id_size))) return text_answer(404, "no such chip");
  const auto asked = spl_query(query);
  if (!asked) return text_answer(400, "bad query");
  if (!same_tcb(platform.reported_tcb(), layout, *asked)) return text_answer(404, "no certificate for this TCB");
  return {200, "application/octet-stream", platform.vek_der()};
}

void send_all(int fd, int stop_fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
    else if (n < 0 && errno != EAGAIN && errno != EINTR) return;
    else if (channel::wait_for(fd, POLLOUT, kRequestLimit, stop_fd) != Wait::ready) return;
  }
}

// The request line and headers up to the empty line; empty when none came in time.
std::string read_request(int fd, int stop_fd) {
  std::string request;
  const auto end = std::chrono::steady_clock::now() + kRequestLimit;
  std::array<char, 2048> block;
  while (request.size() < kMaxRequest && request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = ::recv(fd, block.data(), block.size(), 0);
    if (n > 0) {
      request.append(block.data(), static_cast<std::size_t>(n));
      continue;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) return {};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (channel::wait_for(fd, POLLIN, left, stop_fd) != Wait::ready) return {};
  }
  return request;
}

std::string_view status_words(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    default: return "Internal Server Error";
  }
}

void serve(const channel::AcceptedConnection& connection, const Platform& platform) {
  const std::string request = read_request(connection.fd.get(), connection.stop_fd);
  const std::string_view line = std::string_view(request).substr(0, request.find("\r\n"));
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (request.empty()) return;
  const bool is_head = line.starts_with("HEAD ");
  KdsAnswer answer = first == last ? text_answer(400, "bad request")
                     : !is_head && !line.starts_with("GET ") ? text_answer(405, "GET only")
                                                             : kds_answer(platform, line.substr(first + 1, last - first - 1));
  const std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(status_words(answer.status)) +
                           "\r\nContent-Type: " + answer.type + "\r\nContent-Length: " + std::to_string(answer.body.size()) +
                           "\r\nConnection: close\r\n\r\n";
  send_all(connection.fd.get(), connection.stop_fd, as_bytes(head));
  if (!is_head) send_all(connection.fd.get(), connection.stop_fd, answer.body);
  ::shutdown(connection.fd.get(), SHUT_WR);
}

class Running final : public KdsServer {
 public:
  Running(std::unique_ptr<channel::AcceptLoop> loop, std::shared_ptr<const Platform> platform)
      : loop_(std::move(loop)), thread_([loop = loop_.get(), platform = std::move(platform)] {
          loop->run([platform](channel::AcceptedConnection connection) { serve(connection, *platform); });
        }) {}
  ~Running() override {
    loop_->stop();
    thread_.join();
  }
  const std::string& address() const override { return loop_->address(); }

 private:
  std::unique_ptr<channel::AcceptLoop> loop_;
  std::thread thread_;
};

}  // namespace

KdsAnswer kds_answer(const Platform& platform, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
  const bool vlek = platform.options().vlek;
  const std::string vcek_base = "/vcek/v1/" + std::string(snp::product_name(platform.options().product)) + "/";
  const std::string vlek_base = "/vlek/v1/" + std::string(snp::product_name(platform.options().product)) + "/";
  // The CRL of a line is signed by its ARK and is the same under both paths.
  if (path == vcek_base + "crl" || path == vlek_base + "crl") return {200, "application/pkix-crl", platform.crl_der()};
  if (path == (vlek ? vlek_base : vcek_base) + "cert_chain")
    return {200, "application/x-pem-file",
            to_buffer(pem::encode("CERTIFICATE", platform.ask_der()) + pem::encode("CERTIFICATE", platform.ark_der()))};
  if (path.starts_with(vcek_base) && path.find('/', vcek_base.size()) == std::string_view::npos)
    return vcek_answer(platform, std::string(path.substr(vcek_base.size())), query);
  return text_answer(404, "not found");
}

Result<std::unique_ptr<KdsServer>> KdsServer::start(std::string_view address, std::shared_ptr<const Platform> platform) {
  auto loop = channel::AcceptLoop::create(address, kMaxConnections);
  if (!loop) return loop.error();
  return std::unique_ptr<KdsServer>(new Running(std::move(*loop), std::move(platform)));
}

}  // namespace atls::sim
