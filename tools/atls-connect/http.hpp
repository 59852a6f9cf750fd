// One GET over an attested connection, HTTP/1.1 (RFC 9112).
#pragma once

#include <string>

#include "channel/client.hpp"

namespace atls::connect {

inline constexpr std::size_t kMaxHead = 64 * 1024;            // status line and fields, as other clients limit them
inline constexpr std::size_t kMaxBody = 10 * 1024 * 1024;     // product limit on HTTP bodies

struct HttpResponse { int status = 0; std::string reason; Buffer body; };

// Interprets a whole response as received until the connection ended. `orderly`: with close_notify; a body that is delimited by the
// end of the connection is only complete then.
Result<HttpResponse> parse_response(Bytes received, bool orderly);
// True when `received` already is a complete response, so that nobody needs to wait for the end of the connection.
bool response_complete(Bytes received);
Result<HttpResponse> http_get(channel::AttestedChannel& connection, const std::string& host, const std::string& path);

}  // namespace atls::connect
