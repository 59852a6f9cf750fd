#include "channel/client.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/hex.hpp"
#include "profile/constellation.hpp"
#include "support/tls_peer.hpp"

using namespace atls;
using namespace std::chrono_literals;
using channel::ClientChannel;
using channel::ClientOptions;
using State = channel::ClientChannel::State;
using test::TlsPeer;

namespace {

ClientOptions options_for(const channel::Target& target) {
  ClientOptions out;
  out.target = target;
  out.sni = profile::constellation::nonce_to_sni(Buffer(32, 1));
  out.alpn = {"http/1.1", "h2"};
  out.connect_timeout = 5s;
  out.handshake_timeout = 5s;
  return out;
}

// What arrives as application data until the end of the connection.
std::string received(SSL& ssl) {
  std::string out;
  char block[256];
  for (int n = 0; (n = SSL_read(&ssl, block, sizeof block)) > 0;) out.append(block, static_cast<std::size_t>(n));
  return out;
}

void versions(const std::function<void(int)>& body) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    body(version);
  }
}

}  // namespace

TEST_CASE("client: the handshake is finished whatever certificate comes, and nothing is sent before a verdict") {
  versions([](int version) {
    std::string got = "not run", sni;
    {
      TlsPeer peer({}, [&](SSL& ssl) {
        sni = SSL_get_servername(&ssl, TLSEXT_NAMETYPE_host_name);
        got = received(ssl);
      });
      auto options = options_for(peer.target());
      options.min_version = options.max_version = version;
      ClientChannel channel = connect_client(options);
      REQUIRE(channel.state == State::established);
      CHECK(channel.chain.size() == 1);
      CHECK(channel.tls.version == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
      CHECK_FALSE(channel.tls.resumed);
      CHECK_FALSE(channel.certificate_requested);
      CHECK(channel.timing.tls > 0);
      channel.close();
    }
    CHECK(got.empty());
    CHECK(sni == profile::constellation::nonce_to_sni(Buffer(32, 1)));
  });
}

TEST_CASE("client: sessions that the server offers are not resumed") {
  versions([](int version) {
    for (int i = 0; i < 2; ++i) {
      TlsPeer peer([](SSL_CTX& context) { SSL_CTX_set_num_tickets(&context, 2); }, [](SSL& ssl) { (void)SSL_write(&ssl, "x", 1); });
      auto options = options_for(peer.target());
      options.min_version = options.max_version = version;
      ClientChannel channel = connect_client(options);
      REQUIRE(channel.state == State::established);
      CHECK_FALSE(channel.refusal_within(2s));   // reads the tickets and the byte
      CHECK_FALSE(channel.tls.resumed);
    }
  });
}

TEST_CASE("client: a certificate request is answered from its CA names") {
  versions([](int version) {
    const auto ask = [](SSL_CTX& context) {
      SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
      SSL_CTX_set_cert_verify_callback(&context, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
      X509_NAME* name = X509_NAME_new();
      X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_PRINTABLESTRING, reinterpret_cast<const unsigned char*>("AAAA"), -1, -1, 0);
      STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
      sk_X509_NAME_push(names, name);
      SSL_CTX_set_client_CA_list(&context, names);
    };
    bool server_saw_certificate = false;
    SUBCASE("answered") {
      {
        TlsPeer peer(ask, [&](SSL& ssl) {
          const crypto::X509Ptr certificate(SSL_get1_peer_certificate(&ssl));
          server_saw_certificate = certificate != nullptr;
          (void)received(ssl);
        });
        auto options = options_for(peer.target());
        options.min_version = options.max_version = version;
        std::vector<Buffer> names;
        options.on_certificate_request = [&](const std::vector<Buffer>& ca_names) -> Result<channel::ClientCertificate> {
          names = ca_names;
          auto key = profile::constellation::make_leaf_key();
          profile::constellation::LeafSpec spec;
          spec.not_after = Time{} + std::chrono::hours(24 * 365 * 60);
          auto leaf = profile::constellation::make_leaf(**key, spec);
          return channel::ClientCertificate{*std::move(key), *std::move(leaf)};
        };
        ClientChannel channel = connect_client(options);
        REQUIRE(channel.state == State::established);
        CHECK(channel.certificate_requested);
        CHECK(channel.certificate_sent);
        REQUIRE(names.size() == 1);
        CHECK(hex(names[0]) == "300f310d300b0603550403130441414141");
        CHECK_FALSE(channel.refusal_within(200ms));
        channel.close();
      }
      CHECK(server_saw_certificate);
    }
    SUBCASE("refused by us") {
      TlsPeer peer(ask);
      auto options = options_for(peer.target());
      options.min_version = options.max_version = version;
      options.on_certificate_request = [](const std::vector<Buffer>&) -> Result<channel::ClientCertificate> { return Error{Errc::bad_value, "here", "not a nonce"}; };
      const ClientChannel channel = connect_client(options);
      CHECK(channel.state == State::ended_by_us);
      REQUIRE(channel.error);
      CHECK(channel.error->detail == "not a nonce");
      CHECK(channel.ca_names.size() == 1);
    }
    SUBCASE("an exception of the maker ends the handshake, not the process") {
      TlsPeer peer(ask);
      auto options = options_for(peer.target());
      options.min_version = options.max_version = version;
      options.on_certificate_request = [](const std::vector<Buffer>&) -> Result<channel::ClientCertificate> { throw std::runtime_error("no entropy"); };
      const ClientChannel channel = connect_client(options);
      CHECK(channel.state == State::ended_by_us);
    }
  });
}

TEST_CASE("client: a server that refuses our certificate is noticed, in TLS 1.3 after the handshake") {
  versions([](int version) {
    TlsPeer peer([](SSL_CTX& context) { SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr); });
    auto options = options_for(peer.target());
    options.min_version = options.max_version = version;
    ClientChannel channel = connect_client(options);
    if (version == TLS1_2_VERSION) {
      CHECK(channel.state == State::failed);
      REQUIRE(channel.error);
      CHECK(channel.error->detail.find("alert") != std::string::npos);
      return;
    }
    REQUIRE(channel.state == State::established);
    CHECK(channel.certificate_requested);
    const auto refusal = channel.refusal_within(5s);
    REQUIRE(refusal);
    CHECK(refusal->find("certificate required (116)") != std::string::npos);
  });
}

TEST_CASE("client: an early byte of the server is no refusal and is not lost") {
  TlsPeer peer({}, [](SSL& ssl) {
    (void)SSL_write(&ssl, "hello", 5);
    (void)received(ssl);
  });
  ClientChannel channel = connect_client(options_for(peer.target()));
  REQUIRE(channel.state == State::established);
  CHECK_FALSE(channel.refusal_within(5s));
  channel.close();
}

TEST_CASE("client: peers that do not speak TLS, or stop, give a reason within the limit") {
  struct Row { const char* name; std::function<void(int)> script; Errc code; };
  const auto wait_for_end = [](int fd) {
    char block[512];
    while (::recv(fd, block, sizeof block, 0) > 0) {
    }
  };
  const Row rows[] = {
      {"HTTP", [&](int fd) { (void)!::send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL); }, Errc::tls},
      {"closes at once", [](int) {}, Errc::tls},
      {"silent", wait_for_end, Errc::timeout},
      {"trickles", [&](int fd) { (void)!::send(fd, "\x16\x03\x03", 3, MSG_NOSIGNAL); wait_for_end(fd); }, Errc::timeout},
      {"handshake alert", [&](int fd) { (void)!::send(fd, "\x15\x03\x03\x00\x02\x02\x28", 7, MSG_NOSIGNAL); wait_for_end(fd); }, Errc::refused},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    TlsPeer peer = TlsPeer::raw(row.script);
    auto options = options_for(peer.target());
    options.handshake_timeout = 400ms;
    const auto start = std::chrono::steady_clock::now();
    const ClientChannel channel = connect_client(options);
    CHECK(std::chrono::steady_clock::now() - start < 3s);
    CHECK(channel.state == State::failed);
    REQUIRE(channel.error);
    CHECK(channel.error->code == row.code);
    CHECK_FALSE(channel.error->detail.empty());
  }
}

TEST_CASE("client: a chain of more than sixteen certificates is refused") {
  TlsPeer peer([](SSL_CTX& context) {
    for (int i = 0; i < 16; ++i) {
      const auto key = profile::constellation::make_leaf_key();
      auto extra = profile::constellation::make_leaf(**key, {});
      SSL_CTX_add_extra_chain_cert(&context, extra->release());
    }
  });
  const ClientChannel channel = connect_client(options_for(peer.target()));
  CHECK(channel.state == State::failed);
  REQUIRE(channel.error);
  CHECK(channel.error->code == Errc::too_large);
}

TEST_CASE("client: nobody listening, and names that do not exist") {
  auto listener = channel::listen_on("127.0.0.1:0");
  REQUIRE(listener);
  const auto target = *channel::parse_target(listener->address);
  listener->fd.reset();
  const ClientChannel refused = connect_client(options_for(target));
  CHECK(refused.state == State::failed);
  CHECK(refused.error->code == Errc::unavailable);
  CHECK(refused.error->detail.find(target.text()) != std::string::npos);
  auto v6 = options_for(target);
  v6.family = channel::Family::v6;
  CHECK(connect_client(v6).error->code == Errc::not_found);
}

TEST_CASE("client: a stop descriptor ends the waiting") {
  TlsPeer peer = TlsPeer::raw([](int fd) {
    char block[512];
    while (::recv(fd, block, sizeof block, 0) > 0) {
    }
  });
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "x", 1) == 1);
  auto options = options_for(peer.target());
  options.stop_fd = ends[0];
  const ClientChannel channel = connect_client(options);
  ::close(ends[0]);
  ::close(ends[1]);
  CHECK(channel.state == State::failed);
  CHECK(channel.error->detail == "interrupted");
}

TEST_CASE("client: options that OpenSSL does not know name the option") {
  struct Row { const char* where; void (*change)(ClientOptions&); };
  const Row rows[] = {{"--ciphers", [](ClientOptions& o) { o.ciphers = "NO-SUCH-CIPHER"; }},
                      {"--ciphers", [](ClientOptions& o) { o.ciphers = "TLS_NO_SUCH"; }},
                      {"--ciphers", [](ClientOptions& o) { o.ciphers = "TLS_AES_128_GCM_SHA256"; o.max_version = TLS1_2_VERSION; }},
                      {"--ciphers", [](ClientOptions& o) { o.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"; o.min_version = TLS1_3_VERSION; }},
                      {"--groups", [](ClientOptions& o) { o.groups = "no-such-group"; }},
                      {"--alpn", [](ClientOptions& o) { o.alpn = {""}; }},
                      {"--alpn", [](ClientOptions& o) { o.alpn = {std::string(256, 'x')}; }},
                      {"--keylog", [](ClientOptions& o) { o.keylog_file = "/nonexistent/folder/keys"; }}};
  for (const Row& row : rows) {
    CAPTURE(row.where);
    auto options = options_for({"127.0.0.1", 1});
    row.change(options);
    const ClientChannel channel = connect_client(options);
    CHECK(channel.state == State::failed);
    CHECK(channel.error->where == row.where);
  }
}

TEST_CASE("client: ciphers and groups that are asked for are used, and secrets are logged only when asked for") {
  const auto keylog = std::filesystem::temp_directory_path() / ("atls-keylog-" + std::to_string(::getpid()));
  TlsPeer peer({}, [](SSL& ssl) { (void)received(ssl); });
  auto options = options_for(peer.target());
  options.ciphers = "TLS_CHACHA20_POLY1305_SHA256";
  options.groups = "P-384";
  options.keylog_file = keylog.string();
  ClientChannel channel = connect_client(options);
  REQUIRE(channel.state == State::established);
  CHECK(channel.tls.version == "TLSv1.3");
  CHECK(channel.tls.cipher == "TLS_CHACHA20_POLY1305_SHA256");
  CHECK(channel.tls.group == "secp384r1");
  channel.close();
  std::stringstream text;
  text << std::ifstream(keylog).rdbuf();
  CHECK(text.str().find("CLIENT_TRAFFIC_SECRET_0 ") != std::string::npos);
  CHECK((std::filesystem::status(keylog).permissions() & std::filesystem::perms::others_all) == std::filesystem::perms::none);
  std::filesystem::remove(keylog);
}

TEST_CASE("client: through a proxy") {
  struct Row { const char* name; const char* answer; };
  for (const Row& row : {Row{"refuses", "HTTP/1.1 403 Forbidden\r\n\r\n"}, Row{"closes", ""}, Row{"does not speak HTTP", "220 ready\r\n\r\n"},
                         Row{"no end", "HTTP/1.1 200 OK\r\n"}}) {
    CAPTURE(row.name);
    std::string request;
    {
      TlsPeer peer = TlsPeer::raw([&](int fd) {
        char block[2048];
        while (request.find("\r\n\r\n") == std::string::npos) {
          const ssize_t n = ::recv(fd, block, sizeof block, 0);
          if (n <= 0) return;
          request.append(block, static_cast<std::size_t>(n));
        }
        (void)!::send(fd, row.answer, std::strlen(row.answer), MSG_NOSIGNAL);
      });
      auto options = options_for({"attested.example", 443});
      options.proxy = channel::Proxy{peer.target(), "Basic dTpw"};
      const ClientChannel channel = connect_client(options);
      CHECK(channel.state == State::failed);
      CHECK(channel.error->where == "proxy");
    }
    CHECK(request.starts_with("CONNECT attested.example:443 HTTP/1.1\r\nHost: attested.example:443\r\nProxy-Authorization: Basic dTpw\r\n"));
  }
}
