#include "common/not_empty.hpp"
#include "common/options.hpp"

namespace atls::tools {

void add_trust_options(CLI::App& app, TrustOptions& options) {
  app.add_option("--trust-anchor", options.anchors, "Root certificate that replaces the built-in roots (PEM or DER, with the CAs below it if there are any); repeatable")
      ->type_name("FILE")->check(not_empty())->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->group("Trust");
  app.add_flag("--trust-simulated", options.simulated, "Trust the simulated platform of atls-serve, whose keys are public: for tests and teaching")->group("Trust");
}

}  // namespace atls::tools
