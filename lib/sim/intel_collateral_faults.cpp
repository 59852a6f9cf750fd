#include "sim/intel_collateral_faults.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "sim/intel_quote_faults.hpp"

namespace atls::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kEarlyEndText = "2024-07-01T00:00:00Z";
constexpr const char* kLateBeginText = "2048-01-01T00:00:00Z";
constexpr unsigned kOutOfReach = 200;                       // no component of the simulated platform is as new
constexpr const char* kModule = "TDX_01";                   // the identity of the module that runs

// A status of the level that platform, module or QE reaches. A level that is not up to date says why.
struct StatusFault { const char* name; const char* status; const char* advisory = nullptr; };
constexpr StatusFault kPlatform[] = {
    {"platform-sw-hardening-needed", "SWHardeningNeeded", "INTEL-SA-00615"},
    {"platform-configuration-needed", "ConfigurationNeeded", "INTEL-SA-00219"},
    {"platform-configuration-and-sw-hardening-needed", "ConfigurationAndSWHardeningNeeded", "INTEL-SA-00289"},
    {"platform-out-of-date", "OutOfDate", "INTEL-SA-01103"},
    {"platform-out-of-date-configuration-needed", "OutOfDateConfigurationNeeded", "INTEL-SA-01103"},
    {"platform-revoked", "Revoked", "INTEL-SA-01103"},
    {"tcb-info-unknown-status", "MostlyHarmless"},
};
constexpr StatusFault kModuleStatus[] = {{"module-out-of-date", "OutOfDate", "INTEL-SA-01036"}, {"module-revoked", "Revoked", "INTEL-SA-01036"}};
constexpr StatusFault kQe[] = {{"qe-out-of-date", "OutOfDate", "INTEL-SA-00477"}, {"qe-revoked", "Revoked", "INTEL-SA-00477"}};

void set_status(const IntelOptions& options, std::span<const StatusFault> faults, Json& level) {
  for (const StatusFault& fault : faults) {
    if (!has_fault(options, fault.name)) continue;
    level["tcbStatus"] = fault.status;
    if (fault.advisory != nullptr) level["advisoryIDs"] = {fault.advisory};
  }
}

void demand_too_much(Json& levels) {
  for (Json& level : levels) level["tcb"]["isvsvn"] = kOutOfReach;
}

// TCB info of version 2: no id, no TDX, components by name.
void make_version_2(Json& info) {
  Json levels = Json::array();
  for (const Json& level : info["tcbLevels"]) {
    Json tcb, out;
    for (std::size_t i = 0; i < level["tcb"]["sgxtcbcomponents"].size(); ++i)
      tcb["sgxtcbcomp" + std::string(i + 1 < 10 ? "0" : "") + std::to_string(i + 1) + "svn"] = level["tcb"]["sgxtcbcomponents"][i]["svn"];
    tcb["pcesvn"] = level["tcb"]["pcesvn"];
    out["tcb"] = tcb;
    out["tcbDate"] = level["tcbDate"];
    out["tcbStatus"] = level["tcbStatus"];
    levels.push_back(out);
  }
  for (const char* gone : {"id", "tdxModule", "tdxModuleIdentities"}) info.erase(gone);
  info["version"] = 2;
  info["tcbLevels"] = levels;
}

void change_module(const IntelOptions& options, Json& identities) {
  const auto at = std::find_if(identities.begin(), identities.end(), [](const Json& identity) { return identity["id"] == kModule; });
  Json& levels = (*at)["tcbLevels"];
  set_status(options, kModuleStatus, levels[0]);
  if (has_fault(options, "module-no-level")) demand_too_much(levels);
  if (has_fault(options, "relaunch-advised")) levels[0]["tcb"]["isvsvn"] = kTeeTcbSvn[0] + 1;   // above the launch, below what runs now
  if (has_fault(options, "module-identity-missing")) identities.erase(at);
}

}  // namespace

void apply_tcb_info_faults(const IntelOptions& options, Json& info) {
  const auto has = [&](const char* name) { return has_fault(options, name); };
  Json& levels = info["tcbLevels"];
  set_status(options, kPlatform, levels[0]);
  if (has("platform-no-level"))
    for (Json& level : levels) level["tcb"]["pcesvn"] = kOutOfReach;
  if (info.contains("tdxModuleIdentities")) change_module(options, info["tdxModuleIdentities"]);
  if (has("fmspc-mismatch")) info["fmspc"] = "51d0c0ffee01";
  if (has("pceid-mismatch")) info["pceId"] = "0001";
  if (has("tcb-info-expired")) info["nextUpdate"] = kEarlyEndText;
  if (has("tcb-info-future")) info["issueDate"] = kLateBeginText;
  if (has("tcb-eval-number-old")) info["tcbEvaluationDataNumber"] = info["tcbEvaluationDataNumber"].get<unsigned>() - 1;
  if (has("tcb-info-no-levels")) levels = Json::array();
  if (has("tcb-info-unsorted")) std::reverse(levels.begin(), levels.end());
  if (has("tcb-info-version-2")) make_version_2(info);
}

void apply_qe_identity_faults(const IntelOptions& options, Json& identity) {
  set_status(options, kQe, identity["tcbLevels"][0]);
  if (has_fault(options, "qe-no-level")) demand_too_much(identity["tcbLevels"]);
}

std::string tcb_info_text_after_signing(const IntelOptions& options, const Json& info, const std::string& signed_text) {
  if (has_fault(options, "tcb-info-whitespace")) return info.dump(2);
  if (has_fault(options, "tcb-info-reordered")) return nlohmann::json(nlohmann::json::parse(signed_text)).dump();   // sorts members
  return signed_text;
}

}  // namespace atls::sim
