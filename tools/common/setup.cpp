// From options to what the verifier takes. Every contradiction is an error that names both sides; nothing is dropped silently.
#include <fmt/format.h>

#include <filesystem>

#include "collateral/providers.hpp"
#include "common/options.hpp"
#include "evidence/policy_trust.hpp"
#include "sim/anchors.hpp"

namespace atls::tools {
namespace {

constexpr std::size_t kMaxAnchorFile = 1024 * 1024;   // of anchors

void apply_crl(const std::string& mode, policy::Policy& policy) {
  if (mode.empty()) return;
  policy.crl = mode == "off" ? policy::CrlMode::off : mode == "if-available" ? policy::CrlMode::if_available : policy::CrlMode::require;
  std::erase_if(policy.loosened, [](const std::string& s) { return s.starts_with("revocation is not required"); });   // the flag decides
  if (policy.crl != policy::CrlMode::require) policy.loosened.push_back(fmt::format("revocation is not required (--crl {})", mode));
}

Result<evidence::TrustStore> trust_store(const TrustOptions& options, policy::Policy& policy) {
  if (!options.anchors.empty() && !policy.roots.empty()) return bad_value("--trust-anchor", "the policy file names trust anchors, too (trust.roots); keep one of the two");
  for (const std::string& file : options.anchors) {
    auto content = file.empty() ? Result<Buffer>(bad_value({}, "the file name is empty")) : read_input(file, kMaxAnchorFile);
    if (!content) return bad_value("--trust-anchor", file.empty() ? content.error().detail : fmt::format("{}: {}", file, content.error().detail));
    policy.trust_anchor_files.push_back(std::move(*content));
    policy.loosened.push_back(fmt::format("the built-in trust anchors are replaced (--trust-anchor {})", file));
  }
  auto made = evidence::trust_of(policy);
  if (!made) {
    const Error& error = made.error();
    return options.anchors.empty() ? bad_value("--policy", error.where + ": " + error.detail) : bad_value("--trust-anchor", fmt::format("{}: {}", options.anchors.at(std::stoul(error.where)), error.detail));
  }
  evidence::TrustStore store = std::move(*made);
  if (options.simulated) {
    store.add(sim::trust_anchors());
    policy.trust_simulated = true;
    policy.loosened.push_back("the simulated platform is trusted, whose keys are public (--trust-simulated)");
  }
  return store;
}

Result<std::shared_ptr<Collateral>> collateral_of(const CollateralOptions& options, const TrustOptions& trust_options, const Setup& setup) {
  auto out = std::make_shared<Collateral>();
  const auto trust = std::make_shared<const evidence::TrustStore>(setup.trust);
  for (const std::string& dir : options.dirs) {
    auto provider = directory_provider(dir);
    if (!provider) return bad_value("--collateral-dir", fmt::format("{}: {}", dir, provider.error().detail));
    out->add(std::move(*provider));
  }
  if (trust_options.simulated) out->add(sim::anchors_provider());
  const std::filesystem::path cache = options.cache_dir.empty() ? default_cache_dir() : std::filesystem::path(options.cache_dir);
  if (!options.no_cache && !cache.empty()) out->add(cache_provider(cache, options.pcs_update, trust));
  if (setup.policy.offline) return out;
  KdsOptions kds;
  if (!options.kds_url.empty()) kds.base_url = options.kds_url;
  kds.ca_file = options.cafile;
  kds.proxy = options.proxy;
  auto amd = kds_provider(std::move(kds), trust, setup.now);
  if (!amd) return bad_value("--kds-url", amd.error().detail);
  out->add(std::move(*amd));
  PcsOptions pcs;
  if (!options.pcs_url.empty()) pcs.base_url = options.pcs_url;
  pcs.update = options.pcs_update;
  pcs.ca_file = options.cafile;
  pcs.proxy = options.proxy;
  auto intel = pcs_provider(std::move(pcs), trust, setup.now);
  if (!intel) return bad_value("--pcs-url", intel.error().detail);
  out->add(std::move(*intel));
  return out;
}

}  // namespace

Result<Setup> make_setup(const PolicyOptions& policy_options, const TrustOptions& trust_options, const CollateralOptions& collateral_options, const TimeOptions& time_options) {
  Setup out;
  out.time_source = time_options.at.empty() ? "clock" : "option";
  out.now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (!time_options.at.empty()) {
    const auto at = parse_rfc3339(time_options.at);
    if (!at) return bad_value("--at", fmt::format("\"{}\" is not a time; write 2026-05-31T12:00:00Z or 2026-05-31", time_options.at));
    out.now = *at;
  }
  auto policy = read_policy(policy_options, out.now);
  if (!policy) return policy.error();
  out.policy = std::move(*policy);
  apply_crl(collateral_options.crl, out.policy);
  out.policy.offline |= collateral_options.offline;
  for (const auto& [option, value] : {std::pair{"--kds-url", &collateral_options.kds_url}, std::pair{"--pcs-url", &collateral_options.pcs_url}})
    if (out.policy.offline && !value->empty()) return bad_value(option, fmt::format("{} demands to stay offline", policy_options.policy_file));
  auto trust = trust_store(trust_options, out.policy);
  if (!trust) return trust.error();
  out.trust = std::move(*trust);
  auto collateral = collateral_of(collateral_options, trust_options, out);
  if (!collateral) return collateral.error();
  out.collateral = std::move(*collateral);
  return out;
}

Report new_report(std::string_view tool, const Setup& setup) {
  Report out;
  out.tool = tool;
  out.version = ATLS_VERSION;
  out.time = setup.now;
  out.time_source = setup.time_source;
  return out;
}

}  // namespace atls::tools
