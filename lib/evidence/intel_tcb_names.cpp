#include "evidence/intel_tcb.hpp"

namespace atls::evidence {
namespace {

struct StatusName { TcbStatus status; std::string_view name; };
constexpr StatusName kStatusNames[] = {
    {TcbStatus::up_to_date, "UpToDate"},
    {TcbStatus::sw_hardening_needed, "SWHardeningNeeded"},
    {TcbStatus::configuration_needed, "ConfigurationNeeded"},
    {TcbStatus::configuration_and_sw_hardening_needed, "ConfigurationAndSWHardeningNeeded"},
    {TcbStatus::out_of_date, "OutOfDate"},
    {TcbStatus::out_of_date_configuration_needed, "OutOfDateConfigurationNeeded"},
    {TcbStatus::td_relaunch_advised, "TDRelaunchAdvised"},
    {TcbStatus::td_relaunch_advised_configuration_needed, "TDRelaunchAdvisedConfigurationNeeded"},
    {TcbStatus::revoked, "Revoked"},
    {TcbStatus::not_supported, "NOT_SUPPORTED"},
};

struct ProfileName { TcbProfile profile; std::string_view name; };
constexpr ProfileName kProfileNames[] = {
    {TcbProfile::qvl_2026, "qvl-2026"},
    {TcbProfile::qvl_2024, "qvl-2024"},
    {TcbProfile::go_tdx_guest, "go-tdx-guest"},
    {TcbProfile::dcap_qvl, "dcap-qvl"},
};

}  // namespace

std::string_view tcb_status_name(TcbStatus status) {
  for (const StatusName& n : kStatusNames)
    if (n.status == status) return n.name;
  return "NOT_SUPPORTED";
}

std::optional<TcbStatus> tcb_status_from(std::string_view name) {
  for (const StatusName& n : kStatusNames)
    if (n.name == name) return n.status;
  return {};
}

std::string_view tcb_profile_name(TcbProfile profile) {
  for (const ProfileName& n : kProfileNames)
    if (n.profile == profile) return n.name;
  return "qvl-2026";
}

std::optional<TcbProfile> tcb_profile_from(std::string_view name) {
  for (const ProfileName& n : kProfileNames)
    if (n.name == name) return n.profile;
  return {};
}

std::span<const TcbProfile> tcb_profiles() {
  static constexpr TcbProfile all[] = {TcbProfile::qvl_2026, TcbProfile::qvl_2024, TcbProfile::go_tdx_guest, TcbProfile::dcap_qvl};
  return all;
}

std::string_view library_answer_name(LibraryAnswer answer) {
  switch (answer) {
    case LibraryAnswer::accepts: return "accepts";
    case LibraryAnswer::leaves_to_caller: return "leaves-to-caller";
    case LibraryAnswer::refuses: return "refuses";
  }
  return "refuses";
}

}  // namespace atls::evidence
