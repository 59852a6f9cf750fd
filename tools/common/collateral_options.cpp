#include "common/not_empty.hpp"
#include "common/options.hpp"

namespace atls::tools {
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

}  // namespace atls::tools
