#include "sim/policy_json.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "sim/endorsements.hpp"
#include "sim/report_build.hpp"

namespace atls::sim {

std::string matching_policy_json(const SnpOptions& options, const Identity& identity) {
  using Json = nlohmann::ordered_json;
  const snp::AttestationReport report = honest_report(options, identity);
  const std::string line(snp::product_name(options.product));
  const snp::TcbLayout layout = snp::tcb_layout(options.product);

  Json minimum;
  for (const snp::TcbComponent component : snp::kTcbComponents)
    if (const auto value = report.reported_tcb.component(component, layout))
      minimum[std::string(snp::tcb_component_name(component))] = *value;

  Json snp;
  snp["product"]["any_of"] = {line};
  snp["signer"]["any_of"] = {options.vlek ? "vlek" : "vcek"};
  snp["vmpl"] = report.vmpl;
  snp["measurement"] = hex(report.measurement);
  snp["host_data"] = hex(report.host_data);
  // A masked chip id says nothing, and is a fault that a policy without chip id tolerates.
  if (!is_zero(report.chip_id) && !has_fault(options, "chip-id-zero")) snp["chip_id"] = hex(report.chip_id);
  snp["tcb"]["reported"]["min"] = minimum;
  if (has_fault(options, "provisional-forbidden")) snp["firmware"]["provisional"] = "forbid";

  Json alternative;
  alternative["name"] = "simulated " + line;
  alternative["evidence"] = {"snp"};
  alternative["snp"] = snp;
  Json policy;
  policy["schema"] = "atls-policy/1";
  policy["name"] = "simulated " + line + " platform";
  policy["comment"] = "describes software, not hardware; its roots are trusted only with --trust-simulated";
  policy["alternatives"] = Json::array({alternative});
  return policy.dump(2) + "\n";
}

}  // namespace atls::sim
