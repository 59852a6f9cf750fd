// The socket below a TLS connection, with limits that hold while OpenSSL works. OpenSSL reads on for as long as bytes come, and a
// peer can send for ever what never becomes a handshake or application data: HelloRequest, KeyUpdate, tickets, warning alerts,
// empty records. At a limit the socket looks empty: OpenSSL returns, and its caller asks over().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "crypto/openssl.hpp"
#include "evidence/evidence.hpp"

namespace atls::channel {

// What a peer may send in a handshake, all flights together: the largest chain of certificates that is taken, and room for the
// other messages, of which none exceeds 16 KiB without being refused, and for the headers of records.
inline constexpr std::uint64_t kMaxHandshakeBytes = evidence::kMaxChainBytes + std::uint64_t{256} * 1024;
// What a peer may send after the handshake between two pieces of application data: sixteen records of the largest size. Honest peers
// send a ticket or two, and a KeyUpdate of 30 bytes now and then.
inline constexpr std::uint64_t kMaxSilentBytes = std::uint64_t{256} * 1024;

// What a server asks the thread of a connection, and learns from it.
struct Liveness {
  std::atomic<std::int64_t> waiting_since{0};   // steady clock; 0: the handshake does not wait for the peer, or is over
  std::atomic<bool> give_way{false};            // the place is needed: end the handshake
};

class IoLimits {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Over { no, time, bytes, gave_way };

  // A phase begins: it ends at `end`, and the peer may send `bytes` in it. Our own work (postpone) moves the end, up to `latest`.
  void begin(Clock::time_point end, std::uint64_t bytes, Clock::time_point latest = Clock::time_point::max());
  void extend(Clock::time_point end) { end_ = end; }   // progress that is not the peer's
  void postpone(Clock::duration own_work);
  void watch(std::shared_ptr<Liveness> liveness) { liveness_ = std::move(liveness); }
  Liveness* liveness() const { return liveness_.get(); }

  Over over() const;
  std::chrono::milliseconds left() const;              // rounded up; not more than an hour
  std::uint64_t bytes_left() const { return bytes_; }
  void count(std::uint64_t received) { bytes_ -= received < bytes_ ? received : bytes_; }

 private:
  Clock::time_point end_ = Clock::time_point::max(), latest_ = Clock::time_point::max();
  std::uint64_t bytes_ = 0;
  std::shared_ptr<Liveness> liveness_;
};

// Gives `ssl` the socket, which it does not own, below these limits. They must outlive it.
Status attach_limited(SSL& ssl, int fd, IoLimits& limits);

// Time in which we work and the peer waits for us: evidence is made, or collateral for the peer's is fetched.
class OwnWork {
 public:
  explicit OwnWork(IoLimits& limits) : limits_(limits) {}
  ~OwnWork() { limits_.postpone(IoLimits::Clock::now() - start_); }
  OwnWork(const OwnWork&) = delete;
  OwnWork& operator=(const OwnWork&) = delete;

 private:
  IoLimits& limits_;
  const IoLimits::Clock::time_point start_ = IoLimits::Clock::now();
};

}  // namespace atls::channel
