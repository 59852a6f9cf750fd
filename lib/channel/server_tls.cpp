#include "channel/server_tls.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/cursor.hpp"
#include "crypto/digest.hpp"
#include "profile/constellation.hpp"
#include "report/checks_atls.hpp"
#include "report/definite_failures.hpp"

namespace atls::channel {
namespace {

namespace cons = profile::constellation;
using crypto::openssl_error;

using NameStack = crypto::Handle<STACK_OF(X509_NAME), [](STACK_OF(X509_NAME) * s) { sk_X509_NAME_pop_free(s, X509_NAME_free); }>;
using NamePtr = crypto::Handle<X509_NAME, X509_NAME_free>;

// One certificate message of a client; documents with event logs reach 200 KiB.
constexpr long kMaxCertificateList = evidence::kMaxChainBytes;

int handshake_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}
Handshake& handshake_of(SSL* ssl) { return *static_cast<Handshake*>(SSL_get_ex_data(ssl, handshake_index())); }

// Of IPv6 the network: whoever has one has all of its addresses.
std::string address_of_peer(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (fd < 0 || ::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return "unknown";
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(storage);
    return ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text) == nullptr ? "unknown" : text;
  }
  if (storage.ss_family != AF_INET6) return "unknown";
  in6_addr six = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
  if (!IN6_IS_ADDR_V4MAPPED(&six)) std::fill(six.s6_addr + 8, six.s6_addr + 16, std::uint8_t{0});
  return ::inet_ntop(AF_INET6, &six, text, sizeof text) == nullptr ? "unknown" : text;
}

// Callbacks are called from C: nothing may escape, and what escapes inside ends the handshake.
template <class Body>
int guarded(SSL* ssl, int failed, Body body) noexcept {
  try {
    return body(handshake_of(ssl));
  } catch (const std::exception& e) {
    try {
      handshake_of(ssl).refusal = std::string("internal error: ") + e.what();
    } catch (...) {  // NOLINT: no memory for the sentence; the handshake ends without it
    }
    return failed;
  }
}

// The host_name of the server_name extension (RFC 6066 section 3), any bytes. Empty optional: no such extension.
Result<std::optional<std::string>> server_name(SSL* ssl) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) return std::optional<std::string>();
  Cursor in(Bytes(data, size), "ClientHello.server_name");
  const std::size_t list = in.u16be("list length");
  const std::uint8_t type = in.u8("name type");
  const std::size_t length = in.u16be("name length");
  const Bytes name = in.bytes(length, "name");
  if (in.error()) return *in.error();
  if (list != size - 2 || type != 0 || !in.rest().empty())
    return Error{Errc::bad_value, "ClientHello.server_name", "not exactly one host_name", 0};
  return std::optional<std::string>(std::string(as_text(name)));
}

// CertificateRequest with the server's nonce as the only CA name; the faults send none or two.
bool request_client_evidence(SSL* ssl, Handshake& handshake) {
  NameStack names(sk_X509_NAME_new_null());
  if (!names) return false;
  for (unsigned i = 0; i < handshake.options->nonce_requests; ++i) {
    const std::string text = cons::nonce_to_sni(i == 0 ? handshake.server_nonce : crypto::random_bytes(handshake.server_nonce.size()));
    NamePtr name(X509_NAME_new());
    // PrintableString as Go writes it; MBSTRING_ASC would give a UTF8String.
    if (!name || X509_NAME_add_entry_by_txt(name.get(), "CN", V_ASN1_PRINTABLESTRING, reinterpret_cast<const unsigned char*>(text.data()),
                                            static_cast<int>(text.size()), -1, 0) != 1 ||
        sk_X509_NAME_push(names.get(), name.get()) <= 0)
      return false;
    (void)name.release();
  }
  SSL_set0_CA_list(ssl, names.release());
  SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return true;
}

// Runs for each ClientHello, so twice after a HelloRetryRequest: both must name the same nonce.
int on_client_hello(SSL* ssl, int* alert, void*) {
  *alert = SSL_AD_INTERNAL_ERROR;
  return guarded(ssl, SSL_CLIENT_HELLO_ERROR, [&](Handshake& handshake) {
    const auto name = server_name(ssl);
    if (!name) return handshake.refusal = "the server name of the client is malformed: " + name.error().detail, SSL_CLIENT_HELLO_ERROR;
    if (!*name) return handshake.refusal = "the client sent no server name, so no nonce: it does not speak the constellation profile", SSL_CLIENT_HELLO_ERROR;
    handshake.sni = **name;
    auto nonce = cons::nonce_from_sni(**name);
    if (!nonce)
      return handshake.refusal = "the server name of the client is not a nonce (expected 44 characters of base64 for 32 bytes): " + nonce.error().detail,
             SSL_CLIENT_HELLO_ERROR;
    if (handshake.client_nonce && *handshake.client_nonce != *nonce)
      return handshake.refusal = "the client changed its nonce between its two ClientHello messages", SSL_CLIENT_HELLO_ERROR;
    const bool first = !handshake.client_nonce;
    handshake.client_nonce = std::move(*nonce);
    if (first && handshake.options->judge_client) {
      handshake.server_nonce = crypto::random_bytes(handshake.client_nonce->size());
      if (!request_client_evidence(ssl, handshake)) return handshake.refusal = openssl_error("CertificateRequest").message(), SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
  });
}

int on_certificate(SSL* ssl, void*) {
  return guarded(ssl, 0, [&](Handshake& handshake) {
    if (!handshake.client_nonce) return handshake.refusal = "internal error: no nonce", 0;
    const OwnWork own_work(handshake.limits);
    const auto leaf = handshake.options->leaf(*handshake.key, *handshake.client_nonce);
    if (!leaf) return handshake.refusal = "cannot produce evidence: " + leaf.error().message(), 0;
    SSL_certs_clear(ssl);
    if (SSL_use_certificate(ssl, leaf->get()) != 1 || SSL_use_PrivateKey(ssl, handshake.key) != 1)
      return handshake.refusal = openssl_error("SSL_use_certificate").message(), 0;
    return 1;
  });
}

int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned offered_size, void* arg) {
  const Buffer& ours = *static_cast<const Buffer*>(arg);
  unsigned char* picked = nullptr;
  // The order of the first list decides: ours.
  if (SSL_select_next_proto(&picked, out_size, ours.data(), static_cast<unsigned>(ours.size()), offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
    return guarded(ssl, SSL_TLSEXT_ERR_ALERT_FATAL, [](Handshake& handshake) {
      return handshake.refusal = "no application protocol (ALPN) in common with the client (alert 120)", SSL_TLSEXT_ERR_ALERT_FATAL;
    });
  *out = picked;
  return SSL_TLSEXT_ERR_OK;
}

void on_message(int written, int, int type, const void* data, std::size_t size, SSL* ssl, void*) {
  if (written == 0 && type == SSL3_RT_HANDSHAKE) handshake_of(ssl).choices.note(Bytes(static_cast<const std::uint8_t*>(data), size));
}

std::string rejection(const Report& report) {
  if (!report.verdict) return "the evidence of the client was not judged";
  std::string text = "verdict about the client is " + report.verdict->result;
  const CheckResult* reason = report.find(report.verdict->reason);
  if (reason != nullptr) text += ": " + report.verdict->reason + (reason->detail.empty() ? "" : ": " + reason->detail);
  if (const std::string also = definite_failures_sentence(report); !also.empty()) text += "; " + also;
  return text;
}

// Replaces OpenSSL's chain building. CertificateVerify comes later: the proof counts only once the handshake is complete.
int on_verify(X509_STORE_CTX* store, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);   // alert 42, bad_certificate
  return guarded(ssl, 0, [&](Handshake& handshake) {
    STACK_OF(X509)* chain = X509_STORE_CTX_get0_untrusted(store);
    const int count = sk_X509_num(chain);
    if (count < 1 || static_cast<std::size_t>(count) > evidence::kMaxChain)
      return handshake.refusal = "the client sent a chain of " + std::to_string(count) + " certificates; expected 1 to " + std::to_string(evidence::kMaxChain), 0;
    evidence::Presented presented;
    presented.profile = handshake.options->profile;
    for (int i = 0; i < count; ++i) {
      unsigned char* der = nullptr;
      const int size = i2d_X509(sk_X509_value(chain, i), &der);
      if (size <= 0) return handshake.refusal = openssl_error("i2d_X509").message(), 0;
      presented.chain.emplace_back(der, der + size);
      OPENSSL_free(der);
    }
    presented.nonce = handshake.server_nonce;
    presented.nonce_origin = evidence::Presented::NonceOrigin::drawn;
    presented.live = true;
    presented.peer_is_client = true;
    presented.peer = address_of_peer(SSL_get_fd(ssl));
    const OwnWork own_work(handshake.limits);
    handshake.report = handshake.options->new_report();
    handshake.report->tls = tls_info(*ssl, handshake.sni);
    handshake.report->profile = handshake.options->profile;
    auto appraisal = handshake.options->judge_client(presented, *handshake.report);
    ERR_clear_error();
    if (!appraisal.proof) return handshake.refusal = rejection(*handshake.report), 0;
    handshake.proof = std::move(appraisal.proof);
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  });
}

}  // namespace

Result<std::unique_ptr<ServerTls>> ServerTls::create(const ServerOptions& options) {
  std::unique_ptr<ServerTls> tls(new ServerTls);
  tls->options_ = &options;
  auto key = options.weak ? options.weak->key() : cons::make_leaf_key();
  if (!key) return key.error();
  tls->key_ = std::move(*key);
  for (const std::string& name : options.alpn) {
    tls->alpn_.push_back(static_cast<std::uint8_t>(name.size()));
    tls->alpn_.insert(tls->alpn_.end(), name.begin(), name.end());
  }
  tls->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = tls->context_.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, options.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, options.tls13 ? TLS1_3_VERSION : TLS1_2_VERSION) != 1)
    return openssl_error("SSL_CTX_new");
  if (options.weak && !options.weak->ciphers.empty() && SSL_CTX_set_cipher_list(context, options.weak->ciphers.c_str()) != 1) return openssl_error("SSL_CTX_set_cipher_list");
  if (options.weak && !options.weak->groups.empty() && SSL_CTX_set1_groups_list(context, options.weak->groups.c_str()) != 1) return openssl_error("SSL_CTX_set1_groups_list");
  SSL_CTX_set_security_level(context, options.weak ? 0 : security_level(*context));
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (options.tickets) {
    static constexpr unsigned char kSessionContext[] = "atls-serve";
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
    if (SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1) != 1) return openssl_error("SSL_CTX_set_session_id_context");
  } else {
    // A resumed connection would carry no certificate, so no evidence.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_num_tickets(context, 0) != 1) return openssl_error("SSL_CTX_set_num_tickets");
  }
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(context, kMaxCertificateList);
  SSL_CTX_set_msg_callback(context, on_message);
  SSL_CTX_set_client_hello_cb(context, on_client_hello, nullptr);
  SSL_CTX_set_cert_cb(context, on_certificate, nullptr);
  SSL_CTX_set_cert_verify_callback(context, on_verify, nullptr);
  if (!tls->alpn_.empty()) SSL_CTX_set_alpn_select_cb(context, on_alpn, &tls->alpn_);
  return tls;
}

Result<crypto::SslPtr> ServerTls::connection(int fd, Handshake& handshake) const {
  handshake.options = options_;
  handshake.key = key_.get();
  crypto::SslPtr ssl(SSL_new(context_.get()));
  if (!ssl || !attach_limited(*ssl, fd, handshake.limits) || SSL_set_ex_data(ssl.get(), handshake_index(), &handshake) != 1) return openssl_error("SSL_new");
  return ssl;
}

void judge_absent_client(Handshake& handshake) {
  if (!handshake.options->judge_client || handshake.report) return;
  handshake.report = handshake.options->new_report();
  handshake.report->profile = handshake.options->profile;
  handshake.report->fail(checks::kEvidencePresent, "the client sent no certificate; start it with --attest-as");
  handshake.report->finish({&checks::kEvidencePresent}, false);
}

std::string handshake_failure(Handshake& handshake, IoEnd end, const ServerLimits& limits) {
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  std::string text = handshake.refusal;
  if (!text.empty()) {
  } else if (end == IoEnd::timeout) {
    text = "the client did not finish the handshake within " + std::to_string(limits.handshake.count() / 1000) + " s";
  } else if (end == IoEnd::flooded) {
    text = "the client sent more than " + std::to_string(kMaxHandshakeBytes) + " bytes without finishing the handshake";
  } else if (end == IoEnd::gave_way) {
    text = "the client did not go on with its handshake, and another connection needed the place";
  } else if (end == IoEnd::stopped) {
    text = "the server is stopping";
  } else if (end == IoEnd::truncated || end == IoEnd::closed) {
    text = handshake.client_nonce ? "the client went away during the handshake" : "the client went away without a ClientHello";
  } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    judge_absent_client(handshake);
    text = handshake.report ? rejection(*handshake.report) : "the client sent no certificate";
  } else if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    text = "the client ended the handshake with alert " + std::to_string(alert) + " (" + SSL_alert_desc_string_long(alert) + ")" +
           (alert == SSL_AD_BAD_CERTIFICATE ? ": it refused our evidence" : "");
  } else if (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST) {
    text = "not TLS: the client sent a plain HTTP request";
  } else if (reason == SSL_R_WRONG_VERSION_NUMBER && !handshake.client_nonce) {
    text = "not TLS, or a record version that is none";
  } else {
    const char* words = ERR_reason_error_string(code);
    text = std::string("TLS failed: ") + (words != nullptr ? words : "unknown reason");
  }
  ERR_clear_error();
  return text;
}

TlsInfo tls_info(SSL& ssl, const std::string& sni) {
  TlsInfo info;
  info.version = SSL_get_version(&ssl);
  // While a client is judged under TLS 1.2 the cipher is chosen and not yet in use.
  const SSL_CIPHER* cipher = SSL_get_current_cipher(&ssl);
  if (cipher == nullptr) cipher = SSL_get_pending_cipher(&ssl);
  if (cipher != nullptr) info.cipher = SSL_CIPHER_get_name(cipher);
  if (const int nid = static_cast<int>(SSL_get_negotiated_group(&ssl)); nid != 0) {
    const char* name = SSL_group_to_name(&ssl, nid);
    if (name != nullptr) info.group = name;
  }
  const unsigned char* alpn = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(&ssl, &alpn, &size);
  if (size > 0) info.alpn.assign(reinterpret_cast<const char*>(alpn), size);
  info.sni = sni;
  info.resumed = SSL_session_reused(&ssl) == 1;
  return info;
}

}  // namespace atls::channel
