// Intel's service and caches of it: what is asked, what is used, and every way in which an answer is refused.
#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "base/percent.hpp"
#include "collateral/cache_entry.hpp"
#include "collateral/intel.hpp"
#include "collateral/providers.hpp"
#include "pem/pem.hpp"
#include "support/http_server.hpp"
#include "support/intel_samples.hpp"
#include "support/intel_world.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
using enum atls::CollateralKind;
using std::chrono::milliseconds;
using Why = CollateralMiss::Why;

namespace {

CollateralQuery pcs_query(CollateralKind kind, bool processor = false) { return {.kind = kind, .fmspc = IntelWorld::kFmspc, .tdx = true, .processor_ca = processor}; }

std::shared_ptr<CollateralProvider> pcs_provider(const std::string& url, const IntelWorld& world, const std::string& update = {}) {
  PcsOptions options;
  options.base_url = url;
  options.update = update;
  options.connect_timeout = options.attempt_timeout = milliseconds{1000};
  options.total_timeout = milliseconds{2000};
  options.waits = {milliseconds{2}};
  options.max_body = 64 * 1024;
  auto made = pcs_provider(options, world.trust(), IntelWorld::day(15));
  REQUIRE_MESSAGE(made, made.error().message());
  return std::move(*made);
}

std::string header(const char* name, const std::string& value) { return std::string(name) + ": " + value + "\r\n"; }
std::string chain(const char* name, const std::vector<Buffer>& certificates) { return header(name, percent_encode(pem_of(certificates))); }

// What an honest service answers; `change` may alter one answer.
Reply answer(const IntelWorld& world, const std::string& target) {
  const std::string path = target.substr(0, target.find('?'));
  Reply out = reply(404);
  if (path.ends_with("/tcb")) out = {200, world.tcb_info(), chain("TCB-Info-Issuer-Chain", {world.tcb_signer(), world.root()}), {}, 0, false};
  if (path.ends_with("/qe/identity")) out = {200, world.qe_identity(), chain("SGX-Enclave-Identity-Issuer-Chain", {world.tcb_signer(), world.root()}), {}, 0, false};
  if (path.ends_with("/pckcrl")) {
    const bool processor = target.find("ca=processor") != std::string::npos;
    out = {200, world.pck_crl(processor), chain("SGX-PCK-CRL-Issuer-Chain", {processor ? world.processor_ca() : world.platform_ca(), world.root()}), {}, 0, false};
  }
  if (path.ends_with("/rootcacrl")) out = reply(to_buffer(hex(world.root_crl())));
  return out;
}

CollateralAnswer pcs_ask(const Reply& fixed, CollateralKind kind, const IntelWorld& world = IntelWorld()) {
  HttpServer server([&](const std::string&, std::size_t) { return fixed; });
  return pcs_provider(server.url(), world)->find(pcs_query(kind));
}

void refused(const CollateralAnswer& answer, Why why, const std::string& said) {
  CHECK(answer.items.empty());
  REQUIRE(answer.misses.size() == 1);
  CHECK(answer.misses[0].why == why);
  CHECK_MESSAGE(answer.misses[0].detail.find(said) != std::string::npos, answer.misses[0].detail);
}

}  // namespace

TEST_CASE("pcs: paths of every kind, made of fixed forms only") {
  struct Row { CollateralQuery query; const char* update; std::string path; };
  CollateralQuery upper = pcs_query(intel_tcb_info), sgx = pcs_query(intel_qe_identity), hostile = pcs_query(intel_tcb_info), none = pcs_query(intel_tcb_info);
  upper.fmspc = "90C06F010203";
  sgx.tdx = false;
  hostile.fmspc = "90c06f01&x=1";
  none.fmspc = "";
  for (const Row& row : {Row{pcs_query(intel_tcb_info), "", "/tdx/certification/v4/tcb?fmspc=90c06f010203"}, Row{upper, "early", "/tdx/certification/v4/tcb?fmspc=90c06f010203&update=early"},
                         Row{pcs_query(intel_qe_identity), "", "/tdx/certification/v4/qe/identity"}, Row{sgx, "standard", "/sgx/certification/v4/qe/identity?update=standard"},
                         Row{pcs_query(intel_tcb_signer), "", "/tdx/certification/v4/qe/identity"}, Row{pcs_query(intel_pck_crl), "early", "/sgx/certification/v4/pckcrl?ca=platform&encoding=der"},
                         Row{pcs_query(intel_pck_ca, true), "", "/sgx/certification/v4/pckcrl?ca=processor&encoding=der"}, Row{pcs_query(intel_root_crl), "", "/sgx/certification/v4/rootcacrl"},
                         Row{pcs_query(intel_pck), "", ""}, Row{hostile, "", ""}, Row{none, "", ""}, Row{pcs_query(amd_vcek), "", ""}}) {
    CAPTURE(row.path);
    CHECK(pcs_path(row.query, row.update) == row.path);
  }
}

TEST_CASE("pcs: only https or a loopback literal, and known updates") {
  const IntelWorld world;
  for (const char* url : {"http://api.trustedservices.intel.com", "http://localhost:1", "ftp://127.0.0.1", "https://user@host", "https://host/?x", ""}) {
    CAPTURE(url);
    PcsOptions options;
    options.base_url = url;
    CHECK_FALSE(pcs_provider(options, world.trust(), IntelWorld::day(15)));
  }
  PcsOptions options;
  options.update = "sometimes";
  CHECK_FALSE(pcs_provider(options, world.trust(), IntelWorld::day(15)));
}

TEST_CASE("pcs: every kind is fetched with its chain, stored, and found again with its age") {
  const IntelWorld world;
  HttpServer server([&](const std::string& target, std::size_t) { return answer(world, target); });
  const TempDir cache;
  Collateral places;
  places.add(cache_provider(cache.path()));
  places.add(pcs_provider(server.url(), world));
  for (const bool processor : {false, true})
    for (const CollateralKind kind : {intel_tcb_info, intel_qe_identity, intel_pck_crl, intel_root_crl, intel_pck_ca, intel_root, intel_tcb_signer}) {
      CAPTURE(collateral_kind_name(kind));
      const CollateralAnswer fetched = places.find_network(pcs_query(kind, processor));
      REQUIRE_MESSAGE(fetched.items.size() == 1, (fetched.misses.empty() ? "" : fetched.misses[0].detail));
      CHECK(fetched.misses.empty());
      CHECK(fetched.items[0].source == CollateralSource::network);
      CHECK(fetched.items[0].issuer_chain.size() == (kind == intel_tcb_info || kind == intel_qe_identity || kind == intel_pck_crl ? 2 : 0));
      const CollateralAnswer cached = places.find_local(pcs_query(kind, processor));
      REQUIRE_FALSE(cached.items.empty());
      CHECK(cached.items[0].data == fetched.items[0].data);
      CHECK(cached.items[0].issuer_chain == fetched.items[0].issuer_chain);
      CHECK(cached.items[0].obtained);
      CHECK(cached.items[0].origin.find("fetched 20") != std::string::npos);
    }
  const auto directory = directory_provider(cache.path());   // the cache is a directory of collateral, too
  REQUIRE(directory);
  CHECK((*directory)->find(pcs_query(intel_tcb_info)).items.at(0).issuer_chain.size() == 2);
  const std::size_t asked = server.requests();
  (void)places.find_network(pcs_query(intel_tcb_info));
  CHECK(server.requests() == asked);           // remembered within the process
  const CollateralAnswer pck = places.find_network(pcs_query(intel_pck));
  CHECK(pck.items.empty());
  CHECK(server.requests() == asked);           // nothing to ask for
}

TEST_CASE("pcs: CRLs come as DER, PEM or hexadecimal text") {
  const IntelWorld world;
  const std::string ca = chain("sgx-pck-crl-issuer-chain", {world.platform_ca(), world.root()});
  for (const Buffer& body : {world.pck_crl(), to_buffer(hex(world.pck_crl())), to_buffer(pem::encode("X509 CRL", world.pck_crl()))}) {
    const CollateralAnswer got = pcs_ask({200, body, ca, {}, 0, false}, intel_pck_crl);
    REQUIRE(got.items.size() == 1);
    CHECK(got.items[0].data == world.pck_crl());
  }
}

TEST_CASE("pcs: an issuer chain that is missing, repeated, unencoded or more than two certificates is refused") {
  const IntelWorld world;
  const std::vector<Buffer> good{world.tcb_signer(), world.root()};
  const std::string encoded = percent_encode(pem_of(good)), name = "TCB-Info-Issuer-Chain";
  struct Row { std::string headers; const char* said; };
  std::string spaces = pem_of(good);
  std::replace(spaces.begin(), spaces.end(), '\n', ' ');
  for (const Row& row : {Row{"", "missing"}, Row{chain("SGX-TCB-Info-Issuer-Chain", good), "missing"}, Row{chain("TCB-Info-Issuer-Chain", good) + chain("tcb-info-issuer-chain", good), "more than once"},
                         Row{header("TCB-Info-Issuer-Chain", spaces), "not percent-encoded"}, Row{header("TCB-Info-Issuer-Chain", encoded + ", " + encoded), "not percent-encoded"},
                         Row{header("TCB-Info-Issuer-Chain", ""), "not percent-encoded"}, Row{header("TCB-Info-Issuer-Chain", encoded + "%0"), "two hexadecimal digits"},
                         Row{chain("TCB-Info-Issuer-Chain", {world.tcb_signer()}), "expected 2 certificates, found 1"}, Row{chain("TCB-Info-Issuer-Chain", {world.tcb_signer(), world.root(), world.root()}), "expected 2 certificates, found 3"},
                         Row{header("TCB-Info-Issuer-Chain", encoded + "trailing"), "more than the 2"}, Row{header("TCB-Info-Issuer-Chain", "x%0A" + encoded), "more than the 2"},
                         Row{header("TCB-Info-Issuer-Chain", percent_encode(pem::encode("X509 CRL", world.root()) + pem::encode("CERTIFICATE", world.root()))), "not a certificate"},
                         Row{chain("TCB-Info-Issuer-Chain", {world.root(), world.tcb_signer()}), "came with the issuer"}, Row{chain("TCB-Info-Issuer-Chain", {world.tcb_signer(), world.tcb_signer()}), "not a root"},
                         Row{chain("TCB-Info-Issuer-Chain", {world.platform_ca(), world.root()}), "came with the issuer"}}) {
    CAPTURE(row.said);
    refused(pcs_ask({200, world.tcb_info(), row.headers, {}, 0, false}, intel_tcb_info), Why::invalid, row.said);
  }
}

TEST_CASE("pcs: what is signed by somebody else, altered or not what was asked for is neither used nor stored") {
  const IntelWorld world, foreign(true);
  const std::string tcb = chain("TCB-Info-Issuer-Chain", {world.tcb_signer(), world.root()}), qe = chain("SGX-Enclave-Identity-Issuer-Chain", {world.tcb_signer(), world.root()}),
                    ca = chain("SGX-PCK-CRL-Issuer-Chain", {world.platform_ca(), world.root()});
  const auto text = [](Buffer b) { return std::string(as_text(b)); };
  const auto changed = [&](std::string from, const std::string& to) {
    std::string body = text(world.tcb_info());
    return to_buffer(body.replace(body.find(from), from.size(), to));
  };
  std::string other = tdx_tcb_info();
  other.replace(other.find("90C06F010203"), 12, "00906ED50000");
  struct Row { CollateralKind kind; Buffer body; std::string headers; const char* said; };
  for (const Row& row : {Row{intel_tcb_info, foreign.tcb_info(), tcb, "not signed"}, Row{intel_tcb_info, foreign.tcb_info(), chain("TCB-Info-Issuer-Chain", {foreign.tcb_signer(), foreign.root()}), "not signed by a trusted root"},
                         Row{intel_tcb_info, world.tcb_info(), chain("TCB-Info-Issuer-Chain", {world.tcb_signer(), foreign.root()}), "not a trusted root"},
                         Row{intel_tcb_info, changed("\"pcesvn\":13", "\"pcesvn\":12"), tcb, "not signed"}, Row{intel_tcb_info, changed("\"version\":3", "\"version\": 3"), tcb, "not signed"},
                         Row{intel_tcb_info, changed("\"version\":3", "\"version\":4"), tcb, "cannot be decoded"}, Row{intel_tcb_info, world.tcb_info(other), tcb, "expected FMSPC 90c06f010203, found 00906ed50000"},
                         Row{intel_tcb_info, world.qe_identity(), tcb, "expected intel-tcb-info, found intel-qe-identity"}, Row{intel_tcb_info, to_buffer(std::string("<html>")), tcb, "the answer is not used"},
                         Row{intel_tcb_info, to_buffer(std::string("{\"tcbInfo\":{},\"tcbInfo\":{}}")), tcb, "duplicate key"}, Row{intel_tcb_info, {}, tcb, "the answer is not used"},
                         Row{intel_qe_identity, foreign.qe_identity(), qe, "not signed"}, Row{intel_qe_identity, to_buffer(response("enclaveIdentity", td_qe_identity())), qe, "not signed"},
                         Row{intel_pck_crl, foreign.pck_crl(), ca, "not signed by the CA"}, Row{intel_pck_crl, world.pck_crl(true), ca, "expected that of the Platform CA"},
                         Row{intel_pck_crl, world.root_crl(), ca, "expected intel-pck-crl"}, Row{intel_pck_crl, world.pck_crl(), chain("SGX-PCK-CRL-Issuer-Chain", {world.processor_ca(), world.root()}), "came with the issuer"},
                         Row{intel_pck_crl, to_buffer(std::string("30zz")), ca, "neither DER nor PEM"}, Row{intel_root_crl, foreign.root_crl(), "", "not signed by a trusted root"},
                         Row{intel_root_crl, world.pck_crl(), "", "expected intel-root-crl"}}) {
    CAPTURE(row.said);
    const TempDir cache;
    HttpServer server([&](const std::string&, std::size_t) { return Reply{200, row.body, row.headers, {}, 0, false}; });
    Collateral places;
    places.add(cache_provider(cache.path()));
    places.add(pcs_provider(server.url(), world));
    refused(places.find_network(pcs_query(row.kind)), Why::invalid, row.said);
    CHECK(std::filesystem::is_empty(cache.path()));
  }
}

TEST_CASE("pcs: statuses and pauses") {
  const IntelWorld world;
  struct Row { int status; std::string headers; Why why; std::size_t requests; };
  for (const Row& row : {Row{400, "", Why::refused, 1}, Row{401, "", Why::refused, 1}, Row{404, "", Why::refused, 1}, Row{410, "", Why::refused, 1}, Row{461, "", Why::refused, 1}, Row{429, "", Why::unavailable, 2},
                         Row{429, "Retry-After: 31\r\n", Why::unavailable, 1}, Row{500, "", Why::unavailable, 2}, Row{503, "Retry-After: 3600\r\n", Why::unavailable, 1}, Row{302, "Location: http://127.0.0.1:1/\r\n", Why::invalid, 1},
                         Row{204, "", Why::invalid, 1}}) {
    CAPTURE(row.status);
    HttpServer server([&](const std::string&, std::size_t) { return reply(row.status, row.headers); });
    refused(pcs_provider(server.url(), world)->find(pcs_query(intel_qe_identity)), row.why, server.url());
    CHECK(server.requests() == row.requests);
  }
  HttpServer slow([&](const std::string&, std::size_t) { return Reply{200, {}, {}, milliseconds{10'000}, 0, false}; });
  refused(pcs_provider(slow.url(), world)->find(pcs_query(intel_tcb_info)), Why::unavailable, slow.url());
  refused(pcs_ask({200, Buffer(64 * 1024 + 1, ' '), "", {}, 0, true}, intel_tcb_info), Why::invalid, "larger than");
  refused(pcs_ask({200, world.tcb_info(), header("X-Huge", std::string(70'000, 'a')), {}, 0, false}, intel_tcb_info), Why::invalid, "header of the answer is larger");
}

TEST_CASE("pcs: early data is kept apart in the cache, and nothing dated goes back") {
  const IntelWorld world;
  const TempDir cache;
  const auto standard = cache_provider(cache.path(), {}, world.trust()), early = cache_provider(cache.path(), "early", world.trust());
  const auto item = [&](const Buffer& data, const std::string& origin = "https://api.trustedservices.intel.com/x") { return CollateralItem{intel_tcb_info, data, CollateralSource::network, origin, {world.tcb_signer(), world.root()}, {}}; };
  const Buffer newer = world.tcb_info(with_issue_date(tdx_tcb_info(), "2026-01-20T00:00:00Z"));
  REQUIRE(standard->store(pcs_query(intel_tcb_info), item(world.tcb_info())));
  CHECK(early->find(pcs_query(intel_tcb_info)).items.empty());
  REQUIRE(early->store(pcs_query(intel_tcb_info), item(newer)));
  CHECK(standard->find(pcs_query(intel_tcb_info)).items.at(0).data == world.tcb_info());
  REQUIRE(standard->store(pcs_query(intel_tcb_info), item(newer)));
  REQUIRE(standard->store(pcs_query(intel_tcb_info), item(world.tcb_info())));
  CHECK(standard->find(pcs_query(intel_tcb_info)).items.at(0).data == newer);
  REQUIRE(standard->store(pcs_query(intel_tcb_info), item(world.tcb_info(), "https://pccs.example:8081/x")));   // another service stands beside it
  CHECK(standard->find(pcs_query(intel_tcb_info)).items.size() == 2);
  CollateralQuery sgx = pcs_query(intel_tcb_info), hostile = sgx;
  sgx.tdx = false;
  hostile.fmspc = "../../../etc";
  CHECK(standard->find(sgx).items.empty());
  CHECK_FALSE(standard->store(sgx, item(newer)));
  CHECK(standard->find(hostile).items.empty());
}

TEST_CASE("pcs: damaged cache entries are ignored and told") {
  const IntelWorld world;
  const std::string good(as_text(encode_cache_entry({intel_root_crl, world.root_crl(), CollateralSource::network, "https://x/", {}, {}}, IntelWorld::day(2))));
  REQUIRE(decode_cache_entry(as_bytes(good)));
  CHECK(decode_cache_entry(as_bytes(good))->obtained == IntelWorld::day(2));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string out = good;
    return out.replace(out.find(from), from.size(), to);
  };
  for (const std::string& text : {std::string(), std::string("{}"), std::string("[]"), good.substr(0, good.size() / 2), with("atls-cache/1", "atls-cache/2"), with("intel-root-crl", "intel-root-clr"),
                                  with("intel-root-crl", "intel-pck-crl"), with("2026-", "26-"), with("\"data\": \"", "\"data\": \"!"), with("\"issuer_chain\": []", "\"issuer_chain\": [7]"),
                                  with("\"issuer_chain\": []", "\"issuer_chain\": {}"), with("\"url\"", "\"urls\""), with("\"issuer_chain\": []", "\"issuer_chain\": [], \"more\": 1"),
                                  with("\"issuer_chain\": []", "\"issuer_chain\": [], \"url\": \"\"")}) {
    CAPTURE(text.substr(0, 60));
    const TempDir cache;
    cache.write("intel/crl/root.json", as_bytes(text));
    const CollateralAnswer answer = cache_provider(cache.path())->find(pcs_query(intel_root_crl));
    CHECK(answer.items.empty());
    CHECK(answer.misses.size() == 2);
    CHECK(answer.misses[0].why == Why::invalid);
  }
}
