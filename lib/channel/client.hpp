// The client's side of an attested handshake. The handshake is finished whatever the peer presents, so that everything can be
// judged and reported; no application byte can leave before the judgement, because only AttestedChannel can send, and it
// takes the verifier's proof.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "channel/dial.hpp"
#include "channel/server_stream.hpp"
#include "crypto/openssl.hpp"
#include "evidence/verify.hpp"
#include "report/model.hpp"

namespace atls::channel {

struct ClientCertificate { crypto::PkeyPtr key; crypto::X509Ptr leaf; bool weak = false; };   // weak: a fault, the key can be broken

struct ClientOptions {
  Target target;
  Family family = Family::any;
  std::optional<Proxy> proxy;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds handshake_timeout{15'000};     // product limit on a handshake
  std::chrono::milliseconds total_timeout{60'000};         // product limit on the whole set-up
  std::string sni;                                         // 1 to 255 bytes; not a host name in this protocol family
  std::vector<std::string> alpn;
  int min_version = TLS1_2_VERSION, max_version = TLS1_3_VERSION;
  std::string ciphers, groups;                             // OpenSSL notation, TLS 1.2 and 1.3 names mixed; empty: OpenSSL's choice
  std::string keylog_file;                                 // appended to; empty: none
  int stop_fd = -1;
  // Called when the server asks for a certificate, with the DER names of its CA list. An error ends the handshake.
  std::function<Result<ClientCertificate>(const std::vector<Buffer>& ca_names)> on_certificate_request;
};

struct ClientTiming { double dns = 0, tcp = 0, tls = 0; };   // milliseconds

// What a connection attempt gave. Everything from the peer in it is unjudged.
class ClientChannel {
 public:
  enum class State {
    failed,              // no TLS connection: `error` says at which stage
    ended_by_us,         // we ended the handshake: the certificate request was not acceptable (`error`)
    established,
  };
  State state = State::failed;
  std::optional<Error> error;
  std::vector<Buffer> chain;                   // DER, leaf first
  TlsInfo tls;
  std::string address;
  ClientTiming timing;
  bool certificate_requested = false;
  std::vector<Buffer> ca_names;                // DER, of the CertificateRequest
  std::string weakness;                        // what the server chose can be broken, and the handshake was ended for it
  bool certificate_sent = false;

  // In TLS 1.3 the server judges our certificate after we consider the handshake finished, and refuses with an alert. Waits for
  // one; the sentence says which. Empty: none came within the limit. Application data ends the waiting and is not consumed.
  std::optional<std::string> refusal_within(std::chrono::milliseconds limit);
  void close();                                // without a word of application data
  ClientChannel();
  ~ClientChannel();
  ClientChannel(ClientChannel&&) noexcept;
  ClientChannel& operator=(ClientChannel&&) noexcept;

 private:
  friend class ClientHandshake;
  friend class AttestedChannel;
  struct Live;
  std::unique_ptr<Live> live_;                 // the connection; empty unless established
};

ClientChannel connect_client(const ClientOptions& options);

// An established connection whose peer was verified: the only thing that sends.
class AttestedChannel {
 public:
  AttestedChannel(ClientChannel channel, const evidence::VerifiedEvidence& proof, std::chrono::milliseconds idle);
  ~AttestedChannel();
  IoEnd read(std::span<std::uint8_t> into, std::size_t& count);
  IoEnd write(Bytes bytes);
  IoEnd relay(const RelayEnd& end);
  void close();
  // Why the last operation failed, when the peer said so with an alert.
  std::string alert() const;
  std::uint64_t bytes_in() const, bytes_out() const;

 private:
  ClientChannel channel_;
  std::unique_ptr<ServerStream> stream_;
};

}  // namespace atls::channel
