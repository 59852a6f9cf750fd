#include "atls-serve/options.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "channel/listener.hpp"
#include "common/cli.hpp"

namespace atls::serve {
namespace {

// CLI11 would print the range into the help, where the text says it already.
// As CLI::Range, whose message would show the limits as 4.000000.
CLI::Validator between(int low, int high) {
  return CLI::Validator(
      [low, high](std::string& text) {
        double value = 0;
        const bool good = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
        return good ? std::string() : "expected a number from " + std::to_string(low) + " to " + std::to_string(high) + ", found \"" + text + "\"";
      },
      "");
}

void declare_attester(CLI::App& app, tools::AttesterOptions& attester) {
  constexpr const char* kGroup = "Attester";
  attester.spec = "sim-snp";
  app.add_option("--attester", attester.spec, std::string(tools::kAttesterHelp))->type_name("NAME")->capture_default_str()->group(kGroup);
  app.add_option("--seed", attester.seed, "Simulated platform: same text, same chip, keys and measurement on every machine [atls]")->type_name("TEXT")->group(kGroup);
  app.add_flag_callback("--vlek", [&attester] { attester.vlek = "yes"; }, "sim-snp: sign with a VLEK, chip id masked")->group(kGroup);
  app.add_option("--report-version", attester.report_version, "sim-snp: version of the report, 2 to 5 [5]")->type_name("N")->check(between(2, 5))->group(kGroup);
  app.add_option("--sim-measurement", attester.measurement, "sim-snp: MEASUREMENT of the guest, 48 bytes")->type_name("HEX")->group(kGroup);
  app.add_option("--sim-host-data", attester.host_data, "sim-snp: HOST_DATA of the guest, 32 bytes")->type_name("HEX")->group(kGroup);
  app.add_option("--quote-version", attester.quote_version, "sim-tdx: version of the quote, 4 or 5 [4]")->type_name("N")->check(between(4, 5))->group(kGroup);
}

// Last: the policy options have a --product of their own, which is not for this tool.
void declare_product(CLI::App& app, tools::AttesterOptions& attester) {
  // Here --product describes our own platform; a product is demanded of clients with --policy.
  if (CLI::Option* pin = app.get_option_no_throw("--product")) app.remove_option(pin);
  app.add_option("--product", attester.product, "sim-snp: milan, genoa or turin [milan]; of clients a product is demanded with --policy")
      ->type_name("NAME")->group("Attester");
}

void declare_faults(CLI::App& app, Options& options) {
  constexpr const char* kGroup = "Simulated platform and faults";
  app.add_option("--fault", options.attester.faults, "Deviate in this named way (repeatable; see --list-faults)")->type_name("NAME")->expected(1)->allow_extra_args(false)->take_all()->group(kGroup);
  app.add_flag("--list-faults", options.list_faults, "List the faults with the check that must fail and the exit status, and exit; with --json as JSON")->group(kGroup);
  app.add_option("--export-platform", options.export_directory,
                 "Write roots, certificates, CRLs, collateral, evidence and a matching policy to this directory; exit unless ADDR:PORT is given")->type_name("DIR")->group(kGroup);
  app.add_option("--serve-collateral", options.collateral_address,
                 "Serve the simulated KDS over HTTP there, for --kds-url; alone unless ADDR:PORT is given")->type_name("ADDR:PORT")->group(kGroup);
  app.add_flag("--json", options.json, "With --list-faults, --list-profiles or --list-checks: as JSON")->group(kGroup);
}

void declare_service(CLI::App& app, Options& options) {
  constexpr const char* kApplication = "Application side";
  app.add_flag_callback("--echo", [&options] { options.application = Application::echo; }, "Send back what comes in (default)")->group(kApplication);
  app.add_flag_callback("--http", [&options] { options.application = Application::http; }, "HTTP/1.1 status page in JSON: peer verdict, connection facts")->group(kApplication);
  app.add_option("--exec", options.exec_command, "Run CMD with /bin/sh per connection, as its stdin and stdout")->type_name("CMD")->group(kApplication);
  app.add_option("--forward", options.forward_target, "Forward each connection to a TCP service (attested reverse proxy)")->type_name("HOST:PORT")->group(kApplication);

  constexpr const char* kServer = "Server";
  app.add_option("--profile", options.profile, "Profile to serve: auto (constellation) or a name of --list-profiles")->type_name("NAME")->capture_default_str()->group(kServer);
  app.add_flag("--list-profiles", options.list_profiles, "List the profiles and exit; with --json as JSON")->group(kServer);
  app.add_flag("--tls1.2", options.tls12_only, "TLS 1.2 only")->group(kServer);
  app.add_flag("--tls1.3", options.tls13_only, "TLS 1.3 only")->group(kServer);
  app.add_option("--max-connections", options.max_connections, "Connections at once; more wait until one ends")->type_name("N")->check(between(1, 20000))->capture_default_str()->group(kServer);
  app.add_option("--max-per-address", options.max_per_address, "Of them from one address (IPv6: one /64) [a quarter of --max-connections]")->type_name("N")->check(between(1, 20000))->group(kServer);
  app.add_option("--handshake-timeout", options.handshake_timeout, "Longest wait for a client during the handshake, and for the head of a request to --http; at most 15")->type_name("SECONDS")->check(between(1, 15))->capture_default_str()->group(kServer);
  app.add_option("--idle-timeout", options.idle_timeout, "End a connection on which nothing moves for this long")->type_name("SECONDS")->check(between(1, 86400))->capture_default_str()->group(kServer);
  app.add_flag_callback("--once", [&options] { options.count = 1; }, "Serve one connection and exit with what it gave (0 well, verdict about the client, 3 no handshake)")->group(kServer);
  app.add_option("--count", options.count, "As --once after N connections; the worst counts")->type_name("N")->check(between(1, 1000000000))->group(kServer);
  const std::map<std::string, Log> logs{{"text", Log::text}, {"json", Log::json}, {"none", Log::none}};
  app.add_option("--log", options.log, "Line per connection on stderr: text, json (with the report about the client) or none [text]")->type_name("FORMAT")
      ->transform(CLI::CheckedTransformer(logs).description(""))->group(kServer);
  app.add_flag_callback("--quiet", [&options] { options.log = Log::none; }, "As --log none")->group(kServer);
}

void declare(CLI::App& app, Options& options) {
  app.add_option("address", options.address, "Where to listen; port 0 takes a free one; \":PORT\" is every interface [" + std::string(kDefaultAddress) + "]")->type_name("ADDR:PORT");
  declare_attester(app, options.attester);
  declare_service(app, options);
  declare_faults(app, options);
  app.add_flag("--verify-client", options.verify_client,
               "Demand evidence of the client and judge it by the policy options (mutual; with --attester none only the client is attested)")->group("Verification of clients");
  tools::add_policy_options(app, options.policy);
  tools::add_trust_options(app, options.trust);
  tools::add_collateral_options(app, options.collateral);
  declare_product(app, options.attester);
}

// An empty value is a mistake (an unset variable of a script), never "not given".
std::string empty_value(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    if (option->count() > 0 && option->get_type_size() > 0)
      for (const std::string& value : option->results())
        if (value.empty()) return option->get_name() + ": the value is empty";
  return {};
}

// Empty: fine.
std::string conflict(const CLI::App& app, const Options& options) {
  const auto given = [&](const char* name) { return app.count(name) > 0; };
  std::string chosen;
  for (const char* application : {"--echo", "--http", "--exec", "--forward"}) {
    if (!given(application)) continue;
    if (!chosen.empty()) return chosen + " and " + application + " exclude each other";
    chosen = application;
  }
  if (options.tls12_only && options.tls13_only) return "--tls1.2 and --tls1.3 exclude each other; without them both versions are served";
  if (given("--once") && given("--count")) return "--once and --count exclude each other";
  if (options.json && !options.list_faults && !options.list_profiles) return "--json needs --list-faults, --list-profiles or --list-checks; for connections there is --log json";
  if (options.attester.spec == "none" && !options.verify_client && options.address.size() + options.export_directory.size() + options.collateral_address.size() > 0)
    return "--attester none needs --verify-client: nobody would be attested";
  const tools::CollateralOptions& collateral = options.collateral;
  const bool collateral_options = !collateral.dirs.empty() || !collateral.cache_dir.empty() || collateral.no_cache || collateral.offline || !collateral.kds_url.empty() ||
                                  !collateral.cafile.empty() || !collateral.proxy.empty() || !collateral.crl.empty();
  const bool client_options = !options.policy.policy_file.empty() || !options.policy.given.empty() || !options.trust.anchors.empty() || options.trust.simulated || collateral_options;
  if (client_options && !options.verify_client) return "policy, trust and collateral options judge clients: they need --verify-client";
  if (!options.forward_target.empty()) {
    const auto target = channel::parse_listen_address(options.forward_target);
    if (!target || target->host.empty() || target->port == "0") return "--forward " + options.forward_target + ": expected HOST:PORT";
  }
  return {};
}

}  // namespace

Options parse(int argc, char** argv) {
  Options options;
  const auto app = tools::make_app(kTool);
  declare(*app, options);
  tools::parse_arguments(*app, argc, argv);
  if (const std::string problem = empty_value(*app); !problem.empty()) throw tools::UsageError{problem, {}};
  if (const std::string problem = conflict(*app, options); !problem.empty()) throw tools::UsageError{problem, {}};
  if (!options.exec_command.empty()) options.application = Application::exec;
  if (!options.forward_target.empty()) options.application = Application::forward;
  return options;
}

}  // namespace atls::serve
