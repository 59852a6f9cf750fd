// reflector server | client HOST:PORT: a peer that has no evidence of its own and shows its victim the victim's, under a key of its own.
//
// server: prints "listening on ADDR", takes two connections of a victim that attests itself. The nonce of the second becomes the nonce that
//         the first one is asked to attest; what comes back is the evidence of the second one's server.
// client: connects twice to a server that attests itself and verifies its clients. The nonce that the first connection demands is
//         the one that the second asks the server to attest.
//
// UserData of the document is rewritten to the reflector's key, so that nothing is wrong but what the hardware signed.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <thread>

#include "base/base64.hpp"
#include "channel/listener.hpp"
#include "profile/constellation.hpp"
#include "support/tls_client.hpp"

namespace {

using namespace atls;
namespace cons = profile::constellation;

constexpr std::chrono::seconds kReflectorLimit{20};
constexpr std::string_view kEvidenceArc = "1.3.9900.";

Buffer der_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  Buffer out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

Buffer spki_of_certificate(X509* certificate) { return cons::spki_of(*X509_get0_pubkey(certificate)); }

// The evidence of `leaf` in a leaf of another key.
crypto::X509Ptr leaf_with_evidence_of(X509* leaf, EVP_PKEY& key) {
  cons::LeafSpec spec;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  spec.not_before = now - std::chrono::hours(2);
  spec.not_after = now + std::chrono::hours(2);
  const std::string theirs = base64(cons::user_data(spki_of_certificate(leaf))), ours = base64(cons::user_data(cons::spki_of(key)));
  for (int i = 0; i < X509_get_ext_count(leaf); ++i) {
    X509_EXTENSION* extension = X509_get_ext(leaf, i);
    char oid[80];
    OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(extension), 1);
    if (!std::string_view(oid).starts_with(kEvidenceArc)) continue;
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
    std::string document(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), static_cast<std::size_t>(ASN1_STRING_length(value)));
    if (const auto at = document.find(theirs); at != std::string::npos) document.replace(at, theirs.size(), ours);
    spec.extensions.push_back({oid, Buffer(document.begin(), document.end())});
  }
  if (spec.extensions.empty()) return nullptr;
  auto out = cons::make_leaf(key, spec);
  return out ? *std::move(out) : nullptr;
}

// What both connections of a victim share.
struct Exchange {
  std::promise<std::string> nonce;   // base64, as in SNI and CA name
  std::promise<Buffer> evidence;     // DER of the leaf that holds it
  std::shared_future<std::string> nonce_known{nonce.get_future()};
  std::shared_future<Buffer> evidence_known{evidence.get_future()};
};

// What a callback of one connection needs.
struct Hook { Exchange* exchange; EVP_PKEY* key; bool first; };

template <class T>
std::optional<T> waited_for(const std::shared_future<T>& future) {
  if (future.wait_for(kReflectorLimit) != std::future_status::ready) return std::nullopt;
  return future.get();
}

int use_leaf(SSL* ssl, X509* leaf, EVP_PKEY* key) {
  return leaf != nullptr && SSL_use_certificate(ssl, leaf) == 1 && SSL_use_PrivateKey(ssl, key) == 1 ? 1 : 0;
}

// Server: after the ClientHello, before anything is answered.
int on_client_hello(SSL* ssl, void* argument) {
  const Hook& hook = *static_cast<Hook*>(argument);
  if (!hook.first) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    hook.exchange->nonce.set_value(name != nullptr ? name : "");
    const auto stolen = waited_for(hook.exchange->evidence_known);
    if (!stolen) return 0;
    const std::uint8_t* der = stolen->data();
    const crypto::X509Ptr leaf(d2i_X509(nullptr, &der, static_cast<long>(stolen->size())));
    return leaf ? use_leaf(ssl, leaf_with_evidence_of(leaf.get(), *hook.key).get(), hook.key) : 0;
  }
  const auto nonce = waited_for(hook.exchange->nonce_known);
  if (!nonce) return 0;
  X509_NAME* name = X509_NAME_new();
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(nonce->data()), static_cast<int>(nonce->size()), -1, 0);
  STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
  sk_X509_NAME_push(names, name);
  SSL_set_client_CA_list(ssl, names);
  cons::LeafSpec spec;   // no evidence: the victim finishes the handshake before it judges
  spec.not_before = Time{} + std::chrono::hours(1);
  spec.not_after = Time{} + std::chrono::hours(24 * 365 * 60);
  const auto leaf = cons::make_leaf(*hook.key, spec);
  return leaf ? use_leaf(ssl, leaf->get(), hook.key) : 0;
}

void serve_one(channel::Fd fd, Exchange& exchange, bool first) {
  const crypto::SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  const auto key = cons::make_leaf_key();
  if (!key) return;
  Hook hook{&exchange, key->get(), first};
  SSL_CTX_set_cert_cb(context.get(), on_client_hello, &hook);
  if (first) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  }
  const crypto::SslPtr ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd.get());
  const int rc = SSL_accept(ssl.get());
  std::printf("%s connection: handshake %s\n", first ? "first" : "second", rc == 1 ? "finished" : "failed");
  if (first) {
    const crypto::X509Ptr leaf(SSL_get1_peer_certificate(ssl.get()));
    if (leaf) exchange.evidence.set_value(der_of(leaf.get()));
  }
  char byte = 0;
  const int read = rc == 1 ? SSL_read(ssl.get(), &byte, 1) : 0;
  if (read > 0) std::printf("%s connection: an application byte came\n", first ? "first" : "second");
}

int server() {
  auto listener = channel::listen_on("127.0.0.1:0");
  if (!listener) return 1;
  std::printf("listening on %s\n", listener->address.c_str());
  std::fflush(stdout);
  Exchange exchange;
  std::vector<std::thread> threads;
  for (const bool first : {true, false}) {
    pollfd waiting{listener->fd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 20'000) != 1) break;
    channel::Fd fd(::accept4(listener->fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    threads.emplace_back([fd = std::move(fd), &exchange, first]() mutable { serve_one(std::move(fd), exchange, first); });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

// Client: the server asks for our certificate.
int on_certificate_request(SSL* ssl, void* argument) {
  const std::string& address = *static_cast<std::string*>(argument);
  const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(ssl);
  std::vector<Buffer> der;
  for (int i = 0; names != nullptr && i < sk_X509_NAME_num(names); ++i) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    X509_NAME_get0_der(sk_X509_NAME_value(names, i), &bytes, &size);
    der.emplace_back(bytes, bytes + size);
  }
  const auto nonce = cons::nonce_from_ca_names(der);
  const auto key = cons::make_leaf_key();
  if (!nonce || !key) return 0;
  test::TlsClientOptions options;
  options.sni = cons::nonce_to_sni(*nonce);
  test::TlsClient other(address, options);
  (void)other.handshake();   // the server's certificate comes before it wants ours
  const crypto::X509Ptr theirs(SSL_get1_peer_certificate(other.ssl()));
  if (!theirs) return 0;
  return use_leaf(ssl, leaf_with_evidence_of(theirs.get(), **key).get(), key->get());
}

int client(std::string address) {
  const crypto::SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_cert_cb(context.get(), on_certificate_request, &address);
  const channel::Fd fd = test::connect_loopback(address);
  const crypto::SslPtr ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd.get());
  SSL_set_tlsext_host_name(ssl.get(), cons::nonce_to_sni(Buffer(32, 7)).c_str());
  const bool finished = SSL_connect(ssl.get()) == 1;
  std::printf("handshake %s, certificate %s\n", finished ? "finished" : "failed", SSL_get_certificate(ssl.get()) != nullptr ? "shown" : "not shown");
  if (!finished) return 0;
  (void)SSL_write(ssl.get(), "secret\n", 7);
  char data[64];
  const int n = SSL_read(ssl.get(), data, sizeof data);
  std::printf("%s\n", n > 0 ? "accepted: the server answered" : "refused: nothing came back");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  (void)::signal(SIGPIPE, SIG_IGN);
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "server" && argc == 2) return server();
  if (role == "client" && argc == 3) return client(argv[2]);
  std::fprintf(stderr, "usage: reflector server | client HOST:PORT\n");
  return 1;
}
