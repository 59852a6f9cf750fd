#include "common/not_empty.hpp"
#include "common/options.hpp"

namespace atls::tools {

void add_time_options(CLI::App& app, TimeOptions& options) {
  app.add_option("--at", options.at, "Judge as of TIME (RFC 3339, or YYYY-MM-DD); default: now")->type_name("TIME")->check(not_empty())->group("Time");
}

}  // namespace atls::tools
