#include "common/app.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "collateral/http.hpp"
#include "common/cli.hpp"
#include "crypto/loaded.hpp"
#include "report/check.hpp"
#include "report/text_layout.hpp"

namespace atls::tools {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  return out;
}

void refuse_extras(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining();
  if (extras.empty()) return;
  const auto option = std::find_if(extras.begin(), extras.end(), [](const std::string& e) { return e.size() > 1 && e[0] == '-'; });
  if (option == extras.end()) throw UsageError{"unexpected argument " + extras.front(), {}};
  const std::string name = option->substr(0, option->find('='));
  const std::string near = closest(name, option_names(app));
  throw UsageError{"unknown option " + name, near.empty() ? std::string{} : "did you mean " + near + "?"};
}

// CLI11's help without its shorthand for conflicts, and with descriptions broken at words. Validators have an empty description:
// CLI11 would append it to the name of the value.
class Help : public CLI::Formatter {
  static constexpr std::size_t kColumn = 34, kWidth = 110;

 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string out;
    if (!option->get_positional() && !option->get_type_name().empty() && option->get_type_size() != 0) out += " " + option->get_type_name();
    if (option->get_items_expected_max() == CLI::detail::expected_max_vector_size && option->get_positional()) out += " ...";
    return out;
  }

  // A positional is shown as what it is, HOST:PORT, which no name of an option may be.
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return is_positional && !option->get_type_name().empty() ? option->get_type_name() : CLI::Formatter::make_option_name(option, is_positional);
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    std::string out = option->get_description();
    if (!option->get_default_str().empty()) out += " [" + option->get_default_str() + "]";
    return out;
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    std::string left = "  " + make_option_name(option, is_positional) + make_option_opts(option);
    std::string out = left;
    std::size_t column = left.size();
    if (column + 2 > kColumn) {
      out += '\n';
      column = 0;
    }
    for (const std::string& line : text::wrapped(make_option_desc(option), kWidth - kColumn)) {
      out += std::string(kColumn - column, ' ') + line + '\n';
      column = 0;
    }
    return out;
  }
};

std::string help_text(const CLI::App& app) {
  std::string out = app.help();
  for (std::size_t at; (at = out.find("\n\n\n")) != std::string::npos;) out.erase(at, 1);
  return out;
}

}  // namespace

std::string plain_message(std::string_view cli_message) {
  std::string out(cli_message.substr(0, cli_message.find('\n')));
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  if (out.size() > 1 && out[0] >= 'A' && out[0] <= 'Z' && out[1] >= 'a' && out[1] <= 'z') out[0] = static_cast<char>(out[0] - 'A' + 'a');
  return out;
}

std::string closest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    std::size_t distance = edit_distance(word, candidate);
    if (word.size() > 4 && candidate.starts_with(word)) distance = std::min<std::size_t>(distance, 2);   // an abbreviation
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string checks_list() {
  std::size_t width = 0;
  for (const CheckSpec* spec : all_checks()) width = std::max(width, spec->id.size());
  std::string out;
  std::string_view area;
  for (const CheckSpec* spec : all_checks()) {
    if (spec->area != area) out += (area.empty() ? "" : "\n") + std::string(spec->area) + "\n";
    area = spec->area;
    out += "  " + std::string(spec->id) + std::string(width - spec->id.size() + 2, ' ') + std::to_string(static_cast<int>(spec->on_fail)) + "  " +
           std::string(spec->title) + "\n";
  }
  return out;
}

std::string checks_json() {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const CheckSpec* spec : all_checks())
    all.push_back({{"id", spec->id}, {"title", spec->title}, {"reference", spec->reference}, {"area", spec->area}, {"exit_code", static_cast<int>(spec->on_fail)}});
  return all.dump(2) + "\n";
}

void parse_arguments(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    throw UsageError{plain_message(e.what()), {}};
  }
}

std::unique_ptr<CLI::App> make_app(const ToolInfo& tool) {
  auto app = std::make_unique<CLI::App>(std::string(tool.summary), std::string(tool.name));
  CLI::App* raw = app.get();
  app->set_help_flag();
  app->add_flag_callback("-h,--help", [raw] { throw Printed{help_text(*raw)}; }, "Show this help and exit")->group("General");
  app->add_flag_callback("--version", [name = std::string(tool.name)] { throw Printed{name + " " + ATLS_VERSION + "\n" + crypto::loaded_openssl() + "\n" + loaded_libcurl() + "\n"}; },
                         "Show the version, and those of the OpenSSL and libcurl that are loaded, and exit")->group("General");
  app->add_flag_callback("--list-checks", [raw] {
                           const CLI::Option* json = raw->get_option_no_throw("--json");   // callbacks run when everything is parsed
                           throw Printed{json && json->count() > 0 ? checks_json() : checks_list()};
                         },
                         "List every check with its id, the exit status of its failure and what it proves, and exit; with --json as JSON")->group("General");
  app->footer("Example:\n  " + std::string(tool.example));
  app->formatter(std::make_shared<Help>());
  app->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  // Unknown arguments are collected and refused here, where the nearest option can be named.
  app->allow_extras();
  app->parse_complete_callback([raw] { refuse_extras(*raw); });
  return app;
}

}  // namespace atls::tools
