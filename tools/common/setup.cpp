// From options to what the verifier takes. Every contradiction is an error that names both sides; nothing is dropped silently.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "collateral/providers.hpp"
#include "common/options.hpp"
#include "policy/flags.hpp"
#include "sim/anchors.hpp"

namespace atls::tools {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;   // policies and anchors

Error usage(std::string option, std::string detail) { return {Errc::bad_value, std::move(option), std::move(detail), 0}; }

bool has(const PolicyOptions& options, std::string_view flag) {
  return std::any_of(options.given.begin(), options.given.end(), [&](const auto& given) { return given.first == flag; });
}

Result<policy::Policy> base_policy(const std::string& file) {
  if (file.empty()) return policy::Policy{};
  auto text = read_input(file, kMaxFile);
  if (!text) return usage("--policy", fmt::format("{}: {}", file, text.error().detail));
  auto loaded = policy::load_policy(*text, file == "-" ? "stdin" : file, std::filesystem::path(file).parent_path().string());
  if (!loaded) return usage("--policy", loaded.error().message());
  return loaded;
}

// An explicit "forbid" of the file is not loosened by a flag: one of the two is a mistake.
Status allow(const PolicyOptions& options, std::string_view flag, std::string_view what, policy::Allow policy::SnpPolicy::*member, bool& allowed, policy::Policy& policy) {
  if (!has(options, flag)) return ok();
  for (const policy::Alternative& alternative : policy.alternatives)
    if (alternative.snp.*member == policy::Allow::forbid)
      return usage(std::string(flag), fmt::format("{} forbids {} in \"{}\"; change the file or leave the option out", options.policy_file, what, alternative.name));
  allowed = true;
  return ok();
}

Status apply_binding(const PolicyOptions& options, policy::Policy& policy) {
  std::vector<std::string> values;
  for (const auto& [flag, given] : options.given)
    if (flag == "--binding-min") values.insert(values.end(), given.begin(), given.end());
  if (values.empty()) return ok();
  if (values.size() > 1) return usage("--binding-min", "the option is given more than once");
  const auto level = binding_level_from(values[0]);
  if (!level) return usage("--binding-min", fmt::format("\"{}\" is not a level; expected none, key, handshake or application", values[0]));
  if (*level == BindingLevel::none) {
    policy.loosened.push_back("evidence need not be bound to the TLS key (--binding-min none)");
    policy.binding_min = BindingLevel::none;
  } else {
    policy.binding_min = std::max(*level, policy.binding_min_explicit ? policy.binding_min : BindingLevel::none);
  }
  policy.binding_min_explicit = true;
  return ok();
}

Status apply_flags(const PolicyOptions& options, policy::Policy& policy) {
  auto pins = policy::read_flags(options.given);
  if (!pins) return pins.error();
  if (pins->snp.measurement && has(options, "--any-measurement")) return usage("--any-measurement", "excludes --measurement");
  if (has(options, "--allow-not-fresh") && (has(options, "--require-freshness") || policy.require_freshness))
    return usage("--allow-not-fresh", has(options, "--require-freshness") ? "excludes --require-freshness" : fmt::format("{} requires freshness", options.policy_file));
  if (auto status = allow(options, "--allow-debug", "debug", &policy::SnpPolicy::debug, policy.allow_debug, policy); !status) return status;
  if (auto status = allow(options, "--allow-migration", "migration", &policy::SnpPolicy::migrate_ma, policy.allow_migration, policy); !status) return status;
  if (auto status = apply_binding(options, policy); !status) return status;
  policy.require_freshness |= has(options, "--require-freshness");
  policy.warnings_fail |= has(options, "--fail-on-warn");
  struct Switch { std::string_view flag; bool policy::Policy::*member; std::string_view sentence; };
  for (const Switch& s : {
           Switch{"--any-measurement", &policy::Policy::any_measurement, "a guest that is not identified is accepted"},
           Switch{"--allow-debug", &policy::Policy::allow_debug, "guests that the host can debug are accepted"},
           Switch{"--allow-migration", &policy::Policy::allow_migration, "guests with a migration agent are accepted"},
           Switch{"--allow-not-fresh", &policy::Policy::allow_not_fresh, "a nonce that was not drawn for the connection is accepted"},
           Switch{"--allow-reserved-nonzero", &policy::Policy::allow_reserved_nonzero, "reserved bytes that are not zero are accepted"},
           Switch{"--allow-unknown-version", &policy::Policy::allow_unknown_version, "report versions that are not known are accepted"},
       }) {
    if (!has(options, s.flag)) continue;
    policy.*s.member = true;
    policy.loosened.push_back(fmt::format("{} ({})", s.sentence, s.flag));
  }
  policy::add_flags(policy, *pins);
  return ok();
}

void apply_crl(const std::string& mode, policy::Policy& policy) {
  if (mode.empty()) return;
  policy.crl = mode == "off" ? policy::CrlMode::off : mode == "if-available" ? policy::CrlMode::if_available : policy::CrlMode::require;
  std::erase_if(policy.loosened, [](const std::string& s) { return s.starts_with("revocation is not required"); });   // the flag decides
  if (policy.crl != policy::CrlMode::require) policy.loosened.push_back(fmt::format("revocation is not required (--crl {})", mode));
}

Status check_validity(const policy::Policy& policy, const std::string& file, Time now) {
  if (policy.not_before && now < *policy.not_before) return usage("--policy", fmt::format("{} is valid from {}, and the time is {}", file, rfc3339(*policy.not_before), rfc3339(now)));
  if (policy.not_after && now > *policy.not_after)
    return usage("--policy", fmt::format("{} expired at {}, and the time is {}; get a newer policy, or judge as of an earlier time with --at", file, rfc3339(*policy.not_after), rfc3339(now)));
  return ok();
}

Result<evidence::TrustStore> trust_store(const TrustOptions& options, policy::Policy& policy) {
  if (!options.anchors.empty() && !policy.trust_anchor_files.empty()) return usage("--trust-anchor", "the policy file names trust anchors, too (trust.roots); keep one of the two");
  for (const std::string& file : options.anchors) {
    auto content = file.empty() ? Result<Buffer>(usage({}, "the file name is empty")) : read_input(file, kMaxFile);
    if (!content) return usage("--trust-anchor", file.empty() ? content.error().detail : fmt::format("{}: {}", file, content.error().detail));
    policy.trust_anchor_files.push_back(std::move(*content));
    policy.loosened.push_back(fmt::format("the built-in trust anchors are replaced (--trust-anchor {})", file));
  }
  auto store = evidence::TrustStore::builtin();
  if (!policy.trust_anchor_files.empty()) {
    store = {};
    for (std::size_t i = 0; i < policy.trust_anchor_files.size(); ++i) {
      auto more = evidence::TrustStore::from_pem(policy.trust_anchor_files[i]);
      if (!more && i < options.anchors.size()) return usage("--trust-anchor", fmt::format("{}: {}", options.anchors[i], more.error().message()));
      if (!more) return usage("--policy", fmt::format("trust.roots.amd_ark: {}", more.error().message()));
      store.add(more->keys());
    }
    store.mark_simulated(sim::trust_anchors());   // whoever names them: the report says what they are
    if (options.anchors.empty()) policy.loosened.push_back("the built-in trust anchors are replaced (trust.roots of the policy)");
  }
  if (options.simulated) {
    store.add(sim::trust_anchors());
    policy.trust_simulated = true;
    policy.loosened.push_back("the simulated platform is trusted, whose keys are public (--trust-simulated)");
  }
  return store;
}

Result<std::shared_ptr<Collateral>> collateral_of(const CollateralOptions& options, const TrustOptions& trust_options, const Setup& setup) {
  auto out = std::make_shared<Collateral>();
  for (const std::string& dir : options.dirs) {
    auto provider = directory_provider(dir);
    if (!provider) return usage("--collateral-dir", fmt::format("{}: {}", dir, provider.error().detail));
    out->add(std::move(*provider));
  }
  if (trust_options.simulated) out->add(sim::anchors_provider());
  const std::filesystem::path cache = options.cache_dir.empty() ? default_cache_dir() : std::filesystem::path(options.cache_dir);
  if (!options.no_cache && !cache.empty()) out->add(cache_provider(cache));
  if (setup.policy.offline) return out;
  KdsOptions kds;
  if (!options.kds_url.empty()) kds.base_url = options.kds_url;
  kds.ca_file = options.cafile;
  kds.proxy = options.proxy;
  auto provider = kds_provider(std::move(kds), std::make_shared<const evidence::TrustStore>(setup.trust), setup.now);
  if (!provider) return usage("--kds-url", provider.error().detail);
  out->add(std::move(*provider));
  return out;
}

}  // namespace

Result<Setup> make_setup(const PolicyOptions& policy_options, const TrustOptions& trust_options, const CollateralOptions& collateral_options, const TimeOptions& time_options) {
  Setup out;
  out.time_source = time_options.at.empty() ? "clock" : "option";
  out.now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (!time_options.at.empty()) {
    const auto at = parse_rfc3339(time_options.at);
    if (!at) return usage("--at", fmt::format("\"{}\" is not a time; write 2026-05-31T12:00:00Z or 2026-05-31", time_options.at));
    out.now = *at;
  }
  auto policy = base_policy(policy_options.policy_file);
  if (!policy) return policy.error();
  out.policy = std::move(*policy);
  if (auto status = check_validity(out.policy, policy_options.policy_file, out.now); !status) return status.error();
  if (auto status = apply_flags(policy_options, out.policy); !status) return status.error();
  apply_crl(collateral_options.crl, out.policy);
  out.policy.offline |= collateral_options.offline;
  if (out.policy.offline && !collateral_options.kds_url.empty()) return usage("--kds-url", fmt::format("{} demands to stay offline", policy_options.policy_file));
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
