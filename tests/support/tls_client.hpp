// A blocking TLS client for tests, with the knobs that a wrong client needs. Loopback only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "channel/listener.hpp"
#include "crypto/openssl.hpp"

namespace atls::test {

inline channel::Fd connect_loopback(const std::string& address) {
  channel::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval limit{10, 0};   // a test that hangs is a failed test
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fd.reset();
  return fd;
}

struct TlsClientOptions {
  int version = 0;                        // TLS1_2_VERSION, TLS1_3_VERSION, 0: any
  std::string sni;                        // empty: none
  std::string alpn;                       // wire form: length-prefixed names
  EVP_PKEY* key = nullptr;                // with a certificate
  X509* certificate = nullptr;
};

class TlsClient {
 public:
  TlsClient(const std::string& address, const TlsClientOptions& options) : context_(SSL_CTX_new(TLS_client_method())), fd_(connect_loopback(address)) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context_.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    SSL_CTX_set_max_cert_list(context_.get(), 1 << 20);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context_.get(), this);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION*) {
      ++static_cast<TlsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->sessions;
      return 0;
    });
    SSL_CTX_set_info_callback(context_.get(), [](const SSL* ssl, int where, int value) {
      if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) static_cast<TlsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->alert = value & 0xFF;
    });
    if (options.version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), options.version);
      SSL_CTX_set_max_proto_version(context_.get(), options.version);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_.get());
    if (!options.sni.empty()) SSL_set_tlsext_host_name(ssl_.get(), options.sni.c_str());
    if (!options.alpn.empty()) SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.alpn.data()), static_cast<unsigned>(options.alpn.size()));
    if (options.certificate != nullptr) {
      SSL_use_certificate(ssl_.get(), options.certificate);
      SSL_use_PrivateKey(ssl_.get(), options.key);
    }
  }

  bool handshake() { return SSL_connect(ssl_.get()) == 1; }
  // One read, so that a refusal that comes after the client's end of a TLS 1.3 handshake is seen.
  std::string read() {
    char data[4096];
    const int n = SSL_read(ssl_.get(), data, sizeof data);
    return n > 0 ? std::string(data, static_cast<std::size_t>(n)) : std::string();
  }
  bool write(const std::string& text) { return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()); }
  void finish() { SSL_shutdown(ssl_.get()); }
  SSL* ssl() { return ssl_.get(); }

  int alert = -1;                         // the last one that the server sent
  int sessions = 0;                       // resumable ones that the server gave

 private:
  crypto::SslCtxPtr context_;
  channel::Fd fd_;
  crypto::SslPtr ssl_;
};

}  // namespace atls::test
