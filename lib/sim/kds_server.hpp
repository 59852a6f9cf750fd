// A simulated AMD KDS over plain HTTP, for loopback: the certificates and the CRL of one simulated platform under the paths of
// AMD 57230, faults included.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "sim/platform.hpp"

namespace atls::sim {

class KdsServer {                       // serves from creation to destruction, in threads of its own
 public:
  static Result<std::unique_ptr<KdsServer>> start(std::string_view address, std::shared_ptr<const Platform> platform);
  virtual ~KdsServer() = default;
  virtual const std::string& address() const = 0;   // as bound
};

// One answer, without the network: status, type and body for a request path with its query.
struct KdsAnswer { int status; std::string type; Buffer body; };
KdsAnswer kds_answer(const Platform& platform, std::string_view target);

}  // namespace atls::sim
