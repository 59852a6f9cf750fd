#include "channel/server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "constellation/document.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "profile/constellation.hpp"
#include "profile/constellation_leaf.hpp"
#include "report/checks_atls.hpp"
#include "sim/handshake_faults.hpp"
#include "support/tls_client.hpp"

using namespace atls;
using namespace std::chrono_literals;
using channel::ConnectionRecord;
using test::TlsClient;
using test::TlsClientOptions;

namespace {

// Evidence without hardware: enough for everything that happens in the channel.
class DummyAttester final : public Attester {
 public:
  std::string_view name() const override { return "dummy"; }
  bool has_hardware_evidence() const override { return false; }
  Result<evidence::Evidence> attest(const std::array<std::uint8_t, 64>&) override {
    ++calls;
    evidence::Evidence evidence;
    evidence.format = "dummy";
    return evidence;
  }
  std::atomic<int> calls = 0;
};

std::string echo(channel::Connection& connection, const channel::Admission&) {
  std::array<std::uint8_t, 4096> block;
  std::size_t count = 0;
  while (connection.stream.read(block, count) == channel::IoEnd::ok)
    if (connection.stream.write(Bytes(block).first(count)) != channel::IoEnd::ok) return "write failed";
  return {};
}

class Running {
 public:
  explicit Running(const std::function<void(channel::ServerOptions&)>& change = {}) {
    channel::ServerOptions options;
    options.address = "127.0.0.1:0";
    options.leaf = profile::constellation_leaf_maker(std::make_shared<DummyAttester>());
    options.application = echo;
    options.limits.linger = 50ms;
    options.new_report = [] { return Report(); };
    options.on_end = [this](const ConnectionRecord& record) {
      const std::lock_guard lock(mutex_);
      records_.push_back(record);
      ended_.notify_all();
    };
    if (change) change(options);
    auto server = channel::Server::create(std::move(options));
    REQUIRE(server);
    server_ = std::move(*server);
    thread_ = std::thread([this] { all_ended = server_->run(); });
  }
  ~Running() { stop(); }
  void stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }
  const std::string& address() const { return server_->address(); }
  ConnectionRecord record(std::size_t index) {
    std::unique_lock lock(mutex_);
    REQUIRE(ended_.wait_for(lock, 10s, [&] { return records_.size() > index; }));
    return records_[index];
  }
  bool all_ended = false;

 private:
  std::unique_ptr<channel::Server> server_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<ConnectionRecord> records_;
  std::thread thread_;
};

std::string nonce_name(std::uint8_t fill) { return base64(Buffer(32, fill)); }
constexpr int kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

Buffer peer_der(SSL* ssl) {
  unsigned char* der = nullptr;
  const crypto::X509Ptr peer(SSL_get1_peer_certificate(ssl));
  const int size = i2d_X509(peer.get(), &der);
  REQUIRE(size > 0);
  Buffer out(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace

TEST_CASE("server: every connection gets its own certificate for its own nonce, with the key of the process") {
  Running server;
  for (const int version : kVersions) {
    CAPTURE(version);
    std::set<Buffer> certificates, keys;
    for (const std::uint8_t fill : {std::uint8_t{1}, std::uint8_t{2}}) {
      TlsClient client(server.address(), {.version = version, .sni = nonce_name(fill)});
      REQUIRE(client.handshake());
      const auto leaf = crypto::Certificate::from_der(peer_der(client.ssl()));
      REQUIRE(leaf);
      CHECK(certificates.insert(leaf->der()).second);
      keys.insert(leaf->spki());
      CHECK(leaf->subject_cn() == "Constellation");
      const crypto::Extension* extension = leaf->extension(constellation::kOidDummy);
      REQUIRE(extension != nullptr);
      const auto document = constellation::parse_dummy(extension->value);
      REQUIRE(document);
      CHECK(document->user_data == crypto::sha256(leaf->spki()));
      CHECK(client.write("hello"));
      CHECK(client.read() == "hello");
    }
    CHECK(keys.size() == 1);
  }
}

TEST_CASE("server: without a nonce of 32 bytes there is alert 80 and a reason") {
  Running server;
  struct Row { std::string sni; const char* why; };
  const Row rows[] = {{"", "no server name"},
                      {"localhost", "not a nonce"},
                      {"AAAA", "not a nonce"},
                      {"!!!!", "not a nonce"},
                      {base64(Buffer(31, 1)), "not a nonce"},
                      {base64(Buffer(33, 1)), "not a nonce"},
                      {nonce_name(1).substr(0, 43), "not a nonce"},
                      {nonce_name(1) + ".", "not a nonce"},
                      {std::string(255, 'A'), "not a nonce"}};
  std::size_t index = 0;
  for (const int version : kVersions) {
    for (const Row& row : rows) {
      CAPTURE(version);
      CAPTURE(row.sni);
      TlsClient client(server.address(), {.version = version, .sni = row.sni});
      CHECK_FALSE(client.handshake());
      CHECK(client.alert == SSL_AD_INTERNAL_ERROR);
      const ConnectionRecord record = server.record(index++);
      CHECK_FALSE(record.established);
      CHECK(record.failure.find(row.why) != std::string::npos);
    }
  }
}

TEST_CASE("server: an attester that fails gives alert 80 and its reason in the record") {
  Running server([](auto& options) {
    options.leaf = [](EVP_PKEY&, Bytes) -> Result<crypto::X509Ptr> { return Error{Errc::io, "tsm", "the device is busy"}; };
  });
  TlsClient client(server.address(), {.sni = nonce_name(1)});
  CHECK_FALSE(client.handshake());
  CHECK(client.alert == SSL_AD_INTERNAL_ERROR);
  CHECK(server.record(0).failure.find("the device is busy") != std::string::npos);
}

TEST_CASE("server: ALPN is the first of ours that the client offers") {
  Running server;
  struct Row { const char *offered, *chosen; };
  for (const int version : kVersions) {
    for (const Row& row : {Row{"", ""}, Row{"\x02h2\x08http/1.1", "http/1.1"}, Row{"\x02h2", "h2"}, Row{"\x04spdy\x02h2", "h2"}}) {
      CAPTURE(row.offered);
      TlsClient client(server.address(), {.version = version, .sni = nonce_name(1), .alpn = row.offered});
      REQUIRE(client.handshake());
      const unsigned char* name = nullptr;
      unsigned size = 0;
      SSL_get0_alpn_selected(client.ssl(), &name, &size);
      CHECK(std::string(reinterpret_cast<const char*>(name), size) == row.chosen);
    }
    TlsClient client(server.address(), {.version = version, .sni = nonce_name(1), .alpn = "\x04spdy"});
    CHECK_FALSE(client.handshake());
    CHECK(client.alert == SSL_AD_NO_APPLICATION_PROTOCOL);
  }
}

TEST_CASE("server: no session can be resumed, and the fault that issues tickets does") {
  for (const int version : kVersions) {
    for (const bool tickets : {false, true}) {
      CAPTURE(version);
      CAPTURE(tickets);
      Running server([&](auto& options) { options.tickets = tickets; });
      TlsClient client(server.address(), {.version = version, .sni = nonce_name(1)});
      REQUIRE(client.handshake());
      CHECK(client.write("x"));
      CHECK(client.read() == "x");
      CHECK((client.sessions > 0) == tickets);
    }
  }
}

TEST_CASE("server: only the versions that are switched on") {
  Running only12([](auto& options) { options.tls13 = false; });
  Running only13([](auto& options) { options.tls12 = false; });
  CHECK(TlsClient(only12.address(), {.version = TLS1_2_VERSION, .sni = nonce_name(1)}).handshake());
  CHECK_FALSE(TlsClient(only12.address(), {.version = TLS1_3_VERSION, .sni = nonce_name(1)}).handshake());
  CHECK(TlsClient(only13.address(), {.version = TLS1_3_VERSION, .sni = nonce_name(1)}).handshake());
  CHECK_FALSE(TlsClient(only13.address(), {.version = TLS1_2_VERSION, .sni = nonce_name(1)}).handshake());
}

TEST_CASE("verifying server: the nonce travels as the only CA name, byte for byte as Go writes it, and is new each time") {
  std::set<Buffer> seen;
  for (const int version : kVersions) {
    Running server([](auto& options) { options.judge_client = [](const evidence::Presented&, Report&) { return evidence::Appraisal(); }; });
    for (int i = 0; i < 2; ++i) {
      TlsClient client(server.address(), {.version = version, .sni = nonce_name(1)});
      (void)client.handshake();
      (void)client.read();
      const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(client.ssl());
      REQUIRE(sk_X509_NAME_num(names) == 1);
      unsigned char* der = nullptr;
      const int size = i2d_X509_NAME(sk_X509_NAME_value(names, 0), &der);
      const Buffer name(der, der + size);
      OPENSSL_free(der);
      const Buffer nonce = server.record(static_cast<std::size_t>(i)).server_nonce;
      CHECK(nonce.size() == 32);
      CHECK(hex(name) == "3037313530330603550403132c" + hex(as_bytes(base64(nonce))));
      CHECK(seen.insert(nonce).second);
    }
  }
}

TEST_CASE("verifying server: the faulty requests have no or two names") {
  for (const unsigned count : {0u, 2u}) {
    Running server([&](auto& options) {
      options.nonce_requests = count;
      options.judge_client = [](const evidence::Presented&, Report&) { return evidence::Appraisal(); };
    });
    TlsClient client(server.address(), {.sni = nonce_name(1)});
    (void)client.handshake();
    const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(client.ssl());
    CHECK(std::max(0, sk_X509_NAME_num(names)) == static_cast<int>(count));
  }
}

TEST_CASE("verifying server: a client without certificate is refused and the report names the missing evidence") {
  for (const int version : kVersions) {
    CAPTURE(version);
    std::atomic<bool> served = false;
    Running server([&](auto& options) {
      options.judge_client = [](const evidence::Presented&, Report&) { return evidence::Appraisal(); };
      options.application = [&](channel::Connection&, const channel::Admission&) { return served = true, std::string(); };
    });
    TlsClient client(server.address(), {.version = version, .sni = nonce_name(1)});
    (void)client.handshake();
    CHECK(client.read().empty());
    CHECK(client.alert == (version == TLS1_3_VERSION ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE));
    const ConnectionRecord record = server.record(0);
    CHECK_FALSE(record.established);
    REQUIRE(record.client_report);
    REQUIRE(record.client_report->verdict);
    CHECK(record.client_report->verdict->reason == checks::kEvidencePresent.id);
    CHECK(record.client_report->verdict->code == ExitCode::no_evidence);
    CHECK_FALSE(served);
  }
}

TEST_CASE("verifying server: a client that the verifier does not prove gets alert 42, and no byte reaches the application") {
  for (const int version : kVersions) {
    CAPTURE(version);
    std::atomic<bool> served = false;
    std::vector<evidence::Presented> judged;
    Running server([&](auto& options) {
      options.judge_client = [&](const evidence::Presented& presented, Report& report) {
        judged.push_back(presented);
        report.fail(checks::kUserData, "of another key");
        report.finish({}, false);
        return evidence::Appraisal();
      };
      options.application = [&](channel::Connection&, const channel::Admission&) { return served = true, std::string(); };
    });
    const auto key = profile::constellation::make_leaf_key();
    REQUIRE(key);
    const auto leaf = profile::constellation_leaf_maker(nullptr)(**key, Buffer(32, 9));
    REQUIRE(leaf);
    TlsClient client(server.address(), {.version = version, .sni = nonce_name(1), .key = key->get(), .certificate = leaf->get()});
    if (client.handshake()) (void)client.write("data before the server's verdict");
    CHECK(client.read().empty());
    CHECK(client.alert == SSL_AD_BAD_CERTIFICATE);
    const ConnectionRecord record = server.record(0);
    CHECK_FALSE(record.established);
    CHECK(record.failure.find("atls-user-data") != std::string::npos);
    CHECK(record.bytes_in == 0);
    CHECK_FALSE(served);
    REQUIRE(judged.size() == 1);
    CHECK(judged[0].peer_is_client);
    CHECK(judged[0].live);
    CHECK(judged[0].nonce == record.server_nonce);
    CHECK(judged[0].nonce_origin == evidence::Presented::NonceOrigin::drawn);
    CHECK(judged[0].chain.size() == 1);
  }
}

TEST_CASE("verifying server: an exception in the verifier refuses the client") {
  Running server([](auto& options) {
    options.judge_client = [](const evidence::Presented&, Report&) -> evidence::Appraisal { throw std::runtime_error("out of cheese"); };
  });
  const auto key = profile::constellation::make_leaf_key();
  const auto leaf = profile::constellation_leaf_maker(nullptr)(**key, Buffer(32, 9));
  TlsClient client(server.address(), {.sni = nonce_name(1), .key = key->get(), .certificate = leaf->get()});
  (void)client.handshake();
  CHECK(client.read().empty());
  CHECK_FALSE(server.record(0).established);
  CHECK(server.record(0).failure.find("out of cheese") != std::string::npos);
}

TEST_CASE("server: a stalling client ends at the limit and delays nobody") {
  Running server([](auto& options) { options.limits.handshake = 400ms; });
  const channel::Fd silent = test::connect_loopback(server.address());
  const channel::Fd garbage = test::connect_loopback(server.address());
  REQUIRE(::write(garbage.get(), "GET / HTTP/1.1\r\n\r\n", 18) == 18);
  const auto start = std::chrono::steady_clock::now();
  CHECK(TlsClient(server.address(), {.sni = nonce_name(1)}).handshake());
  CHECK(std::chrono::steady_clock::now() - start < 350ms);
  std::set<std::string> failures;
  for (std::size_t i = 0; i < 3; ++i) failures.insert(server.record(i).failure);
  bool timed_out = false, not_tls = false;
  for (const std::string& failure : failures) {
    timed_out |= failure.find("did not finish the handshake") != std::string::npos;
    not_tls |= failure.find("plain HTTP") != std::string::npos;
  }
  CHECK(timed_out);
  CHECK(not_tls);
}

TEST_CASE("server: at the limit of connections clients wait until one ends") {
  Running server([](auto& options) { options.limits.connections = 1; });
  auto first = std::make_unique<TlsClient>(server.address(), TlsClientOptions{.sni = nonce_name(1)});
  REQUIRE(first->handshake());
  std::atomic<bool> second_done = false;
  std::thread second([&] { second_done = TlsClient(server.address(), {.sni = nonce_name(2)}).handshake(); });
  std::this_thread::sleep_for(100ms);
  CHECK_FALSE(second_done);
  first.reset();
  second.join();
  CHECK(second_done);
}

TEST_CASE("server: stop ends open connections and the loop") {
  Running server;
  TlsClient open(server.address(), {.sni = nonce_name(1)});
  REQUIRE(open.handshake());
  const channel::Fd silent = test::connect_loopback(server.address());
  std::this_thread::sleep_for(50ms);
  const auto start = std::chrono::steady_clock::now();
  server.stop();
  CHECK(server.all_ended);
  CHECK(std::chrono::steady_clock::now() - start < 2s);
}

TEST_CASE("server: an idle client ends at the limit") {
  Running server([](auto& options) { options.limits.idle = 200ms; options.application = [](channel::Connection& connection, const channel::Admission&) {
    std::array<std::uint8_t, 16> block;
    std::size_t count = 0;
    return std::string(channel::io_end_text(connection.stream.read(block, count)));
  }; });
  TlsClient client(server.address(), {.sni = nonce_name(1)});
  REQUIRE(client.handshake());
  CHECK(server.record(0).failure == "idle limit reached");
}

TEST_CASE("server: a certificate of 120 KiB arrives whole") {
  Running server([](auto& options) { options.leaf = sim::faulty_leaf_maker(std::make_shared<DummyAttester>(), {"large-certificate"}); });
  for (const int version : kVersions) {
    TlsClient client(server.address(), {.version = version, .sni = nonce_name(1)});
    REQUIRE(client.handshake());
    CHECK(peer_der(client.ssl()).size() > 120 * 1024);
  }
}
