// Accepts connections and gives each its own thread: the part of a server that knows nothing of what is spoken.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "channel/io_limits.hpp"
#include "channel/listener.hpp"

namespace atls::channel {

// A connection; everything blocking in it waits for stop_fd, too.
struct AcceptedConnection {
  Fd fd;
  std::string peer;
  std::uint64_t number = 0;   // from 1, in the order of acceptance
  int stop_fd = -1;           // readable once the server is stopping
  std::shared_ptr<Liveness> liveness;   // for the limits of a handshake, see make_room
};
using ConnectionHandler = std::function<void(AcceptedConnection)>;   // runs in the connection's thread

struct AcceptLimits {
  std::size_t connections = 0;   // at once; more wait in the backlog of the kernel
  std::size_t per_origin = 0;    // of them, from one client address (Accepted::origin); more wait here. 0: no limit of their own
};

class AcceptLoop {
 public:
  static Result<std::unique_ptr<AcceptLoop>> create(std::string_view address, AcceptLimits limits);
  ~AcceptLoop();
  const std::string& address() const;   // as bound
  // Serves until stop(), or until `stop_after` connections (0: no limit) have ended. True when every connection thread has
  // ended; false when one was left behind after a grace period, so the process must end without destroying what it uses.
  // Where connections wait for a place, the handshake that has waited longest for its peer gives way.
  bool run(const ConnectionHandler& handler, std::uint64_t stop_after = 0);
  void stop() noexcept;                 // from any thread or signal handler

 private:
  struct State;
  explicit AcceptLoop(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;        // shared with the connection threads
};

}  // namespace atls::channel
