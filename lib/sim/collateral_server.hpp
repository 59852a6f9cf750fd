// The key distribution service of a simulated platform, AMD's KDS or Intel's PCS: its paths over plain HTTP on a loopback address,
// with the ways in which the real service or a network fails. AMD 57230 "VCEK Certificate and KDS Interface Specification"; Intel PCS
// API v4.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/platform.hpp"

namespace atls::sim {

enum class ServiceFailure {
  none,
  not_found,         // 404
  gone,              // 410
  throttled,         // 429 with Retry-After
  server_error,      // 500
  slow,              // nothing for `delay`, then the answer
  trickle,           // the answer, one byte each `delay`
  truncated,         // half the body that Content-Length promises
  other_machine,     // the object of another product line or kind of machine
  expired,           // the object as a platform has it whose lists have expired
  oversized,         // 2 MiB
  endless,           // a body that does not end
  redirect,          // 302 to a place that has the right answer
  garbage,           // 200 with bytes that are no object
  chain_missing,     // no header with the issuer chain
  chain_duplicated,  // that header twice
  chain_unencoded,   // that header as plain PEM, its lines folded
};
std::string_view service_failure_name(ServiceFailure failure);                     // "not-found", ...
std::optional<ServiceFailure> service_failure_from(std::string_view name);

struct Misbehaviour {
  ServiceFailure failure = ServiceFailure::none;
  int times = -1;                                   // this many requests, then good answers; -1: all
  std::string path_contains;                        // only requests with this in their path
  std::chrono::milliseconds delay{60'000};          // slow, trickle
  unsigned retry_after_s = 1;                       // throttled
};
// What a platform with a fault of layer http makes its service do; nothing without one.
Misbehaviour misbehaviour_of(const Platform& platform);

class CollateralServer {                            // serves from creation to destruction, in threads of its own
 public:
  // `address`: ADDR:PORT with a loopback address (127.0.0.0/8, [::1] or localhost), anything else is Errc::refused. Port 0 picks one.
  static Result<std::unique_ptr<CollateralServer>> start(std::string_view address, std::shared_ptr<const Platform> platform);
  virtual ~CollateralServer() = default;
  virtual const std::string& address() const = 0;   // as bound: "127.0.0.1:40123"
  virtual std::string url() const = 0;              // "http://127.0.0.1:40123"
  virtual void misbehave(Misbehaviour how) = 0;
  virtual std::vector<std::string> requests() const = 0;   // paths in order of arrival, the last 1000
};

}  // namespace atls::sim
