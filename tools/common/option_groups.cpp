// The shared options as CLI11 declarations.
#include "collateral/export.hpp"
#include "common/cli.hpp"

namespace atls::tools {

TextFlags add_text_options(CLI::App& app, OutputOptions& options) {
  app.add_option("--color", options.color, "Colour in text output: auto, always or never; auto honours NO_COLOR")
      ->type_name("WHEN")->check(CLI::IsMember({"auto", "always", "never"}).description(""))->capture_default_str()->group("Output");
  CLI::Option* brief = app.add_flag("--brief", options.brief, "Less text: the answer and what it depends on")->group("Output");
  CLI::Option* verbose = app.add_flag("--verbose", options.verbose, "More text: everything with its document, byte strings in full")->group("Output");
  brief->excludes(verbose);
  return {brief, verbose};
}

void add_output_options(CLI::App& app, OutputOptions& options) {
  const auto format = [&](const char* flag, const char* name, const char* help) {
    return app.add_flag_callback(flag, [&options, name] { options.format = name; }, help)->group("Output");
  };
  CLI::Option* json = format("--json", "json", "Report as JSON (schema atls-report/1); an array for several inputs");
  CLI::Option* jsonl = format("--jsonl", "jsonl", "Report as JSON lines: one object a line and input");
  CLI::Option* junit = format("--junit", "junit", "Report as JUnit XML: one test case per check");
  jsonl->excludes(json);
  junit->excludes(json)->excludes(jsonl);
  app.add_option("--report", options.report_file, "Write the report to FILE instead of standard output")->type_name("FILE")->check(not_empty())->group("Output");
  const TextFlags text = add_text_options(app, options);
  CLI::Option* quiet = app.add_flag("--quiet", options.quiet, "No text report at all; errors still go to standard error")->group("Output");
  quiet->excludes(text.brief)->excludes(text.verbose);
}

void add_trust_options(CLI::App& app, TrustOptions& options) {
  app.add_option("--trust-anchor", options.anchors, "Root certificate that replaces the built-in roots (PEM or DER, with the CAs below it if there are any); repeatable")
      ->type_name("FILE")->check(not_empty())->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->group("Trust");
  app.add_flag("--trust-simulated", options.simulated, "Trust the simulated platform of atls-serve, whose keys are public: for tests and teaching")->group("Trust");
}

void add_collateral_options(CLI::App& app, CollateralOptions& options) {
  const char* group = "Collateral";
  app.add_option("--collateral-dir", options.dirs, "Directory or file with certificates, CRLs and Intel's signed documents; repeatable")
      ->type_name("PATH")->check(not_empty())->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->group(group);
  CLI::Option* cache = app.add_option("--cache-dir", options.cache_dir, "Cache; default: $XDG_CACHE_HOME/atls")->type_name("DIR")->check(not_empty())->group(group);
  app.add_flag("--no-cache", options.no_cache, "Neither read nor fill the cache")->excludes(cache)->group(group);
  CLI::Option* kds = app.add_option("--kds-url", options.kds_url, "Key distribution service; default: https://kdsintf.amd.com")->type_name("URL")->check(not_empty())->group(group);
  CLI::Option* pcs = app.add_option("--pcs-url", options.pcs_url, "Intel's certification service or a PCCS; default: https://api.trustedservices.intel.com")->type_name("URL")->check(not_empty())->group(group);
  app.add_option("--pcs-update", options.pcs_update, "Which TCB evaluation data to ask Intel's service for: early or standard; default: the service decides")
      ->type_name("WHEN")->check(CLI::IsMember({"early", "standard"}).description(""))->group(group);
  CLI::Option* cafile = app.add_option("--collateral-cafile", options.cafile, "Certificates that the TLS server of the service must chain to")->type_name("FILE")->check(not_empty())->group(group);
  CLI::Option* proxy = app.add_option("--collateral-proxy", options.proxy, "Proxy for collateral; default: the environment, as curl reads it")->type_name("URL")->check(not_empty())->group(group);
  app.add_flag("--offline", options.offline, "Never ask the network for collateral")->excludes(kds)->excludes(pcs)->excludes(cafile)->excludes(proxy)->group(group);
  app.add_option("--crl", options.crl, "Revocation lists: require (default), if-available or off; the last two loosen")
      ->type_name("MODE")->check(CLI::IsMember({"require", "if-available", "off"}).description(""))->group(group);
}

void add_evidence_options(CLI::App& app, EvidenceOptions& options) {
  app.add_option("--event-log", options.event_log, "Event log of the TDX guest: a CCEL log (/sys/firmware/acpi/tables/data/CCEL) or the JSON log of dstack; it is replayed into the RTMRs")
      ->type_name("FILE")->check(not_empty())->group("Evidence");
}

void add_export_options(CLI::App& app, ExportOptions& options) {
  CLI::Option* path = app.add_option("--save-collateral", options.path, "Write the Intel collateral that was used to PATH, for other programs")->type_name("PATH")->check(not_empty())->group("Collateral");
  app.add_option("--collateral-format", options.format, "Form of --save-collateral: " + std::string(kExportForms))
      ->type_name("FORM")->check(CLI::IsMember({"dcap-qvl", "intel-dir", "go-getter"}).description(""))->capture_default_str()->needs(path)->group("Collateral");
}

void add_time_options(CLI::App& app, TimeOptions& options) {
  app.add_option("--at", options.at, "Judge as of TIME (RFC 3339, or YYYY-MM-DD); default: now")->type_name("TIME")->check(not_empty())->group("Time");
}

}  // namespace atls::tools
