// TLS side of the attested server: context, callbacks, and the words for what went wrong.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "channel/server.hpp"
#include "crypto/openssl.hpp"

namespace atls::channel {

// What the callbacks of one handshake know and find out.
struct Handshake {
  const ServerOptions* options = nullptr;
  IoLimits limits;                                        // of its socket
  EVP_PKEY* key = nullptr;                                // leaf key of the process
  std::optional<Buffer> client_nonce;
  Buffer server_nonce;
  HandshakeChoices choices;                               // of the client
  std::string sni;
  std::string refusal;                                    // why we ended it, when we did
  std::optional<Report> report;                           // of the client
  std::optional<evidence::VerifiedEvidence> proof;
};

class ServerTls {
 public:
  static Result<std::unique_ptr<ServerTls>> create(const ServerOptions& options);
  // `handshake` must outlive the SSL, whose socket is below its limits.
  Result<crypto::SslPtr> connection(int fd, Handshake& handshake) const;

 private:
  ServerTls() = default;
  const ServerOptions* options_ = nullptr;
  crypto::SslCtxPtr context_;
  crypto::PkeyPtr key_;
  Buffer alpn_;
};

// Why SSL_accept failed, from our callbacks or the error queue, which it clears.
std::string handshake_failure(Handshake& handshake, IoEnd end, const ServerLimits& limits);
// A client that sent no certificate has been judged, too: completes the report.
void judge_absent_client(Handshake& handshake);
TlsInfo tls_info(SSL& ssl, const std::string& sni);

}  // namespace atls::channel
