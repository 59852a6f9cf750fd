#include "atls-verify/options.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "common/app.hpp"
#include "common/cli.hpp"
#include "profile/registry.hpp"

namespace atls::verify {
namespace {

const std::string kKinds = "certificate, crl, snp-report, snp-extended, cert-table, hcl, thim, bundle, document, directory";
constexpr std::size_t kMaxNonce = 1024;   // the limit of bundles

std::string profile_names() {
  std::string out = "auto";
  for (const profile::Profile& p : profile::profiles()) out += ", " + std::string(p.id);
  return out;
}

// A whole number and a unit.
std::optional<std::chrono::seconds> span_of(const std::string& text) {
  struct Unit { char letter; long seconds; };
  if (text.size() < 2 || text.size() > 9) return {};   // keeps the product in range
  long number = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return {};
    number = number * 10 + (c - '0');
  }
  for (const Unit& unit : {Unit{'s', 1}, Unit{'m', 60}, Unit{'h', 3600}, Unit{'d', 86'400}, Unit{'w', 604'800}})
    if (text.back() == unit.letter) return std::chrono::seconds{number * unit.seconds};
  return {};
}

constexpr std::string_view kWithExpiry[] = {"--collateral-expiry", "--within", "--at", "--json", "--report"};

void declare(CLI::App& app, Options& options) {
  const char* input = "Input";
  app.add_option("FILE", options.files, "Certificate, evidence, bundle, or directory of evidence; - is standard input")->type_name("")->group(input);
  app.add_flag("--stdin-jsonl", options.stdin_jsonl, "Read inputs from standard input, one JSON object a line: name, data (base64), nonce (hex), as")->group(input);
  app.add_option("--nonce", options.nonce_hex, "Nonce that the certificate was requested with; a bundle has its own")->type_name("HEX")->check(tools::not_empty())->group(input);
  app.add_option("--profile", options.profile, "Profile of a certificate: " + profile_names())->type_name("NAME")->check(tools::not_empty())->capture_default_str()->group(input);
  app.add_option("--as", options.as, "Read every input as KIND instead of guessing: " + kKinds)
      ->type_name("KIND")->check(tools::not_empty())->group(input);
  app.add_option("-j,--jobs", options.jobs, "Judge up to N inputs at once; reports stay in the order of the inputs")->type_name("N")->check(CLI::Range(1U, 256U).description(""))->capture_default_str()->group(input);
  app.add_flag_callback("--print-policy-schema", [] { throw tools::Printed{policy::policy_schema_json()}; }, "Print the JSON Schema of policy files and exit")->group("General");
  tools::add_evidence_options(app, options.evidence);
  tools::add_policy_options(app, options.policy);
  tools::add_trust_options(app, options.trust);
  tools::add_collateral_options(app, options.collateral);
  tools::add_export_options(app, options.save);
  CLI::Option* expiry = app.add_option("--collateral-expiry", options.expiry, "Judge nothing; list when the collateral in a directory, file or bundle expires")->type_name("PATH")->check(tools::not_empty())->group("Collateral");
  app.add_option("--within", options.within, "With --collateral-expiry: what expires within this span counts, too; a number and s, m, h, d or w")
      ->type_name("SPAN")->check(tools::not_empty())->capture_default_str()->needs(expiry)->group("Collateral");
  app.final_callback([&app, expiry] {   // what would be ignored is a mistake; the other callback is taken by make_app
    if (expiry->count() == 0) return;
    for (const CLI::Option* option : app.get_options())
      if (option->count() > 0 && std::find(std::begin(kWithExpiry), std::end(kWithExpiry), option->get_name()) == std::end(kWithExpiry))
        throw tools::UsageError{"--collateral-expiry excludes " + option->get_name(), "it judges no evidence; allowed with it are --within, --at, --json and --report"};
  });
  tools::add_time_options(app, options.time);
  tools::add_output_options(app, options.output);
}

void check_values(Options& options) {
  if (!options.expiry.empty()) {
    const auto span = span_of(options.within);
    if (!span) throw tools::UsageError{"--within: \"" + options.within + "\" is not a span", "write a number and s, m, h, d or w: 7d"};
    options.within_span = *span;
    return;
  }
  if (!options.save.path.empty() && (options.stdin_jsonl || options.files.size() != 1)) throw tools::UsageError{"--save-collateral needs exactly one FILE", "the collateral of several verdicts does not fit one bundle"};
  if (options.stdin_jsonl && !options.files.empty()) throw tools::UsageError{"--stdin-jsonl excludes FILE arguments", {}};
  if (!options.stdin_jsonl && options.files.empty()) throw tools::UsageError{"no input: name a FILE, or - for standard input", {}};
  const auto standard = std::count(options.files.begin(), options.files.end(), "-");
  if (standard > 1) throw tools::UsageError{"standard input (-) is named more than once", {}};
  if (options.policy.policy_file == "-" && (standard > 0 || options.stdin_jsonl)) throw tools::UsageError{"--policy - excludes reading inputs from standard input", {}};
  if (std::find(options.files.begin(), options.files.end(), "") != options.files.end()) throw tools::UsageError{"a FILE argument is empty", {}};
  if (!profile::find_profile(options.profile)) throw tools::UsageError{"--profile: " + options.profile + " is not known; known: " + profile_names(), {}};
  if (!options.nonce_hex.empty()) {
    auto nonce = from_hex(options.nonce_hex);
    if (!nonce) throw tools::UsageError{"--nonce: " + nonce.error().detail, "a nonce is written in hex; the report of atls-connect shows it under freshness"};
    if (nonce->size() > kMaxNonce) throw tools::UsageError{"--nonce: longer than " + std::to_string(kMaxNonce) + " bytes", {}};
    options.nonce = std::move(*nonce);
  }
  if (!options.as.empty()) {
    options.kind = evidence::input_kind_from(options.as);
    if (!options.kind) {
      std::vector<std::string> names;
      for (int k = 0; k <= static_cast<int>(evidence::InputKind::directory); ++k) names.emplace_back(evidence::input_kind_name(static_cast<evidence::InputKind>(k)));
      const std::string near = tools::closest(options.as, names);
      throw tools::UsageError{"--as: " + options.as + " is not a kind of input", near.empty() ? "kinds are " + kKinds : "did you mean " + near + "?"};
    }
  }
}

}  // namespace

Options parse(int argc, char** argv) {
  Options options;
  const auto app = tools::make_app(kTool);
  declare(*app, options);
  tools::parse_arguments(*app, argc, argv);
  check_values(options);
  return options;
}

}  // namespace atls::verify
