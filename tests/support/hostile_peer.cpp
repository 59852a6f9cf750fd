// A peer that shakes hands like an honest one and then sends for ever what is not application data; and one that holds many idle
// connections. Records are made here from the secrets of the handshake, so that nothing of OpenSSL refuses to send them.
//   hostile-peer serve KIND VERSION PACE           as a server, with evidence of the simulated platform; prints "listening on ADDR:PORT"
//   hostile-peer connect KIND VERSION PACE ADDR:PORT   as a client
//                                                  both print the seconds that a flood lasted until the other side ended the connection
//   hostile-peer hold ADDR:PORT N SOURCES THREADS  N connections from 127.0.0.1 and the addresses after it; prints "held N in S seconds" and
//                                                  keeps them until its standard input ends
// KIND: see kinds(). VERSION: 1.2 or 1.3. PACE: milliseconds between two records; 0: as fast as it goes. Loopback only, 60 seconds at most.
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "channel/server_tls.hpp"
#include "crypto/digest.hpp"
#include "sim/handshake_faults.hpp"
#include "sim/platform.hpp"
#include "tls_client.hpp"

using namespace atls;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kPatience{60};

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "hostile-peer: %s\n", what.c_str());
  std::exit(1);
}
void must(bool holds, const char* what) {
  if (!holds) give_up(what);
}
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Buffer derive(const char* kdf_name, std::vector<OSSL_PARAM> params, std::size_t size) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, kdf_name, nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  params.push_back(OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>("SHA256"), 0));
  params.push_back(OSSL_PARAM_construct_end());
  Buffer out(size);
  must(EVP_KDF_derive(context, out.data(), out.size(), params.data()) == 1, "no key");
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

// RFC 8446 section 7.1.
Buffer expand_label(Buffer secret, const std::string& label, std::size_t size) {
  Buffer info{static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(label.size() + 6)};
  for (const char c : "tls13 " + label) info.push_back(static_cast<std::uint8_t>(c));
  info.push_back(0);
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  return derive("HKDF", {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
                         OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size())}, size);
}

// Seals records as the side of `ssl` would, from after its Finished on. AES-128-GCM in both versions.
class Sealer {
 public:
  Sealer(SSL* ssl, bool server, const std::string& secret) : is13_(SSL_version(ssl) == TLS1_3_VERSION) {
    if (is13_) {
      secret_ = *from_hex(secret);
      rekey();
      return;
    }
    Buffer master(48), seed(64), key_block_label = to_buffer(std::string_view("key expansion"));
    must(SSL_SESSION_get_master_key(SSL_get_session(ssl), master.data(), 48) == 48, "no master secret");
    SSL_get_server_random(ssl, seed.data(), 32);
    SSL_get_client_random(ssl, seed.data() + 32, 32);
    key_block_label.insert(key_block_label.end(), seed.begin(), seed.end());
    const Buffer block = derive("TLS1-PRF", {OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master.data(), master.size()),
                                             OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, key_block_label.data(), key_block_label.size())}, 40);
    key_.assign(block.begin() + (server ? 16 : 0), block.begin() + (server ? 32 : 16));
    iv_.assign(block.begin() + (server ? 36 : 32), block.begin() + (server ? 40 : 36));
    sequence_ = 1;   // Finished was the record 0
  }

  Buffer seal(std::uint8_t type, Buffer content) {
    std::uint8_t number[8];
    for (int i = 0; i < 8; ++i) number[i] = static_cast<std::uint8_t>(sequence_ >> (56 - 8 * i));
    ++sequence_;
    Buffer nonce = iv_, additional, record;
    if (is13_) {
      for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] ^= number[i];
      content.push_back(type);
      const std::size_t size = content.size() + 16;
      record = {23, 3, 3, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
      additional = record;
    } else {
      nonce.insert(nonce.end(), number, number + 8);
      additional.assign(number, number + 8);
      for (const std::size_t b : {std::size_t{type}, std::size_t{3}, std::size_t{3}, content.size() >> 8, content.size() & 0xFF}) additional.push_back(static_cast<std::uint8_t>(b));
      const std::size_t size = content.size() + 24;
      record = {type, 3, 3, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
      record.insert(record.end(), number, number + 8);
    }
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    Buffer sealed(content.size() + 16);
    int size = 0;
    must(EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, key_.data(), nonce.data()) == 1 &&
             EVP_EncryptUpdate(context, nullptr, &size, additional.data(), static_cast<int>(additional.size())) == 1 &&
             (content.empty() || EVP_EncryptUpdate(context, sealed.data(), &size, content.data(), static_cast<int>(content.size())) == 1) &&
             EVP_EncryptFinal_ex(context, sealed.data() + content.size(), &size) == 1 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, sealed.data() + content.size()) == 1,
         "cannot encrypt");
    EVP_CIPHER_CTX_free(context);
    record.insert(record.end(), sealed.begin(), sealed.end());
    return record;
  }

  Buffer key_update(bool requested) {
    Buffer out = seal(22, {24, 0, 0, 1, static_cast<std::uint8_t>(requested)});
    secret_ = expand_label(secret_, "traffic upd", 32);
    rekey();
    return out;
  }

 private:
  void rekey() {
    key_ = expand_label(secret_, "key", 16);
    iv_ = expand_label(secret_, "iv", 12);
    sequence_ = 0;
  }
  const bool is13_;
  Buffer secret_, key_, iv_;
  std::uint64_t sequence_ = 0;
};

Buffer ticket() {   // NewSessionTicket, RFC 8446 section 4.6.1
  Buffer out{4, 0, 0, 46, 0, 0, 14, 16, 0, 0, 0, 1, 1, 7, 0, 32};
  out.insert(out.end(), 32, 0x42);
  out.insert(out.end(), {0, 0});
  return out;
}

Buffer one_record(Sealer& sealer, const std::string& kind, std::uint64_t index) {
  constexpr std::uint8_t kUserCanceled = 90;
  if (kind == "key-update") return sealer.key_update(false);
  if (kind == "key-update-requested") return sealer.key_update(true);
  if (kind == "ticket") return sealer.seal(22, ticket());
  if (kind == "warning-alert") return sealer.seal(21, {1, kUserCanceled});
  if (kind == "empty-record") return sealer.seal(23, {});
  if (kind == "ccs") return {20, 3, 3, 0, 1, 1};   // never sealed
  if (kind == "hello-request") return sealer.seal(22, {0, 0, 0, 0});
  if (kind == "client-hello") {
    Buffer hello{1, 0, 0, 41, 3, 3};
    hello.insert(hello.end(), 32, 0x11);
    hello.insert(hello.end(), {0, 0, 2, 0xC0, 0x2B, 1, 0});
    return sealer.seal(22, hello);
  }
  // What resets the counters that OpenSSL has of the others.
  if (kind == "mixed-1.3-server") return index % 2 == 0 ? sealer.seal(22, ticket()) : one_record(sealer, "warning-alert", 0);
  if (kind == "mixed-1.3-client") return index % 2 == 0 ? sealer.key_update(false) : one_record(sealer, "warning-alert", 0);
  if (kind == "mixed-1.2-server") return one_record(sealer, index % 2 == 0 ? "hello-request" : "warning-alert", 0);
  if (kind == "mixed-1.2-client") return one_record(sealer, index % 2 == 0 ? "client-hello" : "empty-record", 0);
  give_up("unknown kind " + kind);
}

// Until the other side has ended the connection, or patience.
void flood(int fd, Sealer& sealer, const std::string& kind, std::chrono::milliseconds pace) {
  const auto start = Clock::now();
  Buffer pending;
  for (std::uint64_t index = 0; Clock::now() - start < kPatience;) {
    while (pending.size() < (pace.count() == 0 ? 64u * 1024 : 1u)) {
      const Buffer record = one_record(sealer, kind, index++);
      pending.insert(pending.end(), record.begin(), record.end());
    }
    pollfd wait{fd, POLLOUT | POLLRDHUP, 0};
    if (::poll(&wait, 1, 100) < 0 || (wait.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) return;
    if ((wait.revents & POLLOUT) == 0) continue;
    const ssize_t n = ::send(fd, pending.data(), pending.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) return;
    pending.erase(pending.begin(), pending.begin() + std::max<ssize_t>(n, 0));
    if (pace.count() > 0) std::this_thread::sleep_for(pace);
  }
}

std::string secret_of_this_side;   // hex; one connection at a time
void on_secret(const SSL* ssl, const char* line) {
  const std::string text = line, label = SSL_is_server(ssl) ? "SERVER_TRAFFIC_SECRET_0 " : "CLIENT_TRAFFIC_SECRET_0 ";
  if (text.starts_with(label)) secret_of_this_side = text.substr(text.rfind(' ') + 1);
}

void simple_ciphers(SSL* ssl) {
  must(SSL_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256") == 1 && SSL_set_cipher_list(ssl, "ECDHE-ECDSA-AES128-GCM-SHA256") == 1, "no cipher");
  SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(ssl), on_secret);
}

int serve(const std::string& kind, bool is13, std::chrono::milliseconds pace) {
  auto platform = sim::SnpPlatform::create({});
  must(static_cast<bool>(platform), "no platform");
  channel::ServerOptions options;
  options.tls12 = !is13;
  options.tls13 = is13;
  options.leaf = sim::faulty_leaf_maker(sim::sim_snp_attester(std::shared_ptr<const sim::SnpPlatform>(std::move(*platform))), {});
  auto tls = channel::ServerTls::create(options);
  auto listener = channel::listen_on("127.0.0.1:0");
  must(tls && listener, "cannot listen");
  std::printf("listening on %s\n", listener->address.c_str());
  std::fflush(stdout);
  for (;;) {
    pollfd wait{listener->fd.get(), POLLIN, 0};
    if (::poll(&wait, 1, 60'000) <= 0) return 0;
    const channel::Fd fd(::accept4(listener->fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    channel::Handshake handshake;
    handshake.limits.begin(Clock::now() + kPatience, channel::kMaxHandshakeBytes);
    auto ssl = (*tls)->connection(fd.get(), handshake);
    must(static_cast<bool>(ssl), "no connection");
    simple_ciphers(ssl->get());
    if (SSL_accept(ssl->get()) != 1) continue;
    Sealer sealer(ssl->get(), true, secret_of_this_side);
    const auto start = Clock::now();
    flood(fd.get(), sealer, kind, pace);
    std::printf("%.3f\n", seconds_since(start));
    std::fflush(stdout);
  }
}

int connect_once(const std::string& kind, bool is13, std::chrono::milliseconds pace, const std::string& address) {
  test::TlsClient client(address, {.version = is13 ? TLS1_3_VERSION : TLS1_2_VERSION, .sni = base64(crypto::random_bytes(32))});
  simple_ciphers(client.ssl());
  must(client.handshake(), "no handshake");
  Sealer sealer(client.ssl(), false, secret_of_this_side);
  const auto start = Clock::now();
  flood(SSL_get_fd(client.ssl()), sealer, kind, pace);
  std::printf("%.3f\n", seconds_since(start));
  return 0;
}

// An established connection: the socket alone is kept, so that many fit here.
int held_connection(SSL_CTX* context, const std::string& address, std::uint32_t source) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in from{}, to{};
  from.sin_family = to.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return -1;
  const crypto::SslPtr ssl(SSL_new(context));
  SSL_set_fd(ssl.get(), fd);
  SSL_set_tlsext_host_name(ssl.get(), base64(crypto::random_bytes(32)).c_str());
  return SSL_connect(ssl.get()) == 1 ? fd : -1;
}

int hold(const std::string& address, unsigned count, unsigned sources, unsigned threads) {
  rlimit files{};
  (void)::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &files);
  const crypto::SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  std::atomic<unsigned> next = 0, failed = 0;
  const auto start = Clock::now();
  std::vector<std::thread> pool;
  for (unsigned t = 0; t < threads; ++t)
    pool.emplace_back([&] {
      for (unsigned i; (i = next++) < count;)
        if (held_connection(context.get(), address, i % sources) < 0) ++failed;   // kept by never closing it
    });
  for (std::thread& thread : pool) thread.join();
  if (failed != 0) give_up(std::to_string(failed.load()) + " of " + std::to_string(count) + " connections failed");
  std::printf("held %u in %.1f seconds\n", count, seconds_since(start));
  std::fflush(stdout);
  while (std::getchar() != EOF) {}
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> args(argv + 1, argv + argc);
  const auto number = [&](std::size_t i) { return static_cast<unsigned>(std::stoul(args[i])); };
  if (args.size() == 4 && args[0] == "serve") return serve(args[1], args[2] == "1.3", std::chrono::milliseconds(number(3)));
  if (args.size() == 5 && args[0] == "connect") return connect_once(args[1], args[2] == "1.3", std::chrono::milliseconds(number(3)), args[4]);
  if (args.size() == 5 && args[0] == "hold") return hold(args[1], number(2), number(3), number(4));
  std::fprintf(stderr, "usage: hostile-peer serve KIND VERSION PACE | connect KIND VERSION PACE ADDR:PORT | hold ADDR:PORT N SOURCES THREADS\n");
  return 1;
}
