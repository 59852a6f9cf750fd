// What a simulated KDS says to a path, without any socket.
#pragma once

#include <string>
#include <string_view>

#include "sim/platform.hpp"

namespace atls::sim {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/x-x509-ca-cert";
  Buffer body;
};
// `target`: path and query of the request line. Knows only the chip and the TCB of this platform.
HttpAnswer kds_answer(const Platform& platform, std::string_view target);

}  // namespace atls::sim
