#include "channel/io_limits.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace atls::channel {
namespace {

struct LimitedSocket {
  int fd = -1;
  IoLimits* limits = nullptr;
  bool ended = false;   // the peer sends no more
};

LimitedSocket& limited_socket(BIO* bio) { return *static_cast<LimitedSocket*>(BIO_get_data(bio)); }

int limited_read(BIO* bio, char* out, int size) {
  LimitedSocket& socket = limited_socket(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  if (socket.limits->over() != IoLimits::Over::no) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const auto most = std::min<std::uint64_t>(static_cast<std::uint64_t>(size), socket.limits->bytes_left());
  const ssize_t n = ::recv(socket.fd, out, static_cast<std::size_t>(most), 0);
  if (n > 0) socket.limits->count(static_cast<std::uint64_t>(n));
  if (n == 0) socket.ended = true;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

// Writing is not limited: nothing is written for ever that nothing was read for, and a farewell must get out after a limit.
int limited_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::send(limited_socket(bio).fd, data, static_cast<std::size_t>(std::max(size, 0)), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

// Answers for the descriptor, as a socket BIO does: whom a server counts by is asked with SSL_get_fd.
long limited_control(BIO* bio, int command, long, void* out) {
  if (command == BIO_C_GET_FD) {
    const int fd = limited_socket(bio).fd;
    if (out != nullptr) *static_cast<int*>(out) = fd;
    return fd;
  }
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return limited_socket(bio).ended ? 1 : 0;
  return 0;
}

int limited_destroy(BIO* bio) {
  delete static_cast<LimitedSocket*>(BIO_get_data(bio));
  BIO_set_data(bio, nullptr);
  return 1;
}

using BioMethodPtr = crypto::Handle<BIO_METHOD, BIO_meth_free>;

const BIO_METHOD* limited_method() {
  static const BioMethodPtr method = [] {
    BioMethodPtr made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "limited socket"));
    const bool complete = made && BIO_meth_set_read(made.get(), limited_read) == 1 && BIO_meth_set_write(made.get(), limited_write) == 1 &&
                          BIO_meth_set_ctrl(made.get(), limited_control) == 1 && BIO_meth_set_destroy(made.get(), limited_destroy) == 1;
    return complete ? std::move(made) : BioMethodPtr();
  }();
  return method.get();
}

}  // namespace

void IoLimits::begin(Clock::time_point end, std::uint64_t bytes, Clock::time_point latest) {
  end_ = std::min(end, latest);
  latest_ = latest;
  bytes_ = bytes;
}

void IoLimits::postpone(Clock::duration own_work) {
  if (end_ != Clock::time_point::max()) end_ = std::min(end_ + own_work, latest_);
}

IoLimits::Over IoLimits::over() const {
  if (liveness_ && liveness_->give_way) return Over::gave_way;
  if (bytes_ == 0) return Over::bytes;
  return Clock::now() >= end_ ? Over::time : Over::no;
}

std::chrono::milliseconds IoLimits::left() const {
  const auto now = Clock::now();
  if (now >= end_) return std::chrono::milliseconds(0);
  return std::chrono::ceil<std::chrono::milliseconds>(std::min<Clock::duration>(end_ - now, std::chrono::hours(1)));
}

Status attach_limited(SSL& ssl, int fd, IoLimits& limits) {
  const BIO_METHOD* method = limited_method();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return crypto::openssl_error("tls.connection", Errc::tls);
  BIO_set_data(bio, new LimitedSocket{fd, &limits, false});
  BIO_set_init(bio, 1);
  SSL_set_bio(&ssl, bio, bio);   // takes the one reference for both directions
  return ok();
}

}  // namespace atls::channel
