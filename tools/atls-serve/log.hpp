// One line per connection on standard error.
#pragma once

#include <mutex>
#include <string>

#include "atls-serve/options.hpp"
#include "channel/server.hpp"

namespace atls::serve {

std::string log_line(const channel::ConnectionRecord& record);          // text, control characters of the peer escaped
std::string log_line_json(const channel::ConnectionRecord& record);     // one object, with the report about the client

class ConnectionLog {
 public:
  ConnectionLog(tools::Io& io, Log format) : io_(io), format_(format) {}
  void write(const channel::ConnectionRecord& record);                  // thread-safe
  // The worst of what the connections gave, in the order of a batch: for --count.
  ExitCode worst() const;

 private:
  tools::Io& io_;
  const Log format_;
  mutable std::mutex mutex_;
  ExitCode worst_ = ExitCode::verified;
};

}  // namespace atls::serve
