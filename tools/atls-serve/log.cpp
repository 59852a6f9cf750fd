#include "atls-serve/log.hpp"

#include <fmt/core.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/hex.hpp"
#include "report/render.hpp"

namespace atls::serve {
namespace {

std::string now_text() { return rfc3339(std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now())); }

// What a connection means for the exit status of --count.
ExitCode exit_code(const channel::ConnectionRecord& record) {
  if (record.client_report && record.client_report->verdict && record.client_report->verdict->code != ExitCode::verified) return record.client_report->verdict->code;
  if (!record.established) return ExitCode::no_evidence;
  return record.failure.empty() ? ExitCode::verified : ExitCode::exchange_failed;
}

}  // namespace

std::string log_line(const channel::ConnectionRecord& record) {
  std::string line = fmt::format("{} {}: #{} {} ", now_text(), kTool.name, record.number, record.peer);
  if (!record.established) return line + "refused: " + escape_control(record.failure);
  line += fmt::format("{}{}{}{}, handshake {} ms, {} bytes in, {} out, {} ms", record.tls.version, record.tls.alpn.empty() ? "" : " " + escape_control(record.tls.alpn),
                      record.tls.resumed ? " resumed (no evidence was sent)" : "", record.client_report ? ", client verified" : "", record.handshake_time.count(),
                      record.bytes_in, record.bytes_out, record.total_time.count());
  return record.failure.empty() ? line : line + ", ended: " + escape_control(record.failure);
}

std::string log_line_json(const channel::ConnectionRecord& record) {
  nlohmann::ordered_json line;
  line["time"] = now_text();
  line["connection"] = record.number;
  line["peer"] = record.peer;
  line["established"] = record.established;
  line["failure"] = record.failure.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(record.failure);
  line["tls"] = {{"version", record.tls.version}, {"cipher", record.tls.cipher}, {"group", record.tls.group},
                 {"alpn", record.tls.alpn},       {"resumed", record.tls.resumed}, {"sni", record.tls.sni}};
  line["client_nonce"] = hex(record.client_nonce);
  line["server_nonce"] = hex(record.server_nonce);
  line["bytes_in"] = record.bytes_in;
  line["bytes_out"] = record.bytes_out;
  line["handshake_ms"] = record.handshake_time.count();
  line["total_ms"] = record.total_time.count();
  line["client_report"] = record.client_report ? report_json(*record.client_report) : nlohmann::ordered_json();
  return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);   // an SNI may be any bytes
}

void ConnectionLog::write(const channel::ConnectionRecord& record) {
  const std::string line = format_ == Log::none ? std::string() : (format_ == Log::json ? log_line_json(record) : log_line(record)) + "\n";
  const std::lock_guard lock(mutex_);
  worst_ = worse_of_batch(worst_, exit_code(record));
  if (!line.empty()) io_.err << line << std::flush;
}

ExitCode ConnectionLog::worst() const {
  const std::lock_guard lock(mutex_);
  return worst_;
}

}  // namespace atls::serve
