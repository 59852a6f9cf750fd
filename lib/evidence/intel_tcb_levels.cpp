#include "evidence/intel_tcb_levels.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/hex.hpp"

namespace atls::evidence {
namespace {

Svn svns(const std::array<intel::TcbComponentEntry, 16>& components) {
  Svn out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = components[i].svn;
  return out;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::vector<std::size_t> sorted_levels(const intel::TcbInfo& tcb_info) {
  std::vector<std::size_t> order(tcb_info.levels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    const intel::TcbLevel& l = tcb_info.levels[i];
    return std::make_tuple(svns(l.sgx), l.pce_svn, l.tdx ? svns(*l.tdx) : Svn{});
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  return order;
}

std::string module_identity_id(std::uint8_t version) {
  std::string out = "TDX_" + hex(Bytes(&version, 1));
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

const intel::TdxModuleIdentity* find_module_identity(const intel::TcbInfo& tcb_info, std::uint8_t version) {
  const std::string id = module_identity_id(version);
  for (const intel::TdxModuleIdentity& identity : tcb_info.tdx_module_identities)
    if (same_letters(identity.id, id)) return &identity;
  return nullptr;
}

bool reaches(const LevelRule& rule, const intel::TcbLevel& level) {
  for (std::size_t i = 0; i < 16; ++i)
    if (rule.sgx[i] < level.sgx[i].svn) return false;
  if (rule.pce_svn < level.pce_svn) return false;
  if (rule.tdx == nullptr) return true;
  if (!level.tdx) return false;                // a TDX platform cannot be placed on a level that does not speak of TDX
  for (std::size_t i = rule.tdx_start; i < 16; ++i)
    if ((*rule.tdx)[i] < (*level.tdx)[i].svn) return false;
  return true;
}

std::optional<std::size_t> match_platform(const LevelRule& rule, const intel::TcbInfo& tcb_info, const std::vector<std::size_t>& order) {
  for (const std::size_t i : order)
    if (reaches(rule, tcb_info.levels[i])) return i;
  return {};
}

std::optional<std::size_t> match_isv(const std::vector<intel::IsvLevel>& levels, std::uint16_t svn) {
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (svn >= levels[i].isv_svn) return i;
  return {};
}

bool is_collateral_status(const std::string& name) { return level_status(name, LevelOf::platform).has_value(); }

std::optional<TcbStatus> level_status(const std::string& name, LevelOf part) {
  const auto status = tcb_status_from(name);
  if (!status) return {};
  switch (*status) {
    case TcbStatus::up_to_date:
    case TcbStatus::out_of_date:
    case TcbStatus::revoked: return status;
    case TcbStatus::configuration_needed:
    case TcbStatus::out_of_date_configuration_needed: return part == LevelOf::module ? std::nullopt : status;
    case TcbStatus::sw_hardening_needed:
    case TcbStatus::configuration_and_sw_hardening_needed: return part == LevelOf::platform ? status : std::nullopt;
    case TcbStatus::td_relaunch_advised:
    case TcbStatus::td_relaunch_advised_configuration_needed:
    case TcbStatus::not_supported: return {};
  }
  return {};
}

TcbStatus converge(TcbStatus platform, std::initializer_list<std::optional<TcbStatus>> components) {
  const auto any = [&](TcbStatus status) { return std::any_of(components.begin(), components.end(), [&](const auto& c) { return c == status; }); };
  if (any(TcbStatus::revoked)) return TcbStatus::revoked;
  if (!any(TcbStatus::out_of_date)) return platform;
  switch (platform) {
    case TcbStatus::up_to_date:
    case TcbStatus::sw_hardening_needed: return TcbStatus::out_of_date;
    case TcbStatus::configuration_needed:
    case TcbStatus::configuration_and_sw_hardening_needed: return TcbStatus::out_of_date_configuration_needed;
    case TcbStatus::out_of_date:
    case TcbStatus::out_of_date_configuration_needed:
    case TcbStatus::td_relaunch_advised:
    case TcbStatus::td_relaunch_advised_configuration_needed:
    case TcbStatus::revoked:
    case TcbStatus::not_supported: return platform;
  }
  return TcbStatus::not_supported;
}

// The enumerators stand in dcap-qvl's order of severity.
TcbStatus more_severe(TcbStatus a, TcbStatus b) { return std::max(a, b); }

bool needs_configuration(TcbStatus status) {
  return status == TcbStatus::configuration_needed || status == TcbStatus::configuration_and_sw_hardening_needed ||
         status == TcbStatus::out_of_date_configuration_needed || status == TcbStatus::td_relaunch_advised_configuration_needed;
}

std::vector<std::string> apply_caps(const std::vector<policy::TcbCap>& caps, intel::TcbInfo& tcb_info) {
  std::vector<std::string> out;
  for (const policy::TcbCap& cap : caps) {
    if (!same_letters(tcb_info.fmspc, hex(cap.fmspc)) || (cap.tdx && *cap.tdx != (tcb_info.id == "TDX"))) continue;
    std::size_t changed = 0;
    for (intel::TcbLevel& level : tcb_info.levels) {
      if (cap.tdx_component && !level.tdx) continue;
      intel::TcbComponentEntry& component = (cap.tdx_component ? *level.tdx : level.sgx)[cap.index];
      if (component.svn <= cap.cap) continue;
      component.svn = cap.cap;
      ++changed;
    }
    if (changed > 0)
      out.push_back(std::string(cap.tdx_component ? "TDX" : "SGX") + " component " + std::to_string(cap.index) + " is demanded to be " + std::to_string(cap.cap) + " only, in " +
                    std::to_string(changed) + " of " + std::to_string(tcb_info.levels.size()) + " levels: " + cap.reason);
  }
  return out;
}

}  // namespace atls::evidence
