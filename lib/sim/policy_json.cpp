#include "sim/policy_json.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/writer.hpp"
#include "sim/endorsements.hpp"
#include "sim/faults.hpp"
#include "sim/intel_collateral.hpp"
#include "sim/intel_quote.hpp"
#include "sim/intel_quote_faults.hpp"
#include "sim/report_build.hpp"

namespace atls::sim {
namespace {

using Json = nlohmann::ordered_json;

// `name`: "simulated Milan".
std::string policy_text(const std::string& name, const char* section, Json constraints) {
  Json alternative;
  alternative["name"] = name;
  alternative["evidence"] = {section};
  alternative[section] = std::move(constraints);
  Json policy;
  policy["schema"] = "atls-policy/1";
  policy["name"] = name + " platform";
  policy["comment"] = "describes software, not hardware; its roots are trusted only with --trust-simulated";
  policy["alternatives"] = Json::array({alternative});
  return policy.dump(2) + "\n";
}

// What a fault that a verifier tolerates changes, too.
std::uint64_t accepted_attributes(const IntelOptions& options, const intel::TdReport& td) {
  intel::Quote quote;
  quote.body = td;
  for (const QuoteFault& fault : quote_faults())
    if (fault.fields != nullptr && has_fault(options, fault.name) && find_fault(fault.name)->accept) fault.fields(quote);
  return std::get<intel::TdReport>(quote.body).td_attributes;
}

Json td_constraints(const IntelOptions& options, const intel::TdReport& td) {
  Json out;
  out["mr_td"] = hex(td.mr_td);
  for (std::size_t i = 0; i < td.rtmr.size(); ++i) out["rtmr"][std::to_string(i)] = hex(td.rtmr[i]);
  out["mr_config_id"] = hex(td.mr_config_id);
  out["mr_owner"] = hex(td.mr_owner);
  out["mr_owner_config"] = hex(td.mr_owner_config);
  out["mr_seam"] = hex(td.mr_seam);
  out["td_attributes"] = hex(Writer().u64le(accepted_attributes(options, td)).take());
  out["xfam"] = hex(Writer().u64le(td.xfam).take());
  out["tee_tcb_svn"]["min_bytes"] = hex(td.tee_tcb_svn);
  return out;
}

Json enclave_constraints(const intel::SgxReport& enclave) {
  Json out;
  out["mr_enclave"] = hex(enclave.mr_enclave);
  out["mr_signer"] = hex(enclave.mr_signer);
  out["isv_prod_id"] = enclave.isv_prod_id;
  out["isv_svn"]["min"] = enclave.isv_svn;
  out["attributes"] = hex(enclave.attributes);
  out["misc_select"] = hex(Writer().u32le(enclave.misc_select).take());
  return out;
}

}  // namespace

std::string matching_policy_json(const IntelOptions& options, const IntelIdentity& identity) {
  const intel::Quote quote = honest_quote(options, identity);
  Json out = quote.is_tdx() ? td_constraints(options, std::get<intel::TdReport>(quote.body)) : enclave_constraints(std::get<intel::SgxReport>(quote.body));
  out["fmspc"]["any_of"] = {hex(identity.pck.fmspc)};
  out["pce_id"] = hex(identity.pck.pce_id);
  out["ppid"]["any_of"] = {hex(identity.pck.ppid)};
  if (identity.pck.platform_instance_id) out["piid"]["any_of"] = {hex(*identity.pck.platform_instance_id)};
  out["qe_vendor_id"] = hex(intel::kVendorId);
  if (has_fault(options, "tcb-eval-number-old")) out["tcb_eval_number"]["min"] = kEvaluationNumber;
  return policy_text(options.sgx ? "simulated SGX" : "simulated TDX", options.sgx ? "sgx" : "tdx", std::move(out));
}

std::string matching_policy_json(const SnpOptions& options, const Identity& identity) {
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
  return policy_text("simulated " + line, "snp", std::move(snp));
}

}  // namespace atls::sim
