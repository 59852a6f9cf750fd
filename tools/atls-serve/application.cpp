#include "atls-serve/application.hpp"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "report/render.hpp"

namespace atls::serve {
namespace {

using channel::IoEnd;

// A request head; the status page reads nothing else of the request.
constexpr std::size_t kMaxRequestHead = 16 * 1024;
constexpr std::chrono::milliseconds kForwardConnectLimit{10'000};

std::string words_for(IoEnd end) { return end == IoEnd::ok || end == IoEnd::closed ? std::string() : std::string(channel::io_end_text(end)); }

std::string echo(channel::Connection& connection) {
  std::array<std::uint8_t, 16 * 1024> block;
  for (;;) {
    std::size_t count = 0;
    if (const IoEnd end = connection.stream.read(block, count); end != IoEnd::ok) return words_for(end);
    if (const IoEnd end = connection.stream.write(Bytes(block).first(count)); end != IoEnd::ok) return words_for(end);
  }
}

std::string http_response(int status, std::string_view words, std::string_view body, bool with_body) {
  return fmt::format("HTTP/1.1 {} {}\r\nServer: atls-serve/{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
                     "Cache-Control: no-store\r\nConnection: close\r\n\r\n{}",
                     status, words, ATLS_VERSION, body.size(), with_body ? body : std::string_view());
}

std::string error_body(std::string_view words) { return nlohmann::ordered_json{{"error", words}}.dump() + "\n"; }

std::string http(channel::Connection& connection, const channel::Admission& admission, const std::string& attester_name, std::chrono::seconds head_limit) {
  const auto head_end = std::chrono::steady_clock::now() + head_limit;   // of the whole head: a byte now and then is no request
  std::string head;
  std::array<std::uint8_t, 4096> block;
  while (head.find("\r\n\r\n") == std::string::npos && head.size() <= kMaxRequestHead) {
    std::size_t count = 0;
    const IoEnd end = connection.stream.read(block, count, head_end);
    if (end == IoEnd::closed && head.empty()) return {};
    if (end == IoEnd::timeout) return "no complete HTTP request within " + std::to_string(head_limit.count()) + " s";
    if (end != IoEnd::ok) return "no complete HTTP request: " + std::string(channel::io_end_text(end));
    head += as_text(Bytes(block).first(count));
  }
  const std::string_view line = std::string_view(head).substr(0, head.find("\r\n"));
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  const bool well_formed = first != std::string_view::npos && first != last && line.substr(last + 1).starts_with("HTTP/1.");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = well_formed ? line.substr(first + 1, last - first - 1) : std::string_view();
  std::string answer;
  if (head.size() > kMaxRequestHead) answer = http_response(431, "Request Header Fields Too Large", error_body("request head too large"), true);
  else if (!well_formed) answer = http_response(400, "Bad Request", error_body("not an HTTP/1.x request"), true);
  else if (method != "GET" && method != "HEAD") answer = http_response(405, "Method Not Allowed", error_body("GET and HEAD only"), true);
  else if (target != "/" && target != "/status") answer = http_response(404, "Not Found", error_body("the only page is /"), method == "GET");
  else answer = http_response(200, "OK", status_page(connection.record, admission, attester_name), method == "GET");
  return words_for(connection.stream.write(as_bytes(answer)));
}

std::string forward(channel::Connection& connection, const channel::ListenAddress& target) {
  const auto upstream = channel::connect_to(target.host, target.port, kForwardConnectLimit, connection.stop_fd);
  if (!upstream) return "forwarding failed: " + upstream.error().message();
  const int fd = upstream->get();
  const IoEnd end = connection.stream.relay({fd, fd, [fd] { ::shutdown(fd, SHUT_WR); }, false});
  return words_for(end);
}

nlohmann::ordered_json hex_or_null(Bytes bytes) { return bytes.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(hex(bytes)); }

}  // namespace

std::string status_page(const channel::ConnectionRecord& record, const channel::Admission& admission, const std::string& attester_name) {
  nlohmann::ordered_json page;
  page["server"] = {{"tool", "atls-serve"}, {"version", ATLS_VERSION}, {"profile", "constellation"}, {"attester", attester_name}};
  page["time"] = rfc3339(std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()));
  page["connection"] = {{"number", record.number},
                        {"peer", record.peer},
                        {"tls", record.tls.version},
                        {"cipher", record.tls.cipher},
                        {"group", record.tls.group},
                        {"alpn", record.tls.alpn},
                        {"resumed", record.tls.resumed},
                        {"client_nonce", hex_or_null(record.client_nonce)},
                        {"server_nonce", hex_or_null(record.server_nonce)},
                        {"handshake_ms", record.handshake_time.count()}};
  // null: the client was not asked for evidence, so nothing is known about it.
  page["client"] = nullptr;
  if (admission.client() && record.client_report) {
    const nlohmann::ordered_json report = report_json(*record.client_report);   // the whole of it, claims included, is in --log json
    page["client"] = {{"verified", true}, {"format", admission.client()->format()}};
    for (const char* key : {"verdict", "binding", "freshness", "not_proven"}) page["client"][key] = report.at(key);
    page["client"]["simulated"] = std::any_of(record.client_report->evidence.begin(), record.client_report->evidence.end(), [](const EvidenceInfo& e) { return e.simulated; });
  }
  return page.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

ApplicationFunction make_application(const Options& options, std::string attester_name) {
  switch (options.application) {
    case Application::echo:
      return [](channel::Connection& connection, const channel::Admission&) { return echo(connection); };
    case Application::http:
      return [name = std::move(attester_name), limit = std::chrono::seconds(std::min(options.handshake_timeout, options.idle_timeout))](
                 channel::Connection& connection, const channel::Admission& admission) {
        return http(connection, admission, name, limit);
      };
    case Application::exec:
      return [command = options.exec_command](channel::Connection& connection, const channel::Admission& admission) {
        return run_command(connection, admission, command);
      };
    case Application::forward:
      return [target = *channel::parse_listen_address(options.forward_target)](channel::Connection& connection, const channel::Admission&) {
        return forward(connection, target);
      };
  }
  return {};
}

}  // namespace atls::serve
