#include "atls-dump/options.hpp"

#include <algorithm>

#include "common/app.hpp"
#include "common/cli.hpp"

namespace atls::dump {
namespace {

std::vector<std::string> kind_names() {
  using enum evidence::InputKind;
  std::vector<std::string> out;
  for (const evidence::InputKind kind : {certificate, crl, snp_report, snp_extended, cert_table, hcl, thim_json, bundle, document, directory,
                                          sgx_quote, tdx_quote, td_report, tcb_info, qe_identity, event_log, ccel_table})
    out.emplace_back(evidence::input_kind_name(kind));
  return out;
}

std::string kind_list() {
  std::string out;
  for (const std::string& name : kind_names()) out += name + "\n";
  return out;
}

evidence::InputKind kind_from(const std::string& name) {
  const auto kind = evidence::input_kind_from(name);
  if (kind && *kind != evidence::InputKind::unknown) return *kind;
  const std::string near = tools::closest(name, kind_names());
  throw tools::UsageError{"--as: no input kind is named " + name, near.empty() ? "see atls-dump --list-kinds" : "did you mean " + near + "?"};
}

}  // namespace

Options parse(int argc, char** argv) {
  Options options;
  std::string as, extract;
  const auto app = tools::make_app(kTool);
  app->add_flag_callback("--list-kinds", [] { throw tools::Printed{kind_list()}; }, "List the kinds of input that --as takes, and exit")->group("General");
  app->add_option("FILE", options.files, "Files or directories; - is standard input")->required()->type_name("");
  CLI::Option* as_option = app->add_option("--as", as, "Decode as KIND instead of detecting it from the content (see --list-kinds)")->type_name("KIND")->group("Input");
  CLI::Option* json = app->add_flag("--json", options.json, "Claims as JSON (schema atls-report/1, verdict null); an array for several inputs")->group("Output");
  CLI::Option* hex = app->add_flag("--hex", options.hex, "Add the bytes, each field with its offset and name")->group("Output");
  CLI::Option* path = app->add_option("--extract", extract, "Write the original bytes of one claim, named by its path: report.measurement, certificate[1]")
                          ->type_name("PATH")->group("Output");
  app->add_option("-o,--output", options.output, "With --extract: write to FILE instead of standard output; - insists on it")->type_name("FILE")->check(tools::not_empty())->needs(path)->group("Output");
  json->excludes(hex);
  path->excludes(json)->excludes(hex);
  tools::add_text_options(*app, options.text);
  tools::parse_arguments(*app, argc, argv);

  if (as_option->count() > 0) options.as = kind_from(as);
  if (path->count() > 0) options.extract = extract;
  if (options.extract && options.files.size() != 1) throw tools::UsageError{"--extract takes one FILE, " + std::to_string(options.files.size()) + " given", {}};
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) throw tools::UsageError{"standard input can be read once, - is given twice", {}};
  return options;
}

}  // namespace atls::dump
