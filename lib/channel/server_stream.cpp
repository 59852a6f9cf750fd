#include "channel/server_stream.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "channel/clock.hpp"

namespace atls::channel {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBlock = 16 * 1024;   // one TLS record
constexpr milliseconds kGiveWayStep{200};   // how often a handshake looks whether its place is needed

// One direction of a relay: a block that is filled at one end and emptied at the other.
struct Pipe {
  std::array<std::uint8_t, kBlock> data;
  std::size_t begin = 0, end = 0;
  bool source_done = false, finished = false;
  bool empty() const { return begin == end; }
};

}  // namespace

std::string_view io_end_text(IoEnd end) {
  switch (end) {
    case IoEnd::ok: return "ok";
    case IoEnd::closed: return "closed by the peer";
    case IoEnd::truncated: return "the peer went away without close_notify";
    case IoEnd::timeout: return "idle limit reached";
    case IoEnd::stopped: return "the server is stopping";
    case IoEnd::failed: return "TLS failed";
    case IoEnd::flooded: return "the peer sends without end what is not application data";
    case IoEnd::gave_way: return "another connection needed the place";
  }
  return "?";
}

IoEnd ServerStream::after_error(int rc, short& events) {
  switch (SSL_get_error(ssl_, rc)) {
    case SSL_ERROR_WANT_READ: events = POLLIN; return limit_reached();
    case SSL_ERROR_WANT_WRITE: events = POLLOUT; return limit_reached();
    case SSL_ERROR_ZERO_RETURN: return IoEnd::closed;
    case SSL_ERROR_SYSCALL: broken_ = true; return IoEnd::truncated;
    default: {
      broken_ = true;
      const bool eof = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
      return eof ? IoEnd::truncated : IoEnd::failed;
    }
  }
}

IoEnd ServerStream::limit_reached() {
  const IoLimits::Over over = limits_.over();
  limited_ |= over != IoLimits::Over::no;
  switch (over) {
    case IoLimits::Over::no: return IoEnd::ok;
    case IoLimits::Over::time: return IoEnd::timeout;
    case IoLimits::Over::bytes: return IoEnd::flooded;
    case IoLimits::Over::gave_way: return IoEnd::gave_way;
  }
  return IoEnd::failed;
}

IoEnd ServerStream::await_peer(short events) {
  Liveness* liveness = limits_.liveness();   // of a handshake, which can be asked to give way
  if (liveness != nullptr && liveness->waiting_since == 0) liveness->waiting_since = Clock::now().time_since_epoch().count();
  const Wait wait = wait_for(fd_, events, liveness != nullptr ? std::min(limits_.left(), kGiveWayStep) : limits_.left(), stop_fd_);
  if (liveness != nullptr && wait == Wait::ready) liveness->waiting_since = 0;
  return wait == Wait::stopped ? IoEnd::stopped : limit_reached();
}

IoEnd ServerStream::accept(milliseconds peer_limit, milliseconds total_limit) {
  const auto start = Clock::now();
  limits_.begin(start + peer_limit, kMaxHandshakeBytes, start + total_limit);
  for (;;) {
    ERR_clear_error();
    const int rc = SSL_accept(ssl_);
    if (rc == 1) {
      if (Liveness* liveness = limits_.liveness()) liveness->waiting_since = 0;
      limits_.watch(nullptr);
      return IoEnd::ok;
    }
    short events = 0;
    if (const IoEnd end = after_error(rc, events); end != IoEnd::ok) return end;   // the error queue explains it to the caller
    if (const IoEnd end = await_peer(events); end != IoEnd::ok) return end;
  }
}

IoEnd ServerStream::read(std::span<std::uint8_t> into, std::size_t& count, Clock::time_point until) {
  limits_.begin(until, kMaxSilentBytes);
  for (;;) {
    ERR_clear_error();
    count = 0;
    const int rc = SSL_read_ex(ssl_, into.data(), into.size(), &count);
    if (rc == 1) {
      bytes_in_ += count;
      return IoEnd::ok;
    }
    short events = 0;
    if (const IoEnd end = after_error(rc, events); end != IoEnd::ok) return end;
    if (const IoEnd end = await_peer(events); end != IoEnd::ok) return end;
  }
}

IoEnd ServerStream::write(Bytes bytes) {
  limits_.begin(Clock::now() + idle_, kMaxSilentBytes);
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int rc = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
    if (rc == 1) {
      bytes_out_ += count;
      bytes = bytes.subspan(count);
      limits_.extend(Clock::now() + idle_);
      continue;
    }
    short events = 0;
    if (const IoEnd end = after_error(rc, events); end != IoEnd::ok) return end;
    if (const IoEnd end = await_peer(events); end != IoEnd::ok) return end;
  }
  return IoEnd::ok;
}

IoEnd ServerStream::relay(const RelayEnd& end) {
  Pipe inward, outward;   // peer to `to`, `from` to peer
  limits_.begin(Clock::now() + idle_, kMaxSilentBytes);
  for (;;) {
    bool moved = false;
    short tls_events = 0;

    if (!inward.source_done && inward.empty()) {
      ERR_clear_error();
      std::size_t count = 0;
      const int rc = SSL_read_ex(ssl_, inward.data.data(), inward.data.size(), &count);
      if (rc == 1) {
        inward.begin = 0, inward.end = count, bytes_in_ += count, moved = true;
        limits_.begin(Clock::now() + idle_, kMaxSilentBytes);
      } else {
        short events = 0;
        const IoEnd result = after_error(rc, events);
        if (result == IoEnd::closed) inward.source_done = moved = true;
        else if (result != IoEnd::ok) return result;
        tls_events = static_cast<short>(tls_events | events);
      }
    }
    if (!inward.empty()) {
      const ssize_t n = ::write(end.to, inward.data.data() + inward.begin, inward.end - inward.begin);
      if (n > 0) inward.begin += static_cast<std::size_t>(n), moved = true;
      else if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE && errno != ECONNRESET) return IoEnd::failed;   // a full disk loses data
      else if (n < 0 && errno != EAGAIN && errno != EINTR) inward.begin = inward.end, inward.source_done = inward.finished = moved = true;  // nobody reads any more
    }
    if (inward.source_done && inward.empty() && !inward.finished) {
      if (end.finish_input) end.finish_input();
      inward.finished = moved = true;
    }

    if (!outward.source_done && outward.empty()) {
      const ssize_t n = ::read(end.from, outward.data.data(), outward.data.size());
      if (n > 0) outward.begin = 0, outward.end = static_cast<std::size_t>(n), moved = true;
      else if (n == 0 || (errno != EAGAIN && errno != EINTR)) outward.source_done = moved = true;
    }
    if (!outward.empty()) {
      ERR_clear_error();
      std::size_t count = 0;
      const int rc = SSL_write_ex(ssl_, outward.data.data() + outward.begin, outward.end - outward.begin, &count);
      if (rc == 1) {
        outward.begin += count, bytes_out_ += count, moved = true;
      } else {
        short events = 0;
        if (const IoEnd result = after_error(rc, events); result != IoEnd::ok) return result;
        tls_events = static_cast<short>(tls_events | events);
      }
    }
    if (outward.source_done && outward.empty() && !outward.finished) {
      (void)SSL_shutdown(ssl_);   // half-close: the peer may go on sending
      outward.finished = moved = true;
      if (end.ends_connection) return IoEnd::ok;
    }
    if (inward.finished && outward.finished) return IoEnd::ok;
    if (moved) {
      limits_.extend(Clock::now() + idle_);
      continue;
    }
    std::array<pollfd, 4> polled{pollfd{stop_fd_, POLLIN, 0}, pollfd{tls_events != 0 ? fd_ : -1, tls_events, 0},
                                 pollfd{!outward.source_done && outward.empty() ? end.from : -1, POLLIN, 0},
                                 pollfd{!inward.empty() ? end.to : -1, POLLOUT, 0}};
    const int n = ::poll(polled.data(), polled.size(), static_cast<int>(limits_.left().count()));
    if (n < 0 && errno != EINTR) return IoEnd::failed;
    if (n > 0 && polled[0].revents != 0) return IoEnd::stopped;
    if (const IoEnd reached = limit_reached(); reached != IoEnd::ok) return reached;
  }
}

void ServerStream::close(milliseconds linger) {
  ERR_clear_error();
  if (!broken_ && SSL_is_init_finished(ssl_)) (void)SSL_shutdown(ssl_);
  ::shutdown(fd_, SHUT_WR);
  if (limited_) return;   // it was given its time, or sends without end
  // A close with unread input makes the kernel send a reset, which can overtake the alert that tells the peer why.
  const auto start = Clock::now();
  std::array<std::uint8_t, kBlock> drop;
  for (std::size_t total = 0; total < 4 * 1024 * 1024;) {
    const ssize_t n = ::recv(fd_, drop.data(), drop.size(), 0);
    if (n > 0) {
      total += static_cast<std::size_t>(n);
      if (since(start) >= linger) break;
      continue;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) break;
    if (wait_for(fd_, POLLIN, linger - since(start), stop_fd_) != Wait::ready) break;
  }
  ERR_clear_error();
}

}  // namespace atls::channel
