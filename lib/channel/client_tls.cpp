#include "channel/client_tls.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "collateral/files.hpp"

namespace atls::channel {
namespace {

constexpr std::size_t kMaxKeylogLine = 1024;
constexpr std::size_t kMaxCaNames = 64;   // a list of that length is not a nonce; the rest is not needed to say so

std::string lower_first(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

Result<Buffer> alpn_wire(const std::vector<std::string>& names) {
  Buffer out;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) return Error{Errc::bad_value, "--alpn", "a protocol name has 1 to 255 bytes"};
    out.push_back(static_cast<std::uint8_t>(name.size()));
    out.insert(out.end(), name.begin(), name.end());
  }
  return out;
}

std::vector<Buffer> names_of(const STACK_OF(X509_NAME) * list) {
  std::vector<Buffer> out;
  for (int i = 0; list != nullptr && i < sk_X509_NAME_num(list) && out.size() < kMaxCaNames; ++i) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_NAME(sk_X509_NAME_value(list, i), &der);
    if (size > 0) out.emplace_back(der, der + size);
    OPENSSL_free(der);
  }
  return out;
}

// The verdict comes after the handshake, with full diagnostics and before any application byte; so everything passes here.
int accept_for_now(X509_STORE_CTX*, void*) { return 1; }

}  // namespace

Status ClientTls::set_ciphers(const std::string& list) {
  if (list.find('@') != std::string::npos)
    return Error{Errc::bad_value, "--ciphers", "\"" + list + "\": the security level of OpenSSL stays in force, and the order is the server's; name ciphers only"};
  std::string tls12, tls13;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(':', at), list.size());
    const std::string name = list.substr(at, end - at);
    std::string& into = name.starts_with("TLS_") ? tls13 : tls12;
    into += (into.empty() ? "" : ":") + name;
    at = end + 1;
  }
  if ((!tls12.empty() && SSL_CTX_set_cipher_list(context_.get(), tls12.c_str()) != 1) ||
      (!tls13.empty() && SSL_CTX_set_ciphersuites(context_.get(), tls13.c_str()) != 1)) {
    ERR_clear_error();
    return Error{Errc::bad_value, "--ciphers", "unknown cipher in \"" + list + "\""};
  }
  // A version whose ciphers were not named is not offered: the user asked for these and no others.
  const auto lowest = SSL_CTX_get_min_proto_version(context_.get()), highest = SSL_CTX_get_max_proto_version(context_.get());
  if ((tls12.empty() && highest == TLS1_2_VERSION) || (tls13.empty() && lowest == TLS1_3_VERSION))
    return Error{Errc::bad_value, "--ciphers", "\"" + list + "\" names no cipher of the TLS version that is asked for"};
  if (tls12.empty()) SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
  if (tls13.empty()) SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
  return ok();
}

Status ClientTls::prepare(const ClientOptions& options) {
  make_certificate_ = options.on_certificate_request;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* ctx = context_.get();
  if (!ctx || SSL_CTX_set_min_proto_version(ctx, options.min_version) != 1 || SSL_CTX_set_max_proto_version(ctx, options.max_version) != 1)
    return crypto::openssl_error("tls.context", Errc::tls);
  if (!options.ciphers.empty())
    if (const Status s = set_ciphers(options.ciphers); !s) return s.error();
  if (!options.groups.empty() && SSL_CTX_set1_groups_list(ctx, options.groups.c_str()) != 1) {
    ERR_clear_error();
    return Error{Errc::bad_value, "--groups", "unknown group in \"" + options.groups + "\""};
  }
  const auto alpn = alpn_wire(options.alpn);
  if (!alpn) return alpn.error();
  if (!alpn->empty() && SSL_CTX_set_alpn_protos(ctx, alpn->data(), static_cast<unsigned>(alpn->size())) != 0)   // 0 is success here
    return crypto::openssl_error("tls.alpn", Errc::tls);

  SSL_CTX_set_security_level(ctx, security_level(*ctx));
  SSL_CTX_set_msg_callback(ctx, on_message);

  // A resumed session carries no certificate, so it would be unattested: no cache, no tickets, no renegotiation either.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_cert_list(ctx, static_cast<long>(evidence::kMaxChainBytes));
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx, accept_for_now, nullptr);
  SSL_CTX_set_cert_cb(ctx, on_certificate_request, this);
  SSL_CTX_set_info_callback(ctx, on_info);
  if (!options.keylog_file.empty()) {
    const auto opened = open_secret_for_append(options.keylog_file);
    if (!opened) return Error{Errc::io, "--keylog", options.keylog_file + ": " + lower_first(opened.error().detail)};
    keylog_ = Fd(*opened);
    SSL_CTX_set_keylog_callback(ctx, on_keylog);
  }
  ssl_.reset(SSL_new(ctx));
  if (!ssl_ || SSL_set_app_data(ssl_.get(), this) != 1) return crypto::openssl_error("tls.connection", Errc::tls);
  const crypto::Handle<STACK_OF(SSL_CIPHER), [](STACK_OF(SSL_CIPHER) * s) { sk_SSL_CIPHER_free(s); }> offered(SSL_get1_supported_ciphers(ssl_.get()));
  if (sk_SSL_CIPHER_num(offered.get()) < 1) return Error{Errc::bad_value, "--ciphers", "\"" + options.ciphers + "\": all of them can be broken, none is offered"};
  if (!options.sni.empty() && SSL_set_tlsext_host_name(ssl_.get(), options.sni.c_str()) != 1)
    return crypto::openssl_error("tls.server_name", Errc::tls);
  return ok();
}

Status ClientTls::attach(int fd) {
  return attach_limited(*ssl_, fd, limits_);
}

int ClientTls::on_certificate_request(SSL* ssl, void* self) {
  ClientTls& tls = *static_cast<ClientTls*>(self);
  try {
    tls.certificate_requested_ = true;
    tls.ca_names_ = names_of(SSL_get0_peer_CA_list(ssl));
    if (!tls.make_certificate_) return 1;
    const auto made = tls.make_certificate_(tls.ca_names_);
    if (!made) {
      tls.own_refusal_ = made.error();
      return 0;
    }
    if (made->weak) SSL_set_security_level(ssl, 0);   // the server's part has been judged by now
    if (SSL_use_certificate(ssl, made->leaf.get()) != 1 || SSL_use_PrivateKey(ssl, made->key.get()) != 1) {
      tls.own_refusal_ = crypto::openssl_error("tls.client_certificate", Errc::tls);
      return 0;
    }
    tls.certificate_sent_ = true;
    return 1;
  } catch (const std::exception& e) {   // OpenSSL is C: nothing may be thrown through it
    tls.own_refusal_ = Error{Errc::bug, "tls.client_certificate", e.what()};
    return 0;
  }
}

void ClientTls::on_message(int written, int, int type, const void* data, std::size_t size, SSL* ssl, void*) {
  if (written == 0 && type == SSL3_RT_HANDSHAKE) static_cast<ClientTls*>(SSL_get_app_data(ssl))->choices_.note(Bytes(static_cast<const std::uint8_t*>(data), size));
}

std::string ClientTls::weakness() const {
  if (small_exchange_) return "the server exchanges keys in a group of less than 2048 bits";
  const std::string why = choices_.weakness();
  return why.empty() ? why : "the server " + why;
}

void ClientTls::on_info(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || (value & 0xFF) == SSL_AD_CLOSE_NOTIFY) return;
  static_cast<ClientTls*>(SSL_get_app_data(ssl))->alert_ = value;
}

void ClientTls::on_keylog(const SSL* ssl, const char* line) {
  // One write per line: several connections of one process append to the same file.
  std::string text(line);
  text.push_back('\n');
  if (text.size() <= kMaxKeylogLine) (void)!::write(static_cast<ClientTls*>(SSL_get_app_data(ssl))->keylog_.get(), text.data(), text.size());
}

std::string ClientTls::alert_text() const {
  if (alert_ < 0) return {};
  const int code = alert_ & 0xFF;
  // OpenSSL 3.0 has no words for these two (RFC 8446 6.2, RFC 7301 3.2).
  const char* words = code == SSL_AD_CERTIFICATE_REQUIRED ? "certificate required"
                      : code == SSL_AD_NO_APPLICATION_PROTOCOL ? "no application protocol"
                                                               : SSL_alert_desc_string_long(alert_);
  return "alert " + std::string(words) + " (" + std::to_string(code) + ")";
}

Error ClientTls::failure(int ssl_error) {
  const int code = errno;
  if (alert_ >= 0) return {Errc::refused, "tls", "the server ended the handshake with " + alert_text()};
  const unsigned long top = ERR_peek_last_error();
  const int reason = ERR_GET_LIB(top) == ERR_LIB_SSL ? ERR_GET_REASON(top) : 0;
  small_exchange_ = reason == SSL_R_DH_KEY_TOO_SMALL;
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING || (ssl_error == SSL_ERROR_SYSCALL && (code == 0 || code == ECONNRESET || code == EPIPE)))
    return {Errc::tls, "tls", "the server closed the connection during the handshake"};
  if (ssl_error == SSL_ERROR_SYSCALL) return {Errc::io, "tls", lower_first(std::generic_category().message(code))};
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_UNSUPPORTED_PROTOCOL)
    return {Errc::tls, "tls", "the server does not answer in TLS 1.2 or 1.3: is this a TLS port?"};
  if (reason == SSL_R_EXCESSIVE_MESSAGE_SIZE)
    return {Errc::too_large, "tls", "the server sent more than " + std::to_string(evidence::kMaxChainBytes) + " bytes of certificates"};
  return crypto::openssl_error("tls", Errc::tls);
}

}  // namespace atls::channel
