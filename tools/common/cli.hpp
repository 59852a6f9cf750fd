// The command line in CLI11's terms. CLI11 takes seconds to compile, so this header is for the few files that declare options; what
// the options say is in structs (common/options.hpp) that know nothing of it.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "common/options.hpp"

namespace atls::tools {

// Common --help/--version/--list-checks wiring; CLI::App configured with the example as footer.
std::unique_ptr<CLI::App> make_app(const ToolInfo& tool);
// app.parse; what CLI11 objects to becomes a UsageError.
void parse_arguments(CLI::App& app, int argc, const char* const* argv);

// An option with an empty value is a mistake (an unset variable of a script), never "use the default".
inline CLI::Validator not_empty() {
  return CLI::Validator([](std::string& text) { return text.empty() ? std::string("the value is empty") : std::string(); }, "", "not empty");
}

void add_output_options(CLI::App& app, OutputOptions& options);
// The part of it that concerns text: --color --brief --verbose.
struct TextFlags { CLI::Option *brief, *verbose; };
TextFlags add_text_options(CLI::App& app, OutputOptions& options);
void add_policy_options(CLI::App& app, PolicyOptions& options);
void add_trust_options(CLI::App& app, TrustOptions& options);
void add_collateral_options(CLI::App& app, CollateralOptions& options);
void add_evidence_options(CLI::App& app, EvidenceOptions& options);
void add_export_options(CLI::App& app, ExportOptions& options);
void add_time_options(CLI::App& app, TimeOptions& options);

}  // namespace atls::tools
