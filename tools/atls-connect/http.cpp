#include "atls-connect/http.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace atls::connect {
namespace {

using channel::IoEnd;

constexpr std::size_t kMaxLooking = 64 * kMaxBody;

Error bad(std::string detail) { return {Errc::bad_value, "http", std::move(detail)}; }
Error incomplete(std::string detail) { return {Errc::truncated, "http", std::move(detail)}; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::size_t> number(std::string_view text, int base) {
  std::size_t out = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return {};
  return out;
}

struct Head { int status = 0; std::string reason; std::optional<std::size_t> length; bool chunked = false; std::size_t size = 0; };

Result<Head> parse_head(std::string_view text) {
  const std::size_t end = text.substr(0, kMaxHead).find("\r\n\r\n");
  if (end == std::string_view::npos) return text.size() < kMaxHead ? incomplete("the response ends in its head") : Error{Errc::too_large, "http", "the head of the response is too long"};
  Head head;
  head.size = end + 4;
  std::string_view lines = text.substr(0, end + 2);
  std::string_view line = lines.substr(0, lines.find("\r\n"));
  const auto status = line.size() >= 12 ? number(line.substr(9, 3), 10) : std::nullopt;
  if (!(line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) || !status || *status < 100) return bad("not an HTTP/1.1 response");
  head.status = static_cast<int>(*status);
  head.reason = trimmed(line.substr(12));
  for (lines.remove_prefix(line.size() + 2); !lines.empty(); lines.remove_prefix(line.size() + 2)) {
    line = lines.substr(0, lines.find("\r\n"));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return bad("a field of the response has no name");
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "content-length") {
      const auto length = number(value, 10);
      if (!length || (head.length && *head.length != *length)) return bad("Content-Length is not one number");
      head.length = length;
    }
    if (name == "transfer-encoding") {
      if (lower(value) != "chunked") return bad("transfer encoding " + std::string(value) + " is not supported");
      head.chunked = true;
    }
  }
  if (head.chunked && head.length) return bad("both Transfer-Encoding and Content-Length are given");
  return head;
}

Result<Buffer> chunked_body(std::string_view text) {
  Buffer body;
  for (;;) {
    const std::size_t line_end = text.find("\r\n");
    if (line_end == std::string_view::npos) return text.size() > kMaxHead ? bad("a chunk has no size") : incomplete("the response ends before its last chunk");
    const std::string_view line = text.substr(0, line_end);
    const auto size = number(trimmed(line.substr(0, line.find(';'))), 16);
    if (!size) return bad("the size of a chunk is not a number");
    text.remove_prefix(line_end + 2);
    if (*size == 0) {   // trailer fields, then an empty line
      if (text.starts_with("\r\n") || text.find("\r\n\r\n") != std::string_view::npos) return body;
      return incomplete("the response ends in its trailer");
    }
    if (*size > kMaxBody - body.size()) return Error{Errc::too_large, "http", "the body is larger than " + std::to_string(kMaxBody) + " bytes"};
    if (text.size() < *size + 2) return incomplete("the response ends inside a chunk");
    if (text.substr(*size, 2) != "\r\n") return bad("a chunk is longer than its size");
    const Bytes data = as_bytes(text.substr(0, *size));
    body.insert(body.end(), data.begin(), data.end());
    text.remove_prefix(*size + 2);
  }
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

Result<HttpResponse> parse_response(Bytes received, bool orderly) {
  std::string_view text = as_text(received);
  for (;;) {
    const auto head = parse_head(text);
    if (!head) return head.error();
    text.remove_prefix(head->size);
    if (head->status < 200) continue;   // interim responses
    HttpResponse out{head->status, head->reason, {}};
    if (!has_body(head->status)) return out;
    if (head->chunked) {
      auto body = chunked_body(text);
      if (!body) return body.error();
      out.body = *std::move(body);
      return out;
    }
    if (head->length && *head->length > kMaxBody) return Error{Errc::too_large, "http", "the body is larger than " + std::to_string(kMaxBody) + " bytes"};
    if (head->length && text.size() < *head->length)
      return incomplete("the body has " + std::to_string(text.size()) + " bytes, " + std::to_string(*head->length) + " were announced");
    if (!head->length && !orderly) return incomplete("the connection was cut, so the body may be incomplete");
    out.body = to_buffer(text.substr(0, head->length.value_or(text.size())));
    return out;
  }
}

bool response_complete(Bytes received) {
  const auto response = parse_response(received, false);
  return response || response.error().code != Errc::truncated;   // an answer that is wrong does not get better
}

Result<HttpResponse> http_get(channel::AttestedChannel& connection, const std::string& host, const std::string& path) {
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: atls-connect/" + ATLS_VERSION +
                              "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  const auto failure = [&](IoEnd end) {
    const std::string alert = connection.alert();
    return Error{Errc::io, "http", alert.empty() ? std::string(channel::io_end_text(end)) : "the server ended the connection with " + alert};
  };
  if (const IoEnd end = connection.write(as_bytes(request)); end != IoEnd::ok) return failure(end);
  Buffer received;
  std::array<std::uint8_t, 16 * 1024> block;
  std::size_t looked_at = 0;
  for (;;) {
    std::size_t count = 0;
    const IoEnd end = connection.read(block, count);
    if (end == IoEnd::closed || end == IoEnd::truncated) return parse_response(received, end == IoEnd::closed);
    if (end != IoEnd::ok) return failure(end);
    received.insert(received.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
    if (received.size() > kMaxHead + 2 * kMaxBody) return Error{Errc::too_large, "http", "the response is too long"};
    // Most servers close, as they were asked to. Looking for the end of the others is limited, or a trickle would cost the square of
    // its length.
    if (looked_at > kMaxLooking) continue;
    looked_at += received.size();
    if (response_complete(received)) return parse_response(received, false);
  }
}

}  // namespace atls::connect
