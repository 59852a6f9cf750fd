#include "channel/client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "channel/client_tls.hpp"
#include "channel/clock.hpp"
#include "channel/server_tls.hpp"

namespace atls::channel {
namespace {

using std::chrono::milliseconds;

std::vector<Buffer> peer_chain(SSL& ssl) {
  std::vector<Buffer> out;
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(&ssl);
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(sk_X509_value(chain, i), &der);
    if (size > 0) out.emplace_back(der, der + size);
    OPENSSL_free(der);
  }
  return out;
}

}  // namespace

struct ClientChannel::Live {
  ClientTls tls;
  Fd fd;
  int stop_fd = -1;
};

ClientChannel::ClientChannel() = default;
ClientChannel::~ClientChannel() = default;
ClientChannel::ClientChannel(ClientChannel&&) noexcept = default;
ClientChannel& ClientChannel::operator=(ClientChannel&&) noexcept = default;

class ClientHandshake {
 public:
  explicit ClientHandshake(const ClientOptions& options) : options_(options), deadline_(Clock::now() + options.total_timeout) {}

  ClientChannel run() {
    out_.live_ = std::make_unique<ClientChannel::Live>();
    out_.live_->stop_fd = options_.stop_fd;
    if (const Status s = out_.live_->tls.prepare(options_); !s) return fail(s.error());
    auto dialled = dial(options_.target, {.family = options_.family,
                                          .connect_timeout = options_.connect_timeout,
                                          .deadline = deadline_,
                                          .proxy = options_.proxy,
                                          .stop_fd = options_.stop_fd});
    if (!dialled) return fail(dialled.error());
    out_.timing.dns = dialled->dns_ms;
    out_.timing.tcp = dialled->tcp_ms;
    out_.address = dialled->address;
    out_.live_->fd = std::move(dialled->fd);
    return shake_hands();
  }

 private:
  ClientChannel fail(Error error, ClientChannel::State state = ClientChannel::State::failed) {
    out_.state = state;
    out_.error = std::move(error);
    out_.live_.reset();
    return std::move(out_);
  }

  ClientChannel shake_hands() {
    ClientTls& tls = out_.live_->tls;
    if (const Status s = tls.attach(out_.live_->fd.get()); !s) return fail(s.error());
    const auto start = Clock::now();
    IoLimits& limits = tls.limits();
    limits.begin(std::min(start + options_.handshake_timeout, deadline_), kMaxHandshakeBytes);
    std::optional<Error> error;
    for (;;) {
      ERR_clear_error();
      const int rc = SSL_connect(tls.ssl());
      if (rc == 1) break;
      const int why = SSL_get_error(tls.ssl(), rc);
      if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
        error = tls.failure(why);
        break;
      }
      // OpenSSL also returns when a limit is reached while the server still sends.
      const bool stopped = limits.over() == IoLimits::Over::no &&
                           wait_for(out_.live_->fd.get(), why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, limits.left(), options_.stop_fd) == Wait::stopped;
      if (stopped) error = Error{Errc::refused, "tls", "interrupted"};
      else if (limits.over() == IoLimits::Over::time) error = Error{Errc::timeout, "tls", "the handshake was not finished within the time limit"};
      else if (limits.over() == IoLimits::Over::bytes)
        error = Error{Errc::too_large, "tls", "the server sent more than " + std::to_string(kMaxHandshakeBytes) + " bytes without finishing the handshake"};
      if (error) break;
    }
    ERR_clear_error();
    out_.timing.tls = ms_since(start);
    out_.certificate_requested = tls.certificate_requested();
    out_.certificate_sent = tls.certificate_sent();
    out_.ca_names = tls.ca_names();
    out_.chain = peer_chain(*tls.ssl());
    out_.tls = tls_info(*tls.ssl(), options_.sni);
    if (error) out_.weakness = tls.weakness();
    if (tls.own_refusal()) return fail(*tls.own_refusal(), ClientChannel::State::ended_by_us);
    if (error) return fail(*std::move(error));
    if (out_.chain.size() > evidence::kMaxChain)
      return fail({Errc::too_large, "tls", "the server sent " + std::to_string(out_.chain.size()) + " certificates, the limit is " + std::to_string(evidence::kMaxChain)});
    out_.state = ClientChannel::State::established;
    return std::move(out_);
  }

  const ClientOptions& options_;
  const Clock::time_point deadline_;
  ClientChannel out_;
};

ClientChannel connect_client(const ClientOptions& options) { return ClientHandshake(options).run(); }

std::optional<std::string> ClientChannel::refusal_within(milliseconds limit) {
  if (!live_) return {};
  SSL* ssl = live_->tls.ssl();
  IoLimits& limits = live_->tls.limits();
  limits.begin(Clock::now() + limit, kMaxSilentBytes);
  for (;;) {
    ERR_clear_error();
    char byte = 0;
    std::size_t count = 0;
    const int rc = SSL_peek_ex(ssl, &byte, 1, &count);
    if (rc == 1) return {};
    const int why = SSL_get_error(ssl, rc);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      if (limits.over() == IoLimits::Over::bytes)
        return "the server sent more than " + std::to_string(kMaxSilentBytes) + " bytes after the handshake, and none of them was application data";
      if (wait_for(live_->fd.get(), why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, limits.left(), live_->stop_fd) == Wait::ready &&
          limits.over() != IoLimits::Over::time)
        continue;
      return {};
    }
    if (why == SSL_ERROR_ZERO_RETURN) return {};   // an orderly end is no refusal
    const std::string alert = live_->tls.alert_text();
    ERR_clear_error();
    return alert.empty() ? "the server cut the connection after it received our certificate" : "the server refused our certificate with " + alert;
  }
}

void ClientChannel::close() {
  if (!live_) return;
  ERR_clear_error();
  (void)SSL_shutdown(live_->tls.ssl());
  ERR_clear_error();
  live_.reset();
}

AttestedChannel::AttestedChannel(ClientChannel channel, const evidence::VerifiedEvidence&, milliseconds idle)
    : channel_(std::move(channel)),
      stream_(std::make_unique<ServerStream>(channel_.live_->tls.ssl(), channel_.live_->fd.get(), channel_.live_->stop_fd, idle, channel_.live_->tls.limits())) {}
AttestedChannel::~AttestedChannel() = default;
IoEnd AttestedChannel::read(std::span<std::uint8_t> into, std::size_t& count) { return stream_->read(into, count); }
IoEnd AttestedChannel::write(Bytes bytes) { return stream_->write(bytes); }
IoEnd AttestedChannel::relay(const RelayEnd& end) { return stream_->relay(end); }
void AttestedChannel::close() { channel_.close(); }
std::string AttestedChannel::alert() const { return channel_.live_ ? channel_.live_->tls.alert_text() : std::string(); }
std::uint64_t AttestedChannel::bytes_in() const { return stream_->bytes_in(); }
std::uint64_t AttestedChannel::bytes_out() const { return stream_->bytes_out(); }

}  // namespace atls::channel
