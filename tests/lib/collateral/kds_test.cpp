#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "collateral/providers.hpp"
#include "pem/pem.hpp"
#include "support/amd_world.hpp"
#include "support/http_server.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
using snp::ProductLine;
using std::chrono::milliseconds;
using Why = CollateralMiss::Why;

namespace {

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

std::shared_ptr<CollateralProvider> provider(const std::string& url, const AmdWorld& world, bool roots_only = false) {
  KdsOptions options;
  options.base_url = url;
  options.connect_timeout = options.attempt_timeout = milliseconds{1000};
  options.total_timeout = milliseconds{2000};
  options.waits = {milliseconds{2}, milliseconds{4}};
  options.max_body = 64 * 1024;
  auto made = kds_provider(options, world.trust(roots_only), kNow);
  REQUIRE_MESSAGE(made, made.error().message());
  return std::move(*made);
}

std::size_t files_in(const std::filesystem::path& root) {
  std::size_t n = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) n += entry.is_regular_file();
  return n;
}

// Asks through the whole set of places: what came, and that exactly what came was stored.
CollateralAnswer ask_and_check_cache(HttpServer& server, const AmdWorld& world, const CollateralQuery& query) {
  const TempDir cache;
  Collateral places;
  places.add(cache_provider(cache.path()));
  places.add(provider(server.url(), world));
  CHECK(places.find_local(query).items.empty());
  const CollateralAnswer answer = places.find_network(query);
  const CollateralAnswer cached = places.find_local(query);
  CHECK(cached.items.size() == answer.items.size());
  CHECK(files_in(cache.path()) == answer.items.size());
  for (std::size_t i = 0; i < answer.items.size() && i < cached.items.size(); ++i) CHECK(cached.items[i].data == answer.items[i].data);
  return answer;
}

}  // namespace

TEST_CASE("kds: paths of every kind") {
  const AmdWorld milan, turin(ProductLine::turin);
  struct Row { CollateralQuery query; std::string path; };
  CollateralQuery vlek_ark = milan.query(CollateralKind::amd_ark), vlek_crl = turin.query(CollateralKind::amd_crl);
  vlek_ark.vlek = vlek_crl.vlek = true;
  std::string chip;
  for (int i = 1; i <= 64; ++i) chip += "0123456789abcdef"[i / 16], chip += "0123456789abcdef"[i % 16];
  CollateralQuery masked = milan.query(CollateralKind::amd_vcek), long_id = turin.query(CollateralKind::amd_vcek), unknown = masked;
  masked.chip_id = {};
  long_id.chip_id[8] = 1;
  unknown.product = ProductLine::unknown;
  for (const Row& row : {Row{milan.query(CollateralKind::amd_vcek), "/vcek/v1/Milan/" + chip + "?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=217"},
                         Row{turin.query(CollateralKind::amd_vcek), "/vcek/v1/Turin/0102030405060708?fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=81"},
                         Row{milan.query(CollateralKind::amd_ask), "/vcek/v1/Milan/cert_chain"}, Row{milan.query(CollateralKind::amd_asvk), "/vlek/v1/Milan/cert_chain"},
                         Row{milan.query(CollateralKind::amd_ark), "/vcek/v1/Milan/cert_chain"}, Row{vlek_ark, "/vlek/v1/Milan/cert_chain"},
                         Row{AmdWorld(ProductLine::genoa).query(CollateralKind::amd_crl), "/vcek/v1/Genoa/crl"}, Row{vlek_crl, "/vlek/v1/Turin/crl"},
                         Row{milan.query(CollateralKind::amd_vlek), ""}, Row{masked, ""}, Row{long_id, ""}, Row{unknown, ""}}) {
    CAPTURE(row.path);
    CHECK(kds_path(row.query) == row.path);
  }
}

TEST_CASE("kds: only https or a loopback literal") {
  for (const char* url : {"http://kdsintf.amd.com", "http://localhost:1", "ftp://127.0.0.1", ""}) {
    KdsOptions options;
    options.base_url = url;
    const auto made = kds_provider(options, AmdWorld().trust(), kNow);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::bad_value);
  }
}

TEST_CASE("kds: good answers, DER or PEM, are returned and cached") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::genoa, ProductLine::turin}) {
    const AmdWorld world(line);
    const Buffer vcek = world.vcek(), crl = world.crl();
    struct Row { const char* name; CollateralKind kind; Buffer body; Buffer expected; };
    const Buffer ask = world.ask(), asvk = world.asvk(), ark = world.ark();
    for (const Row& row : {Row{"vcek", CollateralKind::amd_vcek, vcek, vcek}, Row{"vcek pem", CollateralKind::amd_vcek, to_buffer(pem_certificates({vcek})), vcek},
                           Row{"crl", CollateralKind::amd_crl, crl, crl}, Row{"crl pem", CollateralKind::amd_crl, to_buffer(pem::encode("X509 CRL", crl)), crl},
                           Row{"ask", CollateralKind::amd_ask, to_buffer(pem_certificates({ask, ark})), ask},
                           Row{"ark first", CollateralKind::amd_ark, to_buffer(pem_certificates({ark, ask})), ark},
                           Row{"asvk", CollateralKind::amd_asvk, to_buffer(pem_certificates({asvk, ark})), asvk}}) {
      CAPTURE(row.name);
      HttpServer server([&](const std::string&, std::size_t) { return reply(row.body); });
      const CollateralAnswer answer = ask_and_check_cache(server, world, world.query(row.kind));
      REQUIRE(answer.items.size() == 1);
      CHECK(answer.items[0].data == row.expected);
      CHECK(answer.items[0].source == CollateralSource::network);
      CHECK(answer.items[0].origin == server.url() + kds_path(world.query(row.kind)));
      CHECK(answer.misses.empty());
    }
  }
}

TEST_CASE("kds: an outage is told apart from a refusal") {
  struct Row { const char* name; Reply first, then; Why why; std::size_t requests; };
  const AmdWorld world;
  Reply slow = reply(world.vcek()), cut = reply(world.vcek());
  slow.delay = milliseconds{5000};
  cut.cut = 10;
  for (const Row& row : {Row{"404", reply(404), reply(404), Why::refused, 1}, Row{"400", reply(400), reply(400), Why::refused, 1},
                         Row{"429 for ever", reply(429), reply(429), Why::unavailable, 3}, Row{"429 with a long wait", reply(429, "Retry-After: 60\r\n"), reply(429), Why::unavailable, 1},
                         Row{"500 for ever", reply(500), reply(503), Why::unavailable, 3}, Row{"500 then 404", reply(500), reply(404), Why::refused, 2},
                         Row{"slow", slow, slow, Why::unavailable, 2}, Row{"truncated", cut, cut, Why::unavailable, 3},
                         Row{"redirect", reply(302, "Location: https://kdsintf.amd.com/\r\n"), reply(302), Why::invalid, 1},
                         Row{"oversize", reply(Buffer(64 * 1024 + 1, 0x30)), reply(200), Why::invalid, 1}}) {
    CAPTURE(row.name);
    HttpServer server([&](const std::string&, std::size_t before) { return before == 0 ? row.first : row.then; });
    const CollateralAnswer answer = ask_and_check_cache(server, world, world.query(CollateralKind::amd_vcek));
    CHECK(answer.items.empty());
    REQUIRE(answer.misses.size() == 1);
    CHECK(answer.misses[0].why == row.why);
    CHECK(answer.misses[0].source == CollateralSource::network);
    CHECK(answer.misses[0].detail.find(server.url()) == 0);
    CHECK(server.requests() >= (row.requests > 2 ? row.requests : 1));
    CHECK(server.requests() <= row.requests);
  }
}

TEST_CASE("kds: a server that recovers is forgiven") {
  const AmdWorld world;
  for (const char* header : {"", "Retry-After: 1\r\n"}) {
    HttpServer server([&](const std::string&, std::size_t before) { return before == 0 ? reply(header[0] ? 429 : 500, header) : reply(world.vcek()); });
    CHECK(ask_and_check_cache(server, world, world.query(CollateralKind::amd_vcek)).items.size() == 1);
    CHECK(server.requests() == 2);
  }
}

TEST_CASE("kds: nobody listening is an outage") {
  const AmdWorld world;
  std::string url;
  { url = HttpServer([](const std::string&, std::size_t) { return reply(200); }).url(); }
  const CollateralAnswer answer = provider(url, world)->find(world.query(CollateralKind::amd_vcek));
  REQUIRE(answer.misses.size() == 1);
  CHECK(answer.misses[0].why == Why::unavailable);
}

TEST_CASE("kds: an answer that is not exactly what was asked for is neither returned nor stored") {
  const AmdWorld world, genoa(ProductLine::genoa), foreign(ProductLine::milan, true);
  const CollateralQuery asked = world.query(CollateralKind::amd_vcek);
  snp::TcbVersion other_tcb = asked.reported_tcb;
  other_tcb.raw[7] ^= 1;
  struct Row { const char* name; CollateralKind kind; Buffer body; };
  for (const Row& row : {Row{"garbage", CollateralKind::amd_vcek, to_buffer("<html>maintenance</html>")}, Row{"nothing", CollateralKind::amd_vcek, {}},
                         Row{"wrong chip", CollateralKind::amd_vcek, world.vcek(2)}, Row{"wrong tcb", CollateralKind::amd_vcek, world.vek({.chip = asked.chip_id, .tcb = other_tcb})},
                         Row{"wrong product", CollateralKind::amd_vcek, genoa.vcek()}, Row{"signed by a foreign ASK", CollateralKind::amd_vcek, foreign.vcek()},
                         Row{"signed by the ASVK", CollateralKind::amd_vcek, world.vek({.chip = asked.chip_id, .tcb = asked.reported_tcb, .cn = "SEV-VCEK"}, true)},
                         Row{"a CA instead", CollateralKind::amd_vcek, world.ask()}, Row{"a CRL instead", CollateralKind::amd_vcek, world.crl()},
                         Row{"two certificates", CollateralKind::amd_vcek, to_buffer(pem_certificates({world.vcek(), world.vcek()}))},
                         Row{"good with garbage behind", CollateralKind::amd_vcek, to_buffer(pem_certificates({world.vcek()}) + "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")},
                         Row{"CRL of a foreign root", CollateralKind::amd_crl, foreign.crl()}, Row{"CRL of another product", CollateralKind::amd_crl, genoa.crl()},
                         Row{"CRL of another issuer", CollateralKind::amd_crl, world.crl(kNow, "SEV-Milan")}, Row{"certificate instead of CRL", CollateralKind::amd_crl, world.ark()},
                         Row{"foreign chain", CollateralKind::amd_ask, to_buffer(pem_certificates({foreign.ask(), foreign.ark()}))},
                         Row{"foreign root", CollateralKind::amd_ask, to_buffer(pem_certificates({world.ask(), foreign.ark()}))},
                         Row{"VLEK chain instead", CollateralKind::amd_ask, to_buffer(pem_certificates({world.asvk(), world.ark()}))},
                         Row{"root twice", CollateralKind::amd_ask, to_buffer(pem_certificates({world.ark(), world.ark()}))},
                         Row{"half a chain", CollateralKind::amd_ask, to_buffer(pem_certificates({world.ask()}))},
                         Row{"chain of another product", CollateralKind::amd_ark, to_buffer(pem_certificates({genoa.ask(), genoa.ark()}))}}) {
    CAPTURE(row.name);
    HttpServer server([&](const std::string&, std::size_t) { return reply(row.body); });
    const CollateralAnswer answer = ask_and_check_cache(server, world, world.query(row.kind));
    CHECK(answer.items.empty());
    REQUIRE(answer.misses.size() == 1);
    CHECK(answer.misses[0].why == Why::invalid);
    CHECK(server.requests() == 1);
  }
}

TEST_CASE("kds: trust in roots alone fetches the ASK first and checks it against the root") {
  const AmdWorld world, foreign(ProductLine::milan, true);
  struct Row { const char* name; const AmdWorld& ca; bool good; };
  for (const Row& row : {Row{"genuine", world, true}, Row{"foreign chain and VCEK", foreign, false}}) {
    CAPTURE(row.name);
    HttpServer server([&](const std::string& target, std::size_t) {
      return target.ends_with("cert_chain") ? reply(to_buffer(pem_certificates({row.ca.ask(), row.ca.ark()}))) : reply(row.ca.vcek());
    });
    CHECK((provider(server.url(), world, true)->find(world.query(CollateralKind::amd_vcek)).items.size() == 1) == row.good);
    CHECK(server.requests() == 2);
  }
  HttpServer only_vcek([&](const std::string& target, std::size_t) { return target.ends_with("cert_chain") ? reply(404) : reply(world.vcek()); });
  CHECK(provider(only_vcek.url(), world, true)->find(world.query(CollateralKind::amd_vcek)).items.empty());
}

TEST_CASE("kds: what cannot be asked for is not asked for") {
  const AmdWorld world;
  HttpServer server([](const std::string&, std::size_t) { return reply(200); });
  const auto kds = provider(server.url(), world);
  CollateralQuery masked = world.query(CollateralKind::amd_vcek), unknown = masked;
  masked.chip_id = {};
  unknown.product = ProductLine::unknown;
  for (const CollateralQuery& query : {masked, unknown, world.query(CollateralKind::amd_vlek)}) {
    const CollateralAnswer answer = kds->find(query);
    REQUIRE(answer.misses.size() == 1);
    CHECK(answer.misses[0].why == Why::absent);
  }
  CHECK(server.requests() == 0);
}

TEST_CASE("kds: one question is asked once, however many threads ask it") {
  const AmdWorld world;
  const Buffer vcek = world.vcek();
  for (const int status : {200, 404}) {
    HttpServer server([&](const std::string&, std::size_t) {
      Reply answer = status == 200 ? reply(vcek) : reply(status);
      answer.delay = milliseconds{50};
      return answer;
    });
    const auto kds = provider(server.url(), world);
    std::vector<std::thread> threads;
    std::atomic<int> found{0};
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { found += static_cast<int>(kds->find(world.query(CollateralKind::amd_vcek)).items.size()); });
    for (std::thread& thread : threads) thread.join();
    CHECK(found == (status == 200 ? 8 : 0));
    CHECK(server.requests() == 1);
  }
}

TEST_CASE("collateral: local places answer in order and together, the network only when it is asked") {
  const AmdWorld world;
  const TempDir one, two, cache;
  one.write("vcek.der", world.vcek());
  two.write("vcek.der", world.vcek());
  HttpServer server([&](const std::string&, std::size_t) { return reply(world.vcek()); });
  Collateral places;
  places.add(*directory_provider(one.path()));
  places.add(*directory_provider(two.path()));
  places.add(cache_provider(cache.path()));
  CHECK_FALSE(places.has_network());
  const CollateralAnswer offline = places.find_network(world.query(CollateralKind::amd_vcek));
  REQUIRE(offline.misses.size() == 1);
  CHECK(offline.misses[0].why == Why::offline);
  places.add(provider(server.url(), world));
  CHECK(places.has_network());
  const CollateralAnswer local = places.find_local(world.query(CollateralKind::amd_vcek));
  REQUIRE(local.items.size() == 2);
  CHECK(local.items[0].origin == (one.path() / "vcek.der").string());
  CHECK(server.requests() == 0);
}

TEST_CASE("collateral: a cache that cannot store is told and does not spoil the answer") {
  const AmdWorld world;
  const TempDir dir;
  HttpServer server([&](const std::string&, std::size_t) { return reply(world.vcek()); });
  Collateral places;
  places.add(cache_provider(dir.write("file", as_bytes("x")) / "cache"));
  places.add(provider(server.url(), world));
  const CollateralAnswer answer = places.find_network(world.query(CollateralKind::amd_vcek));
  CHECK(answer.items.size() == 1);
  REQUIRE(answer.misses.size() == 1);
  CHECK(answer.misses[0].source == CollateralSource::cache);
}
