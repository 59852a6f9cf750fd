// The simulated platform against the suite's own collateral sources: both sides name the same objects.
#include <doctest/doctest.h>

#include <algorithm>

#include "collateral/providers.hpp"
#include "sim/anchors.hpp"
#include "sim/collateral_server.hpp"
#include "sim/platform.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using snp::ProductLine;
using sim::ServiceFailure;
using Why = CollateralMiss::Why;

namespace {

const Time kCollateralTime{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

std::shared_ptr<const sim::SnpPlatform> collateral_platform(sim::SnpOptions options) {
  auto out = sim::SnpPlatform::create(std::move(options));
  REQUIRE(out);
  return *std::move(out);
}

CollateralQuery collateral_query(const sim::SnpPlatform& p, CollateralKind kind) {
  return {.kind = kind, .product = p.options().product, .chip_id = p.chip_id(), .reported_tcb = p.reported_tcb(), .vlek = p.options().vlek};
}

std::shared_ptr<CollateralProvider> client(const sim::CollateralServer& server) {
  auto trust = std::make_shared<evidence::TrustStore>();
  trust->add(sim::trust_anchors());
  KdsOptions options;
  options.base_url = server.url();
  options.connect_timeout = options.attempt_timeout = std::chrono::milliseconds(500);
  options.total_timeout = std::chrono::milliseconds(3000);
  options.waits = {std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
  auto provider = kds_provider(options, trust, kCollateralTime);
  REQUIRE(provider);
  return *provider;
}

bool holds(const CollateralAnswer& answer, const Buffer& der) {
  return std::any_of(answer.items.begin(), answer.items.end(), [&](const CollateralItem& item) { return item.data == der; });
}

}  // namespace

TEST_CASE("simulated collateral: the KDS client gets every object of every product from the simulated KDS") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::genoa, ProductLine::turin})
    for (const bool vlek : {false, true}) {
      CAPTURE(snp::product_name(line));
      CAPTURE(vlek);
      const auto p = collateral_platform({.product = line, .vlek = vlek});
      auto server = sim::CollateralServer::start("127.0.0.1:0", p);
      REQUIRE(server);
      const auto kds = client(**server);
      if (!vlek) CHECK(holds(kds->find(collateral_query(*p, CollateralKind::amd_vcek)), p->vek_der()));
      CHECK(holds(kds->find(collateral_query(*p, vlek ? CollateralKind::amd_asvk : CollateralKind::amd_ask)), p->ask_der()));
      CHECK(holds(kds->find(collateral_query(*p, CollateralKind::amd_ark)), p->ark_der()));
      CHECK(holds(kds->find(collateral_query(*p, CollateralKind::amd_crl)), p->crl_der()));
    }
}

TEST_CASE("simulated collateral: each misbehaviour of the simulated KDS has the answer that it deserves") {
  const auto p = collateral_platform({});
  auto server = sim::CollateralServer::start("127.0.0.1:0", p);
  REQUIRE(server);
  struct Row { ServiceFailure failure; Why why; std::size_t requests; };
  for (const Row& row : {Row{ServiceFailure::not_found, Why::refused, 1}, Row{ServiceFailure::throttled, Why::unavailable, 3}, Row{ServiceFailure::server_error, Why::unavailable, 3},
                         Row{ServiceFailure::slow, Why::unavailable, 3}, Row{ServiceFailure::truncated, Why::unavailable, 3}, Row{ServiceFailure::other_machine, Why::invalid, 1},
                         Row{ServiceFailure::oversized, Why::invalid, 1}, Row{ServiceFailure::redirect, Why::invalid, 1},
                         Row{ServiceFailure::garbage, Why::invalid, 1}}) {
    CAPTURE(sim::service_failure_name(row.failure));
    (*server)->misbehave({.failure = row.failure, .delay = std::chrono::milliseconds(900), .retry_after_s = 0});
    const std::size_t before = (*server)->requests().size();
    const CollateralAnswer answer = client(**server)->find(collateral_query(*p, CollateralKind::amd_crl));   // a new one: it remembers
    CHECK(answer.items.empty());
    REQUIRE(answer.misses.size() == 1);
    CHECK_MESSAGE(answer.misses[0].why == row.why, answer.misses[0].detail);
    CHECK((*server)->requests().size() - before <= row.requests);
    (*server)->misbehave({});
  }
  // Genuine but stale: handed on, so that the verdict can say so.
  (*server)->misbehave({.failure = ServiceFailure::expired});
  const CollateralAnswer expired = client(**server)->find(collateral_query(*p, CollateralKind::amd_crl));
  REQUIRE(expired.items.size() == 1);
  CHECK(expired.items[0].data != p->crl_der());
  (*server)->misbehave({.failure = ServiceFailure::throttled, .times = 1, .retry_after_s = 0});
  CHECK(holds(client(**server)->find(collateral_query(*p, CollateralKind::amd_crl)), p->crl_der()));
}

TEST_CASE("simulated collateral: an export is a folder of collateral") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::turin})
    for (const bool vlek : {false, true}) {
      CAPTURE(snp::product_name(line));
      CAPTURE(vlek);
      const test::TempDir folder;
      const auto p = collateral_platform({.product = line, .vlek = vlek});
      REQUIRE(sim::export_platform(*p, folder.path() / "export"));
      const auto directory = directory_provider(folder.path() / "export");
      REQUIRE(directory);
      CHECK(holds((*directory)->find(collateral_query(*p, vlek ? CollateralKind::amd_vlek : CollateralKind::amd_vcek)), p->vek_der()));
      CHECK(holds((*directory)->find(collateral_query(*p, vlek ? CollateralKind::amd_asvk : CollateralKind::amd_ask)), p->ask_der()));
      CHECK(holds((*directory)->find(collateral_query(*p, CollateralKind::amd_ark)), p->ark_der()));
      CHECK(holds((*directory)->find(collateral_query(*p, CollateralKind::amd_crl)), p->crl_der()));
    }
}
