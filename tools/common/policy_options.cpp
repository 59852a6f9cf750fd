// Pins and policy. Most flags come from the table in lib/policy/flags.cpp; here are the ones that are no policy key.
#include "common/loosening.hpp"
#include "common/cli.hpp"
#include "policy/flags.hpp"

namespace atls::tools {
namespace {

const char* group_of(const policy::Flag& flag) {
  if (flag.name.starts_with("--min-")) return "Minimums";
  if (flag.name.starts_with("--require-") || flag.name.starts_with("--forbid-")) return "Demands";
  return "Pins";
}

void add_switch(CLI::App& app, PolicyOptions& options, const std::string& name, std::string_view help, const char* group) {
  app.add_flag_callback(name, [&options, name] { options.given.emplace_back(name, std::vector<std::string>{}); }, std::string(help))->group(group);
}

// The raw values: CLI11 would turn an empty one into "no value", and here it must be refused.
CLI::Option* add_values(CLI::App& app, PolicyOptions& options, const std::string& name, std::string_view help) {
  const auto keep = [&options, name](const CLI::results_t& values) {
    options.given.emplace_back(name, values);
    return true;
  };
  return app.add_option(name, keep, std::string(help))->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

void add_policy_options(CLI::App& app, PolicyOptions& options) {
  app.add_option("--policy", options.policy_file, "Appraisal policy, see atls-policy(5); flags can only tighten it")
      ->type_name("FILE")->check(not_empty())->group("Policy");
  add_switch(app, options, "--require-sept-ve-disable", "TDX: SEPT_VE_DISABLE must be set", "Demands");
  for (const policy::Flag& flag : policy::flags()) {
    const std::string name(flag.name);
    std::string help(flag.help);
    help[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(help[0])));
    if (flag.metavar.empty()) add_switch(app, options, name, help, group_of(flag));
    else add_values(app, options, name, help)->type_name(std::string(flag.metavar))->group(group_of(flag));
  }
  const char* strict = "Policy";
  add_switch(app, options, "--require-freshness", "Refuse recordings: the nonce must be drawn for this connection", strict);
  add_switch(app, options, "--fail-on-warn", "A warning spoils the verdict", strict);
  add_values(app, options, "--binding-min", "Smallest accepted binding level: none, key, handshake or application; none loosens")->type_name("LEVEL")->group(strict);
  add_values(app, options, "--tcb-profile", "Intel: whose TCB algorithm decides: qvl-2026, qvl-2024, go-tdx-guest or dcap-qvl; others than the first loosen")->type_name("NAME")->group(strict);
  add_switch(app, options, "--compare-tcb-profiles", "Intel: tell what each known TCB algorithm says", strict);
  const char* loose = "Loosening (shown as a warning in every report)";
  for (const Loosening& switch_ : kLoosenings) add_switch(app, options, std::string(switch_.flag), switch_.help, loose);
  add_values(app, options, "--allow-tcb-status", "Intel: accept this TCB status, too; until a time, for a reason; repeatable")->type_name("STATUS[@UNTIL][:REASON]")->group(loose);
  add_values(app, options, "--allow-advisories", "Intel: accept a TCB that is out of date when no other advisories are open; repeatable")->type_name("ID,...")->group(loose);
  add_values(app, options, "--allow-tcb-override", "Intel: lower components of TCB levels as this file says")->type_name("FILE")->group(loose);
}

}  // namespace atls::tools
