// One bounded HTTP GET with retries: what a collateral service may cost us in time and memory is fixed beforehand.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

struct HttpOptions {
  std::string ca_file, proxy;
  std::chrono::milliseconds connect_timeout{10'000}, attempt_timeout{30'000}, total_timeout{60'000};
  std::vector<std::chrono::milliseconds> waits;    // one per retry: n waits are n + 1 attempts
  std::size_t max_body = 1024 * 1024;
  std::chrono::milliseconds max_retry_after = std::chrono::hours{24};   // a service that asks for a longer pause is not asked again
};

// Accepts https to anywhere and http to a literal loopback address, without user name, query or fragment; no trailing '/'.
Result<std::string> checked_base_url(const std::string& url);

std::string loaded_libcurl();   // "libcurl 7.88.1": the one that is loaded, not the one we were built with

// A 200 answer. Errc::unavailable: network, time-out, 408, 429, 5xx after the last attempt, or a Retry-After beyond
// the total time. Errc::refused: another 4xx. Errc::bad_value: any other status (redirects are not followed). Errc::too_large.
struct HttpAnswer { Buffer body; std::vector<std::pair<std::string, std::string>> headers; };   // names in lower case, values trimmed, in order
Result<HttpAnswer> http_request(const std::string& url, const HttpOptions& options);
Result<Buffer> http_get(const std::string& url, const HttpOptions& options);                     // its body

}  // namespace atls
