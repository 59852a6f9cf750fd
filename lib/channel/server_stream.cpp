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
  }
  return "?";
}

IoEnd ServerStream::after_error(int rc, short& events) {
  switch (SSL_get_error(ssl_, rc)) {
    case SSL_ERROR_WANT_READ: events = POLLIN; return IoEnd::ok;
    case SSL_ERROR_WANT_WRITE: events = POLLOUT; return IoEnd::ok;
    case SSL_ERROR_ZERO_RETURN: return IoEnd::closed;
    case SSL_ERROR_SYSCALL: broken_ = true; return IoEnd::truncated;
    default: {
      broken_ = true;
      const bool eof = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
      return eof ? IoEnd::truncated : IoEnd::failed;
    }
  }
}

IoEnd ServerStream::accept(milliseconds peer_limit, milliseconds total_limit) {
  const auto start = Clock::now();
  milliseconds waited{0};
  for (;;) {
    ERR_clear_error();
    const int rc = SSL_accept(ssl_);
    if (rc == 1) return IoEnd::ok;
    short events = 0;
    if (const IoEnd end = after_error(rc, events); end != IoEnd::ok) return end;   // the error queue explains it to the caller
    const auto before = Clock::now();
    const Wait wait = wait_for(fd_, events, std::min(peer_limit - waited, total_limit - since(start)), stop_fd_);
    waited += since(before);
    if (wait == Wait::timeout) return IoEnd::timeout;
    if (wait == Wait::stopped) return IoEnd::stopped;
  }
}

IoEnd ServerStream::read(std::span<std::uint8_t> into, std::size_t& count) {
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
    const Wait wait = wait_for(fd_, events, idle_, stop_fd_);
    if (wait != Wait::ready) return wait == Wait::timeout ? IoEnd::timeout : IoEnd::stopped;
  }
}

IoEnd ServerStream::write(Bytes bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int rc = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
    if (rc == 1) {
      bytes_out_ += count;
      bytes = bytes.subspan(count);
      continue;
    }
    short events = 0;
    if (const IoEnd end = after_error(rc, events); end != IoEnd::ok) return end;
    const Wait wait = wait_for(fd_, events, idle_, stop_fd_);
    if (wait != Wait::ready) return wait == Wait::timeout ? IoEnd::timeout : IoEnd::stopped;
  }
  return IoEnd::ok;
}

IoEnd ServerStream::relay(const RelayEnd& end) {
  Pipe inward, outward;   // peer to `to`, `from` to peer
  for (;;) {
    bool moved = false;
    short tls_events = 0;

    if (!inward.source_done && inward.empty()) {
      ERR_clear_error();
      std::size_t count = 0;
      const int rc = SSL_read_ex(ssl_, inward.data.data(), inward.data.size(), &count);
      if (rc == 1) {
        inward.begin = 0, inward.end = count, bytes_in_ += count, moved = true;
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
    if (moved) continue;

    std::array<pollfd, 4> polled{pollfd{stop_fd_, POLLIN, 0}, pollfd{tls_events != 0 ? fd_ : -1, tls_events, 0},
                                 pollfd{!outward.source_done && outward.empty() ? end.from : -1, POLLIN, 0},
                                 pollfd{!inward.empty() ? end.to : -1, POLLOUT, 0}};
    const int n = ::poll(polled.data(), polled.size(), static_cast<int>(std::min<long long>(idle_.count(), 1 << 30)));
    if (n == 0) return IoEnd::timeout;
    if (n < 0 && errno != EINTR) return IoEnd::failed;
    if (n > 0 && polled[0].revents != 0) return IoEnd::stopped;
  }
}

void ServerStream::close(milliseconds linger) {
  ERR_clear_error();
  if (!broken_ && SSL_is_init_finished(ssl_)) (void)SSL_shutdown(ssl_);
  ::shutdown(fd_, SHUT_WR);
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
