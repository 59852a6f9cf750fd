// A plain OpenSSL server in a thread, for clients that must cope with any peer. One connection per call of the script.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "channel/dial.hpp"
#include "channel/listener.hpp"
#include "crypto/openssl.hpp"
#include "profile/constellation.hpp"

namespace atls::test {

class TlsPeer {
 public:
  using Prepare = std::function<void(SSL_CTX&)>;
  using Script = std::function<void(SSL&)>;           // after SSL_accept, whether it succeeded or not
  explicit TlsPeer(Prepare prepare, Script script = {}) {
    start([this, prepare = std::move(prepare), script = std::move(script)](int fd) { talk_tls(fd, prepare, script); });
  }
  // Bytes instead of TLS.
  static TlsPeer raw(std::function<void(int fd)> script) { return TlsPeer(Raw{}, std::move(script)); }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;
  ~TlsPeer() {
    if (thread_.joinable()) thread_.join();
  }
  channel::Target target() const { return *channel::parse_target(listener_.address); }

 private:
  struct Raw {};
  TlsPeer(Raw, std::function<void(int)> script) { start(std::move(script)); }

  void start(std::function<void(int)> body) {
    (void)::signal(SIGPIPE, SIG_IGN);   // as run_main does for the programs
    auto listener = channel::listen_on("127.0.0.1:0");
    if (!listener) throw std::runtime_error(listener.error().message());
    listener_ = std::move(*listener);
    thread_ = std::thread([this, body = std::move(body)] {
      pollfd waiting{listener_.fd.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 10'000) != 1) return;
      const channel::Fd fd(::accept4(listener_.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const timeval limit{10, 0};
      (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      if (fd.get() >= 0) body(fd.get());
    });
  }

  void talk_tls(int fd, const Prepare& prepare, const Script& script) {
    namespace cons = profile::constellation;
    const crypto::SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
    const auto key = cons::make_leaf_key();
    cons::LeafSpec spec;
    spec.not_before = Time{} + std::chrono::hours(1);
    spec.not_after = Time{} + std::chrono::hours(24 * 365 * 60);
    const auto leaf = cons::make_leaf(**key, spec);
    SSL_CTX_use_certificate(context.get(), leaf->get());
    SSL_CTX_use_PrivateKey(context.get(), key->get());
    if (prepare) prepare(*context);
    const crypto::SslPtr ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), fd);
    (void)SSL_accept(ssl.get());
    if (script) script(*ssl);
    ERR_clear_error();
  }

  channel::Listener listener_;
  std::thread thread_;
};

}  // namespace atls::test
