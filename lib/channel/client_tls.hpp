// OpenSSL side of the attested client: one context and one connection, its callbacks, and the words for what went wrong.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "channel/client.hpp"
#include "channel/handshake_choices.hpp"
#include "channel/io_limits.hpp"
#include "channel/listener.hpp"
#include "crypto/openssl.hpp"

namespace atls::channel {

class ClientTls {   // the callbacks keep its address: neither copied nor moved
 public:
  ClientTls() = default;
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;

  // Errors about an option carry its name in `where`.
  Status prepare(const ClientOptions& options);
  Status attach(int fd);                     // below limits(), whose phases the caller begins
  IoLimits& limits() { return limits_; }
  SSL* ssl() const { return ssl_.get(); }

  bool certificate_requested() const { return certificate_requested_; }
  bool certificate_sent() const { return certificate_sent_; }
  const std::vector<Buffer>& ca_names() const { return ca_names_; }
  const std::optional<Error>& own_refusal() const { return own_refusal_; }
  std::string weakness() const;              // of what the server chose and we did not offer; empty: none
  std::string alert_text() const;            // "alert bad certificate (42)"; empty: none received
  Error failure(int ssl_error);        // of the operation that just failed; reads errno and the error queue

 private:
  static int on_certificate_request(SSL* ssl, void* self);
  static void on_message(int written, int version, int type, const void* data, std::size_t size, SSL* ssl, void* self);
  static void on_info(const SSL* ssl, int where, int value);
  static void on_keylog(const SSL* ssl, const char* line);
  Status set_ciphers(const std::string& list);

  IoLimits limits_;                          // used by the connection, so declared before it
  crypto::SslCtxPtr context_;
  crypto::SslPtr ssl_;
  Fd keylog_;
  std::function<Result<ClientCertificate>(const std::vector<Buffer>&)> make_certificate_;
  bool certificate_requested_ = false, certificate_sent_ = false;
  std::vector<Buffer> ca_names_;
  std::optional<Error> own_refusal_;
  int alert_ = -1;
  HandshakeChoices choices_;
  bool small_exchange_ = false;
};

}  // namespace atls::channel
