// A quote with everything at hand that it needs, and the simulated root trusted. The first byte says what the rest replaces: quote, TCB
// info, QE identity, event log or CRL. Nothing is proven but what the simulated platform and its authorities signed.
#include <algorithm>

#include "evidence/present.hpp"
#include "evidence/verify.hpp"
#include "fuzz.hpp"
#include "intel/collateral.hpp"
#include "intel/quote.hpp"
#include "sim/anchors.hpp"
#include "sim/intel_platform.hpp"

using namespace atls;

namespace {

std::unique_ptr<sim::IntelPlatform> platform(unsigned version) {
  sim::IntelOptions options;
  options.sgx = version == 3;
  options.quote_version = version;
  auto made = sim::IntelPlatform::create(options);
  fuzz::require(bool(made), "the simulated platform is made");
  return *std::move(made);
}

struct World {
  evidence::TrustStore trust = evidence::TrustStore::builtin();
  policy::Policy policy;
  std::unique_ptr<sim::IntelPlatform> tdx = platform(4);
  Buffer quote, event_log;
  std::vector<Buffer> signed_quotes;
  Buffer signed_tcb_info, signed_qe_identity;
  std::vector<CollateralItem> items;      // root CRL, PCK CRL, TCB info, QE identity

  World() {
    trust.add(sim::trust_anchors());
    policy.alternatives.emplace_back();
    policy.any_measurement = policy.trust_simulated = true;
    policy.binding_min = BindingLevel::none;
    std::array<std::uint8_t, 64> data{};
    data.fill(0x5A);
    for (const unsigned version : {3U, 4U, 5U}) signed_quotes.push_back(to_buffer(intel::parse_quote(platform(version)->quote(data))->signed_bytes()));
    quote = tdx->quote(data);
    event_log = tdx->event_log();
    signed_tcb_info = intel::parse_tcb_info(tdx->tcb_info())->signed_bytes;
    signed_qe_identity = intel::parse_qe_identity(tdx->qe_identity())->signed_bytes;
    const std::vector<Buffer> signer = {tdx->tcb_signer_der(), tdx->root_der()};
    const auto item = [](CollateralKind kind, Buffer bytes, std::vector<Buffer> chain) {
      CollateralItem out{kind, std::move(bytes), CollateralSource::bundle, "fuzz", {}, {}};
      out.issuer_chain = std::move(chain);
      return out;
    };
    items = {item(CollateralKind::intel_root_crl, tdx->root_crl_der(), {}), item(CollateralKind::intel_pck_crl, tdx->pck_crl_der(), {}),
             item(CollateralKind::intel_tcb_info, tdx->tcb_info(), signer), item(CollateralKind::intel_qe_identity, tdx->qe_identity(), signer)};
  }
};

}  // namespace

FUZZ(input) {
  static const World world;
  static const Collateral collateral;
  if (input.empty()) return;
  const unsigned what = input[0] % 5;
  const Buffer bytes = to_buffer(input.subspan(1));
  auto presented = evidence::present(evidence::load_bytes(what == 0 ? bytes : world.quote, "fuzz"), std::nullopt);
  if (!presented) return;
  evidence::Presented all = *presented;
  all.with_it = world.items;
  if (what == 1) all.with_it[2].data = bytes;
  if (what == 2) all.with_it[3].data = bytes;
  if (what == 3 && all.raw) all.event_log = bytes;
  if (what == 4) all.with_it[1].data = bytes;
  const Time now{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};
  Report report;
  report.time = now;
  const auto appraisal = evidence::appraise(all, {world.policy, world.trust, collateral, now}, report);
  fuzz::require(report.verdict.has_value(), "there is a verdict");
  fuzz::require(appraisal.proof.has_value() == (report.verdict->code == ExitCode::verified), "a proof is a good verdict");
  if (!appraisal.proof) return fuzz::require(!report.verdict->reason.empty(), "a refusal has a reason");
  const auto quote = intel::parse_quote(all.raw->data);
  fuzz::require(quote && std::any_of(world.signed_quotes.begin(), world.signed_quotes.end(), [&](const Buffer& b) { return equal(b, quote->signed_bytes()); }), "what is proven was signed");
  if (what == 1) fuzz::require(intel::parse_tcb_info(bytes) && intel::parse_tcb_info(bytes)->signed_bytes == world.signed_tcb_info, "the TCB info was signed");
  if (what == 2) fuzz::require(intel::parse_qe_identity(bytes) && intel::parse_qe_identity(bytes)->signed_bytes == world.signed_qe_identity, "the QE identity was signed");
}
