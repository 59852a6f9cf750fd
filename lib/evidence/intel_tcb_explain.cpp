#include "evidence/intel_tcb_explain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.hpp"
#include "evidence/intel_tcb_levels.hpp"

namespace atls::evidence {
namespace {

using Component = TcbExplanation::Component;
using Missing = TcbExplanation::Level::Missing;

// Who can raise an SVN. Intel's documents name category and type of the components that they know; others are told as what Intel's
// platforms use them for.
struct Owner { std::string_view part, owner; };
constexpr Owner kOwners[] = {
    {"TDX Module", "TDX module of the host"},
    {"Late Microcode", "microcode package of the host"},
    {"SEAMLDR", "SEAM loader of the host"},
    {"SINIT", "SINIT module of BIOS or host"},
    {"BIOS", "BIOS of the platform's maker"},
    {"OS/VMM", "host's operating system"},
};

std::string owner_of(const intel::TcbComponentEntry& entry) {
  for (const Owner& o : kOwners)
    if (entry.type.find(o.part) != std::string::npos || entry.category.find(o.part) != std::string::npos) return std::string(o.owner);
  return "BIOS or microcode";
}

std::string meaning_of_component(const intel::TcbComponentEntry& entry) { return entry.type.empty() ? entry.category : entry.type; }

// Names are the same in every level; the first that has one is taken.
const intel::TcbComponentEntry& component_name(const intel::TcbInfo& info, bool tdx, std::size_t i) {
  static const intel::TcbComponentEntry kNone;
  for (const intel::TcbLevel& l : info.levels) {
    if (tdx && !l.tdx) continue;
    const intel::TcbComponentEntry& e = tdx ? (*l.tdx)[i] : l.sgx[i];
    if (!e.type.empty() || !e.category.empty()) return e;
  }
  return kNone;
}

bool compared_with_platform(const TcbInput& in, std::size_t tdx_component) { return tdx_component >= 2 || in.tee_tcb_svn[1] == 0; }

void add_missing(std::vector<Missing>& to, std::string name, std::uint32_t have, std::uint32_t need) {
  if (have < need) to.push_back({std::move(name), have, need});
}

std::vector<Missing> lacks(const TcbInput& in, const intel::TcbLevel& level) {
  std::vector<Missing> out;
  for (std::size_t i = 0; i < 16; ++i) add_missing(out, fmt::format("sgx-{}", i), in.pck.components[i], level.sgx[i].svn);
  add_missing(out, "pce", in.pck.pce_svn, level.pce_svn);
  for (std::size_t i = 0; in.tdx && level.tdx && i < 16; ++i)
    if (compared_with_platform(in, i)) add_missing(out, fmt::format("tdx-{}", i), in.tee_tcb_svn[i], (*level.tdx)[i].svn);
  return out;
}

TcbStatus status_of(const intel::TcbLevel& level) { return level_status(level.status, LevelOf::platform).value_or(TcbStatus::not_supported); }

std::size_t deficit(const std::vector<Missing>& missing) {
  std::size_t out = 0;
  for (const Missing& m : missing) out += m.need - m.have;
  return out;
}

// Among levels that are better than the one that matched: the one that takes the least (nearest), or of the best status (goal).
std::optional<std::size_t> choose_goal(const TcbInput& in, const std::optional<std::size_t>& matched, bool best_status) {
  const TcbStatus now = matched ? status_of(in.tcb_info.levels[*matched]) : TcbStatus::not_supported;
  std::optional<std::size_t> out;
  const auto key = [&](std::size_t i) {
    const auto missing = lacks(in, in.tcb_info.levels[i]);
    return std::make_tuple(best_status ? status_of(in.tcb_info.levels[i]) : TcbStatus::up_to_date, missing.size(), deficit(missing));
  };
  for (const std::size_t i : sorted_levels(in.tcb_info))
    if (status_of(in.tcb_info.levels[i]) < now && (!out || key(i) < key(*out))) out = i;
  return out;
}

// The lowest level of the best status: what has to be reached at least.
std::optional<std::size_t> best_isv(const std::vector<intel::IsvLevel>& levels, LevelOf part) {
  std::optional<std::size_t> out;
  const auto key = [&](std::size_t i) { return std::make_tuple(level_status(levels[i].status, part).value_or(TcbStatus::not_supported), levels[i].isv_svn); };
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (!out || key(i) < key(*out)) out = i;
  return out;
}

std::string name_in_words(const std::string& name) {
  if (name == "pce") return "PCE";
  if (name == "qe") return "quoting enclave";
  if (name == "tdx-module") return "TDX module";
  return (name.starts_with("sgx-") ? "SGX component " : "TDX component ") + name.substr(4);
}

std::string in_words(const std::vector<Missing>& missing) {
  std::vector<std::string> out;
  for (const Missing& m : missing) out.push_back(fmt::format("{} ({}, needs {})", name_in_words(m.name), m.have, m.need));
  return fmt::format("{}", fmt::join(out, ", "));
}

TcbExplanation::Level level_of(const TcbInput& in, std::size_t index) {
  const intel::TcbLevel& l = in.tcb_info.levels[index];
  return {l.status, l.tcb_date, l.advisories, lacks(in, l)};
}

void add_components(const TcbInput& in, const std::optional<std::size_t>& goal, TcbExplanation& out) {
  const intel::TcbLevel* level = goal ? &in.tcb_info.levels[*goal] : nullptr;
  for (std::size_t i = 0; i < 16; ++i) {
    const auto& entry = component_name(in.tcb_info, false, i);
    out.components.push_back({fmt::format("sgx-{}", i), meaning_of_component(entry), owner_of(entry), in.pck.components[i], level ? std::optional<std::uint32_t>(level->sgx[i].svn) : std::nullopt, true});
  }
  out.components.push_back({"pce", "certification enclave", "DCAP packages of the host", in.pck.pce_svn, level ? std::optional<std::uint32_t>(level->pce_svn) : std::nullopt, true});
  for (std::size_t i = 0; in.tdx && i < 16; ++i) {
    const auto& entry = component_name(in.tcb_info, true, i);
    out.components.push_back({fmt::format("tdx-{}", i), meaning_of_component(entry), owner_of(entry), in.tee_tcb_svn[i],
                              level && level->tdx ? std::optional<std::uint32_t>((*level->tdx)[i].svn) : std::nullopt, compared_with_platform(in, i)});
  }
}

void add_isv(const std::string& name, const std::string& meaning, const std::string& owner, std::uint32_t have, const std::vector<intel::IsvLevel>& levels, LevelOf part, TcbExplanation& out) {
  const auto best = best_isv(levels, part);
  out.components.push_back({name, meaning, owner, have, best ? std::optional<std::uint32_t>(levels[*best].isv_svn) : std::nullopt, true});
}

// Only who has something to do is named, in the order in which it is done.
void add_next_steps(const TcbEvaluation& e, TcbExplanation& out) {
  std::vector<std::pair<std::string, std::string>> by_owner;      // owner, components
  bool certified = false, launched = false;                       // what the PCK certificate states has to rise; what the TD was launched under
  for (const Component& c : out.components) {
    if (!c.is_short()) continue;
    certified |= c.name.starts_with("sgx-") || c.name == "pce";
    launched |= c.name.starts_with("tdx-");
    auto it = std::find_if(by_owner.begin(), by_owner.end(), [&](const auto& p) { return p.first == c.fixed_by; });
    if (it == by_owner.end()) it = by_owner.insert(by_owner.end(), {c.fixed_by, ""});
    it->second += (it->second.empty() ? "" : ", ") + name_in_words(c.name);
  }
  const bool relaunch = e.status == TcbStatus::td_relaunch_advised || e.status == TcbStatus::td_relaunch_advised_configuration_needed;
  if (relaunch) {
    out.next_steps.push_back("restart the TD: the host runs a newer TDX module already, and a TD keeps the TCB that it was launched with");
  } else {
    for (const auto& [owner, components] : by_owner) out.next_steps.push_back(fmt::format("update: {} (raises {})", owner, components));
  }
  if (certified)
    out.next_steps.push_back("then fetch a new PCK certificate for the platform (PCKIDRetrievalTool or the PCCS of the operator): SGX components and PCE are taken from the certificate, which states "
                             "what it was issued for, not what runs");
  if (!relaunch && launched) out.next_steps.push_back("then restart the TD, so that it is launched under the new TCB");
  if (e.status == TcbStatus::revoked) out.next_steps.push_back("do not use this platform until Intel's collateral names a level for it that is not revoked");
  if (!relaunch && by_owner.empty() && needs_configuration(e.status)) out.next_steps.push_back("no version is missing: the advisories say which setting of the BIOS or the host is needed");
  if (e.status == TcbStatus::sw_hardening_needed || e.status == TcbStatus::configuration_and_sw_hardening_needed)
    out.next_steps.push_back("check that the software inside was built with the mitigations that the advisories name; if so, accept the status by policy, with a date and this reason");
  if (out.next_steps.empty() && e.status == TcbStatus::not_supported) out.next_steps.push_back("look at the failed checks: this is not a matter of versions");
}

}  // namespace

std::string what_is_missing(const TcbInput& in) {
  const auto nearest = choose_goal(in, {}, false);
  if (!nearest) return "it has no level at all";
  const TcbExplanation::Level level = level_of(in, *nearest);
  if (level.missing.empty()) return fmt::format("only the profile that was chosen asks for more than {} of {}", level.status, level.date);
  return fmt::format("the nearest is {} of {}, for which it lacks {}", level.status, level.date, in_words(level.missing));
}

TcbExplanation explain_tcb(const TcbInput& in, const TcbVerdict& tcb, const policy::Policy& policy) {
  const TcbEvaluation& e = *tcb.evaluation;
  const TcbEvaluation& reference = tcb.all.front().second;
  TcbExplanation out;
  out.tee = in.tdx ? "TDX" : "SGX";
  out.fmspc = hex(in.pck.fmspc);
  out.profile = tcb_profile_name(tcb.profile);
  out.status = tcb_status_name(e.status);
  out.why = e.why;
  out.date = e.tcb_date;
  out.advisories = e.advisories;
  out.tcb_info_number = in.tcb_info.evaluation_number;
  if (in.qe_identity) out.qe_identity_number = in.qe_identity->evaluation_number;

  const auto part = [&](const char* name, const std::string& id, const auto* level) {
    TcbExplanation::Part p{name, id, {}, {}, {}};
    if (level) p.status = level->status, p.date = level->tcb_date, p.advisories = level->advisories;
    out.parts.push_back(std::move(p));
  };
  part("platform", "", reference.platform_level ? &in.tcb_info.levels[*reference.platform_level] : nullptr);
  if (in.tdx && in.tee_tcb_svn[1] > 0)
    part("tdx-module", module_identity_id(in.tee_tcb_svn[1]), reference.module && reference.module_level ? &reference.module->levels[*reference.module_level] : nullptr);
  if (in.qe_identity) part("qe", "", reference.qe_level ? &in.qe_identity->levels[*reference.qe_level] : nullptr);

  const auto nearest = choose_goal(in, reference.platform_level, false), goal = choose_goal(in, reference.platform_level, true);
  add_components(in, goal ? goal : reference.platform_level, out);
  if (reference.module) add_isv("tdx-module", reference.module->id, "TDX module of the host", in.tee_tcb_svn[0], reference.module->levels, LevelOf::module, out);
  if (in.qe_identity) add_isv("qe", in.tdx ? "TD quoting enclave" : "quoting enclave", "DCAP packages of the host", in.qe_isv_svn, in.qe_identity->levels, LevelOf::qe, out);
  if (nearest) out.nearest = level_of(in, *nearest);
  if (std::any_of(out.components.begin(), out.components.end(), [](const Component& c) { return c.is_short(); })) {
    const std::optional<std::size_t> level = goal ? goal : reference.platform_level;
    out.goal = level ? level_of(in, *level) : TcbExplanation::Level{};
    out.goal->missing.clear();
    for (const Component& c : out.components)
      if (c.is_short()) out.goal->missing.push_back({c.name, c.have, *c.need});
  }
  if (in.tdx && in.tee_tcb_svn2 && *in.tee_tcb_svn2 != in.tee_tcb_svn && reference.current)
    out.current = TcbExplanation::Current{hex(*in.tee_tcb_svn2), std::string(tcb_status_name(*reference.current)), reference.current_date, reference.current_advisories};
  if (e.status != TcbStatus::up_to_date) add_next_steps(e, out);
  if (policy.compare_tcb_profiles) compare_profiles(in, tcb, out);
  return out;
}

}  // namespace atls::evidence
