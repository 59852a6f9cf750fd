#include "collateral/http.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "pem/pem.hpp"
#include "support/certs.hpp"
#include "support/http_server.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
using std::chrono::milliseconds;

namespace {

HttpOptions quick() {
  HttpOptions options;
  options.connect_timeout = options.attempt_timeout = milliseconds{2000};
  options.total_timeout = milliseconds{4000};
  options.waits = {milliseconds{5}, milliseconds{10}};
  options.max_body = 4096;
  return options;
}

std::string unused_url() {
  const HttpServer gone([](const std::string&, std::size_t) { return reply(200); });
  return gone.url();      // nobody listens there any more
}

// A TLS server of a private cache; `address`: the one its certificate is for.
struct TlsIdentity {
  crypto::PkeyPtr key = ec_key("P-256");
  Buffer der;
  crypto::SslCtxPtr context{SSL_CTX_new(TLS_server_method())};
  explicit TlsIdentity(std::uint8_t last_of_address) {
    const Buffer san{0x30, 0x06, 0x87, 0x04, 127, 0, 0, last_of_address};
    const Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    der = make_certificate({.subject = name("cache"), .issuer = name("cache"), .not_before = now - std::chrono::hours{24}, .not_after = now + std::chrono::hours{24},
                            .extensions = {{"2.5.29.17", san}}, .sign = Sign::ecdsa}, *key, *key);
    REQUIRE(SSL_CTX_use_certificate_ASN1(context.get(), static_cast<int>(der.size()), der.data()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  }
};

}  // namespace

TEST_CASE("http: only https and literal loopback addresses are accepted as a service") {
  struct Row { const char* url; bool good; };
  for (const Row& row : {Row{"https://kdsintf.amd.com", true}, Row{"https://cache.example:8443/kds/", true}, Row{"http://127.0.0.1:8080", true},
                         Row{"http://127.8.9.10:1", true}, Row{"http://[::1]:8080", true}, Row{"http://localhost:8080", false},
                         Row{"http://kdsintf.amd.com", false}, Row{"http://127.0.0.1.example.org", false}, Row{"http://10.0.0.1", false},
                         Row{"http://[::2]", false}, Row{"http://[::ffff:127.0.0.1]", false}, Row{"http://0.0.0.0", false},
                         Row{"http://127.0.0.1@evil.example", false}, Row{"https://user:word@kdsintf.amd.com", false},
                         Row{"https://kdsintf.amd.com/?x=1", false}, Row{"https://kdsintf.amd.com/#x", false}, Row{"ftp://127.0.0.1", false},
                         Row{"file:///etc/passwd", false}, Row{"kdsintf.amd.com", false}, Row{"", false}, Row{"https://", false}}) {
    CAPTURE(row.url);
    CHECK(static_cast<bool>(checked_base_url(row.url)) == row.good);
  }
  const auto trimmed = checked_base_url("https://cache.example:8443/kds/");
  REQUIRE(trimmed);
  CHECK(*trimmed == "https://cache.example:8443/kds");
}

TEST_CASE("http: each final status has its own error and is asked once") {
  struct Row { int status; Errc code; };
  for (const Row& row : {Row{400, Errc::refused}, Row{403, Errc::refused}, Row{404, Errc::refused}, Row{410, Errc::refused},
                         Row{301, Errc::bad_value}, Row{302, Errc::bad_value}, Row{304, Errc::bad_value}, Row{204, Errc::bad_value}, Row{206, Errc::bad_value}}) {
    CAPTURE(row.status);
    HttpServer server([&](const std::string&, std::size_t) { return reply(row.status, row.status < 400 ? "Location: http://127.0.0.1:1/other\r\n" : ""); });
    const auto answer = http_get(server.url() + "/x", quick());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == row.code);
    CHECK(answer.error().detail.find(std::to_string(row.status)) != std::string::npos);
    CHECK(server.requests() == 1);
  }
}

TEST_CASE("http: passing errors are retried, at most as often as there are waits") {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    CAPTURE(status);
    HttpServer server([&](const std::string&, std::size_t) { return reply(status); });
    const auto answer = http_get(server.url() + "/x", quick());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::unavailable);
    CHECK(answer.error().detail.find("3 attempts") != std::string::npos);
    CHECK(server.requests() == 3);
  }
  HttpServer recovers([](const std::string&, std::size_t before) { return before == 0 ? reply(500) : reply(to_buffer("good")); });
  const auto answer = http_get(recovers.url() + "/x", quick());
  REQUIRE(answer);
  CHECK(as_text(*answer) == "good");
  CHECK(recovers.requests() == 2);
}

TEST_CASE("http: a short Retry-After is waited for, a long one ends the request at once") {
  const auto start = std::chrono::steady_clock::now();
  HttpServer patient([](const std::string&, std::size_t before) { return before == 0 ? reply(429, "Retry-After: 1\r\n") : reply(to_buffer("good")); });
  REQUIRE(http_get(patient.url() + "/x", quick()));
  CHECK(std::chrono::steady_clock::now() - start >= milliseconds{1000});

  for (const char* header : {"Retry-After: 3600\r\n", "Retry-After: Fri, 31 Dec 2099 23:59:59 GMT\r\n", "Retry-After: 99999999999999999999\r\n"}) {
    CAPTURE(header);
    HttpServer server([&](const std::string&, std::size_t) { return reply(429, header); });
    const auto before = std::chrono::steady_clock::now();
    const auto answer = http_get(server.url() + "/x", quick());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::unavailable);
    CHECK(std::chrono::steady_clock::now() - before < milliseconds{3900});
  }
}

TEST_CASE("http: the total time includes waits and slow answers") {
  HttpOptions options = quick();
  options.attempt_timeout = milliseconds{100};
  options.total_timeout = milliseconds{400};
  HttpServer slow([](const std::string&, std::size_t) {
    Reply answer = reply(200);
    answer.delay = milliseconds{5000};
    return answer;
  });
  const auto start = std::chrono::steady_clock::now();
  const auto answer = http_get(slow.url() + "/x", options);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
  CHECK(std::chrono::steady_clock::now() - start < milliseconds{2000});
}

TEST_CASE("http: an answer that is cut short is not an answer") {
  HttpServer server([](const std::string&, std::size_t) {
    Reply answer = reply(Buffer(100, 'x'));
    answer.cut = 1;
    return answer;
  });
  const auto answer = http_get(server.url() + "/x", quick());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
}

TEST_CASE("http: an answer above the limit is stopped, announced or not") {
  for (const bool announced : {true, false}) {
    CAPTURE(announced);
    HttpServer server([&](const std::string&, std::size_t) {
      Reply answer = reply(Buffer(5 * 1024 * 1024, 'x'));
      answer.chunked_without_end = !announced;
      return answer;
    });
    const auto answer = http_get(server.url() + "/x", quick());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::too_large);
    CHECK(server.requests() == 1);
  }
  HttpServer exact([](const std::string&, std::size_t) { return reply(Buffer(4096, 'x')); });
  CHECK(http_get(exact.url() + "/x", quick()));
}

TEST_CASE("http: a closed port and garbage instead of HTTP are outages") {
  const auto refused = http_get(unused_url() + "/x", quick());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unavailable);
  CHECK(refused.error().detail.find("3 attempts") != std::string::npos);
}

TEST_CASE("http: a proxy that is named is used, one of the environment is not used for loopback") {
  HttpServer target([](const std::string&, std::size_t) { return reply(to_buffer("direct")); });
  HttpServer proxy([](const std::string&, std::size_t) { return reply(to_buffer("by proxy")); });
  HttpOptions options = quick();
  options.proxy = proxy.url();
  const auto named = http_get(target.url() + "/x", options);
  REQUIRE(named);
  CHECK(as_text(*named) == "by proxy");
  REQUIRE(proxy.requests() == 1);
  CHECK(proxy.targets()[0] == target.url() + "/x");

  ::setenv("http_proxy", proxy.url().c_str(), 1);
  const auto direct = http_get(target.url() + "/x", quick());
  ::unsetenv("http_proxy");
  REQUIRE(direct);
  CHECK(as_text(*direct) == "direct");
}

TEST_CASE("http: TLS to a server that does not speak it, or with a missing CA file, is an outage with a hint") {
  HttpServer plain([](const std::string&, std::size_t) { return reply(200); });
  HttpOptions options = quick();
  options.waits.clear();
  const auto no_tls = http_get("https" + plain.url().substr(4) + "/x", options);
  REQUIRE_FALSE(no_tls);
  CHECK(no_tls.error().code == Errc::unavailable);
  options.ca_file = "/nonexistent/ca.pem";
  const auto no_ca = http_get("https" + plain.url().substr(4) + "/x", options);
  REQUIRE_FALSE(no_ca);
  CHECK(no_ca.error().code == Errc::unavailable);
}

TEST_CASE("http: the server's certificate and name are checked, against --collateral-cafile for a private cache") {
  const TlsIdentity right(1), other_name(2), other_key(1);
  const TempDir dir;
  const auto ca_file = [&](const TlsIdentity& identity, const char* name) { return dir.write(name, as_bytes(pem::encode("CERTIFICATE", identity.der))).string(); };
  struct Row { const char* what; const TlsIdentity& server; std::string ca; bool good; };
  for (const Row& row : {Row{"its own CA file", right, ca_file(right, "right.pem"), true}, Row{"no CA file", right, "", false},
                         Row{"another key of that name", right, ca_file(other_key, "key.pem"), false}, Row{"another address", other_name, ca_file(other_name, "name.pem"), false}}) {
    CAPTURE(row.what);
    HttpServer server([](const std::string&, std::size_t) { return reply(to_buffer("good")); }, row.server.context.get());
    HttpOptions options = quick();
    options.ca_file = row.ca;
    const auto answer = http_get(server.url() + "/x", options);
    CHECK(static_cast<bool>(answer) == row.good);
    CHECK(server.requests() == (row.good ? 1 : 0));
    if (answer) continue;
    CHECK(answer.error().code == Errc::unavailable);
    CHECK(answer.error().detail.find("--collateral-cafile") != std::string::npos);
    CHECK(answer.error().detail.find("attempts") == std::string::npos);       // asking again would not change it
  }
}
