#include "sim/collateral_server.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <thread>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "pem/pem.hpp"
#include "sim/faults.hpp"
#include "sim/intel_platform.hpp"
#include "sim/kds_answer.hpp"

using namespace atls;
using sim::ServiceFailure;

namespace {

std::shared_ptr<const sim::SnpPlatform> platform(sim::SnpOptions options = {}) {
  auto out = sim::SnpPlatform::create(std::move(options));
  REQUIRE(out);
  return *std::move(out);
}

std::shared_ptr<const sim::IntelPlatform> td(std::vector<std::string> faults = {}) {
  auto out = sim::IntelPlatform::create({.faults = std::move(faults)});
  REQUIRE(out);
  return *std::move(out);
}

std::unique_ptr<sim::CollateralServer> serve(std::shared_ptr<const sim::Platform> p) {
  auto out = sim::CollateralServer::start("127.0.0.1:0", std::move(p));
  REQUIRE(out);
  return *std::move(out);
}

struct ServedReply { std::string head; Buffer body; };

// Sends these bytes and reads until the server closes.
ServedReply exchange(std::uint16_t port, std::string_view request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  std::string all;
  char buffer[65536];
  for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  const std::size_t end = all.find("\r\n\r\n");
  if (end == std::string::npos) return {all, {}};
  return {all.substr(0, end + 2), to_buffer(all.substr(end + 4))};
}

std::uint16_t port_of(const sim::CollateralServer& server) {
  return static_cast<std::uint16_t>(std::stoul(server.address().substr(server.address().rfind(':') + 1)));
}

ServedReply collateral_server_get(const sim::CollateralServer& server, const std::string& path) {
  return exchange(port_of(server), "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

std::string vcek_path(const sim::SnpPlatform& p, const std::string& query) {
  return "/vcek/v1/" + std::string(snp::product_name(p.options().product)) + "/" +
         hex(Bytes(p.chip_id()).first(p.options().product == snp::ProductLine::turin ? 8 : 64)) + "?" + query;
}

constexpr const char* kTcbInfo = "/tdx/certification/v4/tcb?fmspc=51d0c0ffee00";
constexpr const char* kCollateralServerPckCrl = "/sgx/certification/v4/pckcrl?ca=platform&encoding=der";
constexpr const char* kMilanTcb = "blSPL=04&teeSPL=00&snpSPL=27&ucodeSPL=222";

}  // namespace

TEST_CASE("simulated KDS: AMD's paths give the platform's objects") {
  const auto p = platform();
  CHECK(sim::kds_answer(*p, vcek_path(*p, kMilanTcb)).body == p->vek_der());
  CHECK(sim::kds_answer(*p, vcek_path(*p, "ucodeSPL=222&snpSPL=27&teeSPL=0&blSPL=4")).body == p->vek_der());
  CHECK(sim::kds_answer(*p, "/vcek/v1/Milan/crl").body == p->crl_der());
  CHECK(sim::kds_answer(*p, "/vlek/v1/Milan/crl").body == p->crl_der());
  for (const bool vlek : {false, true}) {
    const auto chain = pem::parse(sim::kds_answer(*p, vlek ? "/vlek/v1/Milan/cert_chain" : "/vcek/v1/Milan/cert_chain").body);
    REQUIRE(chain);
    REQUIRE(chain->size() == 2);
    CHECK((chain->front().data == p->ask_der()) == !vlek);
    CHECK(chain->back().data == p->ark_der());
  }
  const auto turin = platform({.product = snp::ProductLine::turin});
  CHECK(sim::kds_answer(*turin, vcek_path(*turin, "fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=81")).body == turin->vek_der());
}

TEST_CASE("simulated KDS: what it does not have is 404, VLEKs are forbidden") {
  const auto p = platform(), other = platform({.seed = "other"}), turin = platform({.product = snp::ProductLine::turin});
  const std::string good = vcek_path(*p, kMilanTcb);
  for (const std::string& path : {std::string(""), std::string("/"), std::string("/vcek/v1/Milan"), std::string("/vcek/v1/milan/crl"), std::string("/vcek/v1/Genoa/crl"),
                                  std::string("/vcek/v2/Milan/crl"), std::string("/vcek/v1/Milan/crl/"), std::string("x/vcek/v1/Milan/crl"), vcek_path(*other, kMilanTcb), good + "&blSPL=04",
                                  good + "&fmcSPL=00", good + "&x=1", good + "&", vcek_path(*p, ""), vcek_path(*p, "blSPL=04&teeSPL=00&snpSPL=27"),
                                  vcek_path(*p, "blSPL=04&teeSPL=00&snpSPL=27&ucodeSPL=221"), vcek_path(*p, "blSPL=04&teeSPL=00&snpSPL=27&ucodeSPL=-222"),
                                  vcek_path(*p, "blSPL=04&teeSPL=00&snpSPL=27&ucodeSPL="), vcek_path(*turin, kMilanTcb)}) {
    CAPTURE(path);
    CHECK(sim::kds_answer(*p, path).status == 404);
  }
  CHECK(sim::kds_answer(*p, "/vlek/v1/Milan/cert?blSPL=04").status == 403);
  const auto vlek = platform({.vlek = true});
  CHECK(sim::kds_answer(*vlek, vcek_path(*vlek, kMilanTcb)).status == 404);
}

TEST_CASE("simulated KDS: it serves over HTTP and keeps a list of requests") {
  const auto p = platform();
  const auto server = serve(p);
  CHECK(server->address() == "127.0.0.1:" + std::to_string(port_of(*server)));
  CHECK(server->url() == "http://" + server->address());
  const ServedReply reply = collateral_server_get(*server, "/vcek/v1/Milan/crl");
  CHECK(reply.head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(reply.head.find("Content-Length: " + std::to_string(p->crl_der().size()) + "\r\n") != std::string::npos);
  CHECK(reply.body == p->crl_der());
  CHECK(collateral_server_get(*server, "/nothing").head.starts_with("HTTP/1.1 404 "));
  CHECK(server->requests() == std::vector<std::string>{"/vcek/v1/Milan/crl", "/nothing"});
}

TEST_CASE("simulated KDS: requests that are none are answered and do no harm") {
  const auto server = serve(platform());
  for (const std::string& request : {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("GET /vcek/v1/Milan/crl\r\n\r\n"), std::string(20000, 'A')}) {
    CHECK(exchange(port_of(*server), request).head.starts_with("HTTP/1.1 400 "));
  }
  CHECK(exchange(port_of(*server), "POST /vcek/v1/Milan/crl HTTP/1.1\r\n\r\n").head.starts_with("HTTP/1.1 405 "));
  CHECK(server->requests().empty());
}

TEST_CASE("simulated KDS: each misbehaviour is what its name says") {
  const auto p = platform();
  const auto server = serve(p);
  const std::string crl = "/vcek/v1/Milan/crl", vcek = vcek_path(*p, kMilanTcb);
  const auto reply = [&](ServiceFailure failure, const std::string& path) {
    server->misbehave({.failure = failure, .retry_after_s = 7});
    return collateral_server_get(*server, path);
  };
  CHECK(reply(ServiceFailure::not_found, crl).head.starts_with("HTTP/1.1 404 "));
  CHECK(reply(ServiceFailure::server_error, crl).head.starts_with("HTTP/1.1 500 "));
  const ServedReply throttled = reply(ServiceFailure::throttled, crl);
  CHECK(throttled.head.starts_with("HTTP/1.1 429 "));
  CHECK(throttled.head.find("Retry-After: 7\r\n") != std::string::npos);
  const ServedReply cut = reply(ServiceFailure::truncated, crl);
  CHECK(cut.head.find("Content-Length: " + std::to_string(p->crl_der().size()) + "\r\n") != std::string::npos);
  CHECK(cut.body.size() == p->crl_der().size() / 2);
  CHECK(reply(ServiceFailure::oversized, crl).body.size() == 2 * 1024 * 1024);
  const ServedReply redirect = reply(ServiceFailure::redirect, crl);
  CHECK(redirect.head.starts_with("HTTP/1.1 302 "));
  CHECK(redirect.head.find("Location: " + server->url() + "/redirected" + crl + "\r\n") != std::string::npos);
  CHECK(reply(ServiceFailure::redirect, "/redirected" + crl).body == p->crl_der());
  CHECK_FALSE(crypto::Certificate::from_der(reply(ServiceFailure::garbage, vcek).body));
  CHECK(crypto::Certificate::from_der(reply(ServiceFailure::other_machine, vcek).body)->issuer_cn() == "SEV-Genoa");
  CHECK(crypto::Crl::from_der(reply(ServiceFailure::other_machine, crl).body)->issuer_cn() == "ARK-Genoa");
  CHECK(pem::parse(reply(ServiceFailure::other_machine, "/vcek/v1/Milan/cert_chain").body)->size() == 2);
  const auto expired = crypto::Crl::from_der(reply(ServiceFailure::expired, crl).body);
  CHECK(*expired->next_update() < *crypto::Crl::from_der(p->crl_der())->next_update());
  CHECK(reply(ServiceFailure::none, crl).body == p->crl_der());
}

TEST_CASE("simulated KDS: a misbehaviour can end, and can be for some paths only") {
  const auto server = serve(platform());
  server->misbehave({.failure = ServiceFailure::server_error, .times = 2, .path_contains = "/crl"});
  CHECK(collateral_server_get(*server, "/vcek/v1/Milan/cert_chain").head.starts_with("HTTP/1.1 200 "));
  CHECK(collateral_server_get(*server, "/vcek/v1/Milan/crl").head.starts_with("HTTP/1.1 500 "));
  CHECK(collateral_server_get(*server, "/vcek/v1/Milan/crl").head.starts_with("HTTP/1.1 500 "));
  CHECK(collateral_server_get(*server, "/vcek/v1/Milan/crl").head.starts_with("HTTP/1.1 200 "));
}

TEST_CASE("simulated KDS: it stops at once, also in the middle of a slow answer and with idle clients") {
  auto server = serve(platform());
  server->misbehave({.failure = ServiceFailure::slow});
  const std::uint16_t port = port_of(*server);
  std::thread slow([port] { exchange(port, "GET /vcek/v1/Milan/crl HTTP/1.1\r\n\r\n"); });
  std::thread idle([port] { exchange(port, "GET /vcek"); });
  while (server->requests().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto before = std::chrono::steady_clock::now();
  server.reset();
  slow.join();
  idle.join();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(3));
}

TEST_CASE("simulated KDS: only loopback addresses") {
  const auto p = platform();
  for (const char* address : {"0.0.0.0:0", ":0", "192.0.2.1:0", "[::]:0", "[2001:db8::1]:0", "[::ffff:127.0.0.1]:0", "127.1:0", "example.org:0"}) {
    CAPTURE(address);
    const auto server = sim::CollateralServer::start(address, p);
    REQUIRE_FALSE(server);
    CHECK(server.error().code == Errc::refused);
  }
  for (const char* address : {"127.0.0.1:", "127.0.0.1:99999", "::1:0", ""}) {
    CAPTURE(address);
    const auto server = sim::CollateralServer::start(address, p);
    REQUIRE_FALSE(server);
    CHECK(server.error().code == Errc::bad_value);
  }
  CHECK(sim::CollateralServer::start("127.0.0.2:0", p));
  CHECK(sim::CollateralServer::start("localhost:0", p));
}

TEST_CASE("simulated KDS: names of misbehaviours lead back to them") {
  for (int i = 0; i <= static_cast<int>(ServiceFailure::garbage); ++i) {
    const auto failure = static_cast<ServiceFailure>(i);
    CHECK(sim::service_failure_from(sim::service_failure_name(failure)) == failure);
  }
  CHECK_FALSE(sim::service_failure_from("nonsense"));
}

TEST_CASE("simulated PCS: it serves over HTTP with the issuer chain in a header") {
  const auto p = td();
  const auto server = serve(p);
  const ServedReply reply = collateral_server_get(*server, kTcbInfo);
  CHECK(reply.head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"));
  CHECK(reply.head.find("\r\nTCB-Info-Issuer-Chain: -----BEGIN%20CERTIFICATE-----%0A") != std::string::npos);
  CHECK(reply.body == p->tcb_info());
  CHECK(collateral_server_get(*server, kCollateralServerPckCrl).body == p->pck_crl_der());
  CHECK(collateral_server_get(*server, "/tdx/certification/v4/tcb?fmspc=000000000000").head.starts_with("HTTP/1.1 404 "));
}

TEST_CASE("simulated PCS: each misbehaviour is what its name says") {
  const auto p = td();
  const auto server = serve(p);
  const auto reply = [&](ServiceFailure failure, const char* path) {
    server->misbehave({.failure = failure});
    return collateral_server_get(*server, path);
  };
  CHECK(reply(ServiceFailure::gone, kTcbInfo).head.starts_with("HTTP/1.1 410 Gone\r\n"));
  const ServedReply other = reply(ServiceFailure::other_machine, kTcbInfo);
  CHECK(as_text(other.body).find("51d0c0ffee01") != std::string_view::npos);
  CHECK(*crypto::Crl::from_der(reply(ServiceFailure::expired, kCollateralServerPckCrl).body)->next_update() < *crypto::Crl::from_der(p->pck_crl_der())->next_update());
  CHECK(as_text(reply(ServiceFailure::expired, kTcbInfo).body).find("\"nextUpdate\":\"2024-07-01") != std::string_view::npos);
  const auto chains = [](const std::string& head) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = head.find("TCB-Info-Issuer-Chain: ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  CHECK(chains(reply(ServiceFailure::none, kTcbInfo).head) == 1);
  CHECK(chains(reply(ServiceFailure::chain_missing, kTcbInfo).head) == 0);
  CHECK(chains(reply(ServiceFailure::chain_duplicated, kTcbInfo).head) == 2);
  const ServedReply plain = reply(ServiceFailure::chain_unencoded, kTcbInfo);
  CHECK(plain.head.find("TCB-Info-Issuer-Chain: -----BEGIN CERTIFICATE-----\r\n ") != std::string::npos);
  CHECK(plain.body == p->tcb_info());
  CHECK(reply(ServiceFailure::chain_missing, "/IntelSGXRootCA.der").body == p->root_crl_der());   // it has none
  server->misbehave({.failure = ServiceFailure::trickle, .delay = std::chrono::milliseconds(1)});
  CHECK(collateral_server_get(*server, "/IntelSGXRootCA.der").body == p->root_crl_der());
}

TEST_CASE("simulated PCS: faults of the service concern the TCB info and nothing else") {
  struct Row { const char* fault; const char* head; };
  for (const Row& row : {Row{"http-404", "HTTP/1.1 404 "}, Row{"http-410", "HTTP/1.1 410 "}, Row{"http-429", "HTTP/1.1 429 "}, Row{"http-500", "HTTP/1.1 500 "},
                         Row{"chain-header-missing", "HTTP/1.1 200 "}, Row{"chain-header-duplicated", "HTTP/1.1 200 "}, Row{"chain-header-unencoded", "HTTP/1.1 200 "}}) {
    CAPTURE(row.fault);
    const auto p = td({row.fault}), clean = td();
    const auto server = serve(p), good = serve(clean);
    const ServedReply reply = collateral_server_get(*server, kTcbInfo);
    CHECK(reply.head.starts_with(row.head));
    CHECK(reply.head != collateral_server_get(*good, kTcbInfo).head);
    CHECK(collateral_server_get(*server, kCollateralServerPckCrl).head == collateral_server_get(*good, kCollateralServerPckCrl).head);
    CHECK(collateral_server_get(*server, "/tdx/certification/v4/qe/identity").head == collateral_server_get(*good, "/tdx/certification/v4/qe/identity").head);
  }
  CHECK(collateral_server_get(*serve(td({"http-429"})), kTcbInfo).head.find("Retry-After: 3600\r\n") != std::string::npos);
}

TEST_CASE("simulated PCS: every fault of the service makes it misbehave, no other does") {
  for (const sim::Fault& fault : sim::faults()) {
    if (!sim::applies_to(fault, "tdx") || fault.needs == "quote-version-5") continue;
    CAPTURE(fault.name);
    const auto how = sim::misbehaviour_of(*td({std::string(fault.name)}));
    CHECK((how.failure != ServiceFailure::none) == (fault.layer == sim::FaultLayer::http));
  }
}
