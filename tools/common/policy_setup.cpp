// From policy file and flags to one policy. Flags only tighten; what loosens says so in the policy and in every report.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "common/loosening.hpp"
#include "common/options.hpp"
#include "policy/flags.hpp"
#include "policy/tcb_override.hpp"
#include "policy/tcb_status.hpp"

namespace atls::tools {
namespace {

constexpr std::size_t kMaxPolicyFile = 1024 * 1024;   // of policies and TCB overrides

Result<policy::Policy> base_policy(const std::string& file) {
  if (file.empty()) return policy::Policy{};
  auto text = read_input(file, kMaxPolicyFile);
  if (!text) return bad_value("--policy", fmt::format("{}: {}", file, text.error().detail));
  auto loaded = policy::load_policy(*text, file == "-" ? "stdin" : file, std::filesystem::path(file).parent_path().string());
  if (!loaded) return bad_value("--policy", loaded.error().message());
  return loaded;
}

bool has(const PolicyOptions& options, std::string_view flag) {
  return std::any_of(options.given.begin(), options.given.end(), [&](const auto& given) { return given.first == flag; });
}

std::vector<std::string> values_of(const PolicyOptions& options, std::string_view flag) {
  std::vector<std::string> out;
  for (const auto& [name, values] : options.given)
    if (name == flag) out.insert(out.end(), values.begin(), values.end());
  return out;
}

// An explicit "forbid" of the file is not loosened by a flag: one of the two is a mistake.
Status allow(const PolicyOptions& options, std::string_view flag, std::string_view what, bool (*forbids)(const policy::Alternative&), const policy::Policy& policy) {
  if (!has(options, flag)) return ok();
  for (const policy::Alternative& alternative : policy.alternatives)
    if (forbids(alternative))
      return bad_value(std::string(flag), fmt::format("{} forbids {} in \"{}\"; change the file or leave the option out", options.policy_file, what, alternative.name));
  return ok();
}

bool forbids_debug(const policy::Alternative& a) {
  return a.snp.debug == policy::Allow::forbid || a.tdx.debug == policy::Allow::forbid || a.sgx.debug == policy::Allow::forbid;
}
bool forbids_migration(const policy::Alternative& a) { return a.snp.migrate_ma == policy::Allow::forbid; }

// The value of an option that is given at most once; empty when it is not given.
Result<std::optional<std::string>> one_value(const PolicyOptions& options, std::string_view flag) {
  const std::vector<std::string> values = values_of(options, flag);
  if (values.empty()) return std::optional<std::string>();
  if (values.size() > 1) return bad_value(std::string(flag), "the option is given more than once");
  if (values[0].empty()) return bad_value(std::string(flag), "the value is empty");
  return std::optional(values[0]);
}

Status apply_binding(const PolicyOptions& options, policy::Policy& policy) {
  auto value = one_value(options, "--binding-min");
  if (!value) return value.error();
  if (!*value) return ok();
  const auto level = binding_level_from(**value);
  if (!level) return bad_value("--binding-min", fmt::format("\"{}\" is not a level; expected none, key, handshake or application", **value));
  if (*level == BindingLevel::none) {
    policy.loosened.push_back("evidence need not be bound to the TLS key (--binding-min none)");
    policy.binding_min = BindingLevel::none;
  } else {
    policy.binding_min = std::max(*level, policy.binding_min_explicit ? policy.binding_min : BindingLevel::none);
  }
  policy.binding_min_explicit = true;
  return ok();
}

// What Intel's TCB evaluation may accept, and whose algorithm does it.
Status apply_tcb(const PolicyOptions& options, policy::Policy& policy) {
  for (const std::string& text : values_of(options, "--allow-tcb-status")) {
    auto rule = policy::read_tcb_status(text);
    if (!rule) return bad_value("--allow-tcb-status", rule.error().detail);
    rule->source = "--allow-tcb-status";
    policy.loosened.push_back(fmt::format("the TCB status {} is accepted (--allow-tcb-status)", policy::tcb_status_text(*rule)));
    policy.allow_tcb_status.push_back(std::move(*rule));
  }
  for (const std::string& text : values_of(options, "--allow-advisories")) {
    auto ids = policy::read_advisories(text);
    if (!ids) return bad_value("--allow-advisories", ids.error().detail);
    policy.allow_advisories.merge(*ids);
  }
  if (!policy.allow_advisories.empty())
    policy.loosened.push_back(fmt::format("a TCB that is out of date is accepted when only these advisories are open: {} (--allow-advisories)", fmt::join(policy.allow_advisories, ", ")));
  auto override_file = one_value(options, "--allow-tcb-override");
  if (!override_file) return override_file.error();
  if (*override_file) {
    auto content = read_input(**override_file, kMaxPolicyFile);
    if (!content) return bad_value("--allow-tcb-override", fmt::format("{}: {}", **override_file, content.error().detail));
    if (const auto caps = policy::parse_tcb_override(*content); !caps) return bad_value("--allow-tcb-override", fmt::format("{}: {}", **override_file, caps.error().message()));
    policy.tcb_override = std::move(*content);
    policy.loosened.push_back(fmt::format("TCB levels are lowered before they are compared (--allow-tcb-override {})", **override_file));
  }
  auto profile = one_value(options, "--tcb-profile");
  if (!profile) return profile.error();
  if (*profile) {
    const auto names = policy::tcb_profile_names();
    if (std::find(names.begin(), names.end(), **profile) == names.end())
      return bad_value("--tcb-profile", fmt::format("\"{}\" is not known; expected {}", **profile, fmt::join(names, ", ")));
    policy.tcb_profile = **profile;
    // Other verifiers accept what the default refuses, so this is a loosening as well.
    if (**profile != names.front()) policy.loosened.push_back(fmt::format("the TCB is judged as {} does it, not by Intel's current algorithm (--tcb-profile)", **profile));
  }
  policy.compare_tcb_profiles |= has(options, "--compare-tcb-profiles");
  return ok();
}

Status apply_flags(const PolicyOptions& options, policy::Policy& policy) {
  auto pins = policy::read_flags(options.given);
  if (!pins) return pins.error();
  for (const std::string_view pin : {"--measurement", "--mrtd", "--mr-enclave"})
    if (has(options, pin) && has(options, "--any-measurement")) return bad_value("--any-measurement", fmt::format("excludes {}", pin));
  if (has(options, "--allow-not-fresh") && (has(options, "--require-freshness") || policy.require_freshness))
    return bad_value("--allow-not-fresh", has(options, "--require-freshness") ? "excludes --require-freshness" : fmt::format("{} requires freshness", options.policy_file));
  if (auto status = allow(options, "--allow-debug", "debug", forbids_debug, policy); !status) return status;
  if (auto status = allow(options, "--allow-migration", "migration", forbids_migration, policy); !status) return status;
  if (auto status = apply_binding(options, policy); !status) return status;
  if (auto status = apply_tcb(options, policy); !status) return status;
  policy.require_freshness |= has(options, "--require-freshness");
  policy.warnings_fail |= has(options, "--fail-on-warn");
  policy.require_sept_ve_disable |= has(options, "--require-sept-ve-disable");
  for (const Loosening& s : kLoosenings) {
    if (!has(options, s.flag)) continue;
    policy.*s.member = true;
    policy.loosened.push_back(fmt::format("{} ({})", s.sentence, s.flag));
  }
  for (const policy::Flag& option : policy::options_without_key())
    if (has(options, option.name)) policy.options.emplace_back(option.name);
  policy::add_flags(policy, *pins);
  return ok();
}

Status check_validity(const policy::Policy& policy, const std::string& file, Time now) {
  if (policy.not_before && now < *policy.not_before) return bad_value("--policy", fmt::format("{} is valid from {}, and the time is {}", file, rfc3339(*policy.not_before), rfc3339(now)));
  if (policy.not_after && now > *policy.not_after)
    return bad_value("--policy", fmt::format("{} expired at {}, and the time is {}; get a newer policy, or judge as of an earlier time with --at", file, rfc3339(*policy.not_after), rfc3339(now)));
  return ok();
}

}  // namespace

Result<policy::Policy> read_policy(const PolicyOptions& options, Time now) {
  auto policy = base_policy(options.policy_file);
  if (!policy) return policy.error();
  if (auto status = check_validity(*policy, options.policy_file, now); !status) return status.error();
  if (auto status = apply_flags(options, *policy); !status) return status.error();
  return policy;
}

}  // namespace atls::tools
