#include "atls-connect/options.hpp"

#include <algorithm>
#include <array>

#include "base/hex.hpp"
#include "common/cli.hpp"
#include "constellation/document.hpp"
#include "profile/constellation.hpp"
#include "sim/faults.hpp"

namespace atls::connect {
namespace {

using tools::UsageError;

void declare_connection(CLI::App& app, Options& o) {
  constexpr const char* kGroup = "Connection";
  app.add_flag("-4", o.v4, "IPv4 only")->group(kGroup);
  app.add_flag("-6", o.v6, "IPv6 only")->group(kGroup);
  app.add_option("--connect-timeout", o.connect_timeout, "Limit of the TCP connection, and of the proxy's answer")
      ->type_name("SECONDS")->check(CLI::Range(0.1, 3600.0).description(""))->capture_default_str()->group(kGroup);
  app.add_option("--timeout", o.timeout, "Limit of the whole set-up (name, TCP, TLS; TLS alone at most 15), and of each silence of an HTTP response")
      ->type_name("SECONDS")->check(CLI::Range(0.1, 3600.0).description(""))->capture_default_str()->group(kGroup);
  app.add_option("--proxy", o.proxy, "Connect through an HTTP proxy (CONNECT); the environment is not read")->type_name("http://[USER:PASSWORD@]HOST:PORT")->group(kGroup);

  constexpr const char* kTls = "TLS";
  app.add_option("--profile", o.profile, "Profile of attested TLS: auto or a name of --list-profiles; auto means constellation")
      ->type_name("NAME")->capture_default_str()->group(kTls);
  app.add_flag("--list-profiles", o.list_profiles, "List the profiles and exit; with --json as JSON")->group(kTls);
  app.add_option("--alpn", o.alpn, "Application protocols to offer, comma separated, or none [http/1.1,h2]")->type_name("LIST")->group(kTls);
  app.add_flag("--tls1.2", o.tls12, "TLS 1.2 only")->group(kTls);
  app.add_flag("--tls1.3", o.tls13, "TLS 1.3 only")->group(kTls);
  app.add_option("--ciphers", o.ciphers, "Ciphers to offer, colon separated, names of TLS 1.2 and 1.3 mixed")->type_name("LIST")->group(kTls);
  app.add_option("--groups", o.groups, "Key exchange groups to offer, colon separated")->type_name("LIST")->group(kTls);
  app.add_option("--keylog", o.keylog, "Append the TLS secrets to FILE, for Wireshark: who reads it can read the connection")->type_name("FILE")->group(kTls);
  app.add_flag("--showcerts", o.show_certificates, "Print the certificates of the server in PEM")->group(kTls);
  // Habits of other clients that cannot apply here: refused with the reason, never ignored.
  for (const char* name : {"--servername", "--cafile", "--capath", "--cert", "--key"})
    app.add_option(name, "")->expected(0, 1)->group("");
}

void declare_attestation(CLI::App& app, Options& o) {
  constexpr const char* kGroup = "Attestation";
  app.add_option("--nonce", o.nonce, "Use this nonce of 32 bytes instead of a fresh one; the evidence is then not fresh (exit 6 without --allow-not-fresh)")
      ->type_name("HEX")->group(kGroup);
  app.add_option("--attest-as", o.attest_as.spec, "Present evidence of our own when the server asks: " + std::string(tools::kAttesterHelp))
      ->type_name("ATTESTER")->group(kGroup);
  app.add_option("--fault", o.attest_as.faults, "Deviate in the evidence of our own, to test a verifying server: no-evidence, stale-nonce, foreign-key, rsa-1024-key, or a fault "
                                                "of the simulated platform (repeatable; atls-serve --list-faults)")
      ->type_name("NAME")->expected(1)->allow_extra_args(false)->take_all()->group(kGroup);
  app.add_flag("--allow-unattested-server", o.allow_unattested_server, "Where only we attest: accept a server without evidence; exit 0 needs --any-measurement and --binding-min none as well")->group(kGroup);
}

void declare_exchange(CLI::App& app, Options& o) {
  constexpr const char* kGroup = "After a good verdict";
  app.add_flag("--pipe", o.pipe, "Connect standard input and output to the server")->group(kGroup);
  app.add_option("--http-get", o.http_get, "GET this path over HTTP/1.1; the body goes to standard output or -o")->type_name("PATH")->group(kGroup);
  app.add_option("-o,--output", o.output, "File for the body of --http-get")->type_name("FILE")->group(kGroup);
  app.add_flag("--http-fail", o.http_fail, "HTTP status 400 and above: no body, exit 9")->group(kGroup);
  app.add_option("--listen", o.listen, "Plaintext port on this side; each connection to it is forwarded over its own freshly attested connection; port 0 takes a free one")
      ->type_name("ADDR:PORT")->group(kGroup);

  constexpr const char* kSave = "Saving and measuring";
  app.add_option("--save-bundle", o.save_bundle, "Save the handshake with everything needed to verify it offline, whatever the verdict")->type_name("FILE")->group(kSave);
  app.add_option("--save-cert", o.save_cert, "Save the certificates of the server in PEM, whatever the verdict")->type_name("FILE")->group(kSave);
  tools::add_export_options(app, o.save_collateral);
  app.add_option("--save-evidence", o.save_evidence, "Save the evidence, as the hardware signed it, whatever the verdict")->type_name("FILE")->group(kSave);
  app.add_option("--repeat", o.repeat, "Connect N times; then times, and whether key and evidence changed (text: on standard error with other formats)")
      ->type_name("N")->check(CLI::Range(1u, 100'000u).description(""))->capture_default_str()->group(kSave);
}

void refuse_foreign_habits(const CLI::App& app) {
  const auto refuse = [&](const char* name, const char* why, const char* hint) {
    if (app.count(name) > 0) throw UsageError{std::string(name) + " cannot be used with profile constellation: " + why, hint};
  };
  refuse("--servername", "the server name carries the nonce", "give a fixed nonce with --nonce");
  const char* self_signed = "its leaf certificates are self-signed, there is no CA chain to check";
  refuse("--cafile", self_signed, "trust comes from the evidence; see --trust-anchor");
  refuse("--capath", self_signed, "trust comes from the evidence; see --trust-anchor");
  const char* fresh_key = "the client certificate is made for each handshake, with evidence over the server's nonce";
  refuse("--cert", fresh_key, "present evidence with --attest-as");
  refuse("--key", fresh_key, "present evidence with --attest-as");
}

void check_faults(const Options& o) {
  if (o.attest_as.faults.empty()) return;
  if (o.attest_as.spec.empty() || o.attest_as.spec == "none") throw UsageError{"--fault changes the evidence of our own: it needs --attest-as", {}};
  for (const std::string& name : o.attest_as.faults) {
    const sim::Fault* fault = sim::find_fault(name);
    if (fault == nullptr) throw UsageError{"unknown fault " + name, "atls-serve --list-faults shows them all"};
    const bool of_evidence = fault->layer != sim::FaultLayer::handshake;
    if (!fault->client && !(of_evidence && fault->in_handshake)) throw UsageError{"--fault " + name + " is not a fault of clients", "clients have no-evidence, stale-nonce, foreign-key, rsa-1024-key and the faults of evidence and its certificates"};
  }
}

void check_paths(const CLI::App& app, const Options& o) {
  for (const char* name : {"--http-get", "--output", "--listen", "--save-bundle", "--save-cert", "--save-evidence", "--save-collateral", "--keylog", "--proxy", "--alpn", "--ciphers", "--groups", "--nonce", "--attest-as"})
    if (app.count(name) > 0 && app.get_option(name)->as<std::string>().empty()) throw UsageError{std::string(name) + " is empty", {}};
  if (o.http_get.empty()) return;
  const bool printable = std::all_of(o.http_get.begin(), o.http_get.end(), [](unsigned char c) { return c > ' ' && c < 0x7F; });
  if (o.http_get[0] != '/' || !printable) throw UsageError{"--http-get " + o.http_get + ": expected a path that begins with / and has neither spaces nor control characters", "percent-encode them"};
}

void declare(CLI::App& app, Options& o) {
  app.add_option("target", o.target, "Server to connect to")->type_name("HOST:PORT");
  declare_connection(app, o);
  declare_attestation(app, o);
  declare_exchange(app, o);
  tools::add_evidence_options(app, o.evidence);
  tools::add_policy_options(app, o.policy);
  tools::add_trust_options(app, o.trust);
  tools::add_collateral_options(app, o.collateral);
  tools::add_time_options(app, o.time);
  tools::add_output_options(app, o.report);
}

void check_combinations(const CLI::App& app, const Options& o) {
  const auto given = [&](const char* name) { return app.count(name) > 0; };
  const auto exclude = [&](const char* a, const char* b) {
    if (given(a) && given(b)) throw UsageError{std::string(a) + " and " + b + " exclude each other", {}};
  };
  const auto need = [&](const char* a, const char* b) {
    if (given(a) && !given(b)) throw UsageError{std::string(a) + " needs " + b, {}};
  };
  if (o.list_profiles) return;
  if (o.target.empty()) throw UsageError{"no target: expected HOST:PORT", {}};
  refuse_foreign_habits(app);
  exclude("-4", "-6");
  exclude("--tls1.2", "--tls1.3");
  exclude("--pipe", "--http-get");
  exclude("--pipe", "--listen");
  exclude("--http-get", "--listen");
  need("--output", "--http-get");
  need("--http-fail", "--http-get");
  for (const char* exchange : {"--pipe", "--http-get", "--listen"}) exclude("--repeat", exchange);
  // A forwarder has one verdict per connection and no end: what speaks of one report cannot apply.
  for (const char* single : {"--json", "--jsonl", "--junit", "--report", "--save-bundle", "--save-cert", "--save-evidence", "--save-collateral", "--showcerts", "--nonce", "--at"}) exclude("--listen", single);
  need("--allow-unattested-server", "--attest-as");
  check_faults(o);
  check_paths(app, o);
}

}  // namespace

Options parse(int argc, char** argv) {
  Options options;
  const auto app = tools::make_app(kTool);
  declare(*app, options);
  tools::parse_arguments(*app, argc, argv);
  check_combinations(*app, options);
  return options;
}

Result<channel::ClientOptions> client_options(const Options& o) {
  channel::ClientOptions out;
  auto target = channel::parse_target(o.target);
  if (!target) return target.error();
  out.target = *std::move(target);
  if (!o.proxy.empty()) {
    auto proxy = channel::parse_proxy(o.proxy);
    if (!proxy) return proxy.error();
    out.proxy = *std::move(proxy);
  }
  out.family = o.v4 ? channel::Family::v4 : o.v6 ? channel::Family::v6 : channel::Family::any;
  out.connect_timeout = std::chrono::milliseconds(static_cast<long>(o.connect_timeout * 1000));
  out.total_timeout = std::chrono::milliseconds(static_cast<long>(o.timeout * 1000));
  if (o.tls12) out.max_version = TLS1_2_VERSION;
  if (o.tls13) out.min_version = TLS1_3_VERSION;
  out.ciphers = o.ciphers;
  out.groups = o.groups;
  out.keylog_file = o.keylog;
  if (o.alpn.empty()) out.alpn.assign(std::begin(profile::constellation::kAlpn), std::end(profile::constellation::kAlpn));
  for (std::size_t at = 0; !o.alpn.empty() && o.alpn != "none" && at <= o.alpn.size();) {
    const std::size_t end = std::min(o.alpn.find(',', at), o.alpn.size());
    out.alpn.push_back(o.alpn.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace atls::connect
