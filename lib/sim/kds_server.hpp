// The key distribution service of a simulated platform: AMD's paths over plain HTTP on a loopback address, with the ways in
// which the real service or a network fails. AMD 57230 "VCEK Certificate and KDS Interface Specification".
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/platform.hpp"

namespace atls::sim {

enum class KdsFailure {
  none,
  not_found,       // 404
  throttled,       // 429 with Retry-After
  server_error,    // 500
  slow,            // nothing for `delay`, then the answer
  truncated,       // half the body that Content-Length promises
  wrong_product,   // the object of another product line
  expired_crl,     // a CRL whose nextUpdate has passed
  oversized,       // 2 MiB
  redirect,        // 302 to a place that has the right answer
  garbage,         // 200 with bytes that are no certificate
};
std::string_view kds_failure_name(KdsFailure failure);                     // "not-found", ...
std::optional<KdsFailure> kds_failure_from(std::string_view name);

struct KdsMisbehaviour {
  KdsFailure failure = KdsFailure::none;
  int times = -1;                                   // this many requests, then good answers; -1: all
  std::string path_contains;                        // only requests with this in their path
  std::chrono::milliseconds delay{60'000};          // slow
  unsigned retry_after_s = 1;                       // throttled
};

class KdsServer {                                   // serves from creation to destruction, in threads of its own
 public:
  // `address`: ADDR:PORT with a loopback address (127.0.0.0/8, [::1] or localhost), anything else is Errc::refused. Port 0 picks one.
  static Result<std::unique_ptr<KdsServer>> start(std::string_view address, std::shared_ptr<const SnpPlatform> platform);
  virtual ~KdsServer() = default;
  virtual const std::string& address() const = 0;   // as bound: "127.0.0.1:40123"
  virtual std::string url() const = 0;              // "http://127.0.0.1:40123"
  virtual void misbehave(KdsMisbehaviour how) = 0;
  virtual std::vector<std::string> requests() const = 0;   // paths in order of arrival, the last 1000
};

}  // namespace atls::sim
