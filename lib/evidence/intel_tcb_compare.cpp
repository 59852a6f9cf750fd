// --compare-tcb-profiles: the same platform as each known verifier sees it, and in words why they differ.
#include <fmt/format.h>

#include <algorithm>

#include "evidence/intel_tcb_explain.hpp"
#include "evidence/intel_tcb_levels.hpp"

namespace atls::evidence {
namespace {

const TcbEvaluation& of(const TcbVerdict& tcb, TcbProfile profile) {
  return std::find_if(tcb.all.begin(), tcb.all.end(), [&](const auto& p) { return p.first == profile; })->second;
}

std::string level_words(const TcbInput& in, const TcbEvaluation& e) {
  if (!e.platform_level) return "no level";
  const intel::TcbLevel& l = in.tcb_info.levels[*e.platform_level];
  return fmt::format("the level of {} ({})", l.tcb_date, l.status);
}

// Each is a point where the algorithms are known to part, and is told when it matters here.
void tell_rust(const TcbInput& in, const TcbEvaluation& reference, const TcbEvaluation& rust, std::vector<std::string>& out) {
  if (rust.platform_level != reference.platform_level) {
    std::string why = "dcap-qvl compares CPUSVN and all TDX components";
    if (in.tdx && in.tee_tcb_svn[1] > 0) {
      const std::size_t level = reference.platform_level.value_or(0);
      std::string pairs;
      if (level < in.tcb_info.levels.size() && in.tcb_info.levels[level].tdx)
        for (std::size_t i = 0; i < 2; ++i)
          if (const unsigned need = (*in.tcb_info.levels[level].tdx)[i].svn; in.tee_tcb_svn[i] < need) pairs += fmt::format("{}component {} is {}, and the level has {}", pairs.empty() ? "" : ", ", i, in.tee_tcb_svn[i], need);
      why = "dcap-qvl compares the first two TDX components, too, which the others leave to the identity of the module" + (pairs.empty() ? "" : ": " + pairs);
    }
    out.push_back(fmt::format("{}; so it finds {} where Intel's library finds {}", why, level_words(in, rust), level_words(in, reference)));
  } else if (rust.status != TcbStatus::not_supported && rust.status != reference.status && reference.status != TcbStatus::td_relaunch_advised && reference.status != TcbStatus::td_relaunch_advised_configuration_needed) {
    out.push_back(fmt::format("dcap-qvl takes the most severe status of platform, module and quoting enclave; Intel's library merges them by a table: {} and {}", tcb_status_name(rust.status), tcb_status_name(reference.status)));
  } else if (rust.status == TcbStatus::not_supported && reference.status != TcbStatus::not_supported) {
    out.push_back("dcap-qvl refuses: " + rust.why);
  }
}

void tell_go(const TcbInput& in, const TcbEvaluation& reference, const TcbEvaluation& go, std::vector<std::string>& out) {
  if (go.status == reference.status) return;
  if (go.status == TcbStatus::not_supported) {
    if (reference.status != TcbStatus::not_supported) out.push_back("go-tdx-guest refuses: " + go.why);
  } else if (in.tee_tcb_svn[1] > 0 && reference.platform_level && in.tcb_info.levels[*reference.platform_level].status != "UpToDate") {
    out.push_back(fmt::format("go-tdx-guest does not look at the status of the platform's level ({}) when the TDX module has an identity; the module's level alone counts: {}",
                              in.tcb_info.levels[*reference.platform_level].status, tcb_status_name(go.status)));
  } else if (go.platform_level != reference.platform_level) {
    out.push_back("go-tdx-guest tries the levels in the order of the document, Intel's library in descending order");
  }
}

bool advises_relaunch(TcbStatus s) { return s == TcbStatus::td_relaunch_advised || s == TcbStatus::td_relaunch_advised_configuration_needed; }

}  // namespace

void compare_profiles(const TcbInput& in, const TcbVerdict& tcb, TcbExplanation& out) {
  for (const auto& [profile, e] : tcb.all)
    out.profiles.push_back({std::string(tcb_profile_name(profile)), std::string(tcb_status_name(e.status)), std::string(library_answer_name(e.library)), e.why, e.tcb_date, e.advisories});
  const TcbEvaluation& reference = of(tcb, TcbProfile::qvl_2026);
  const TcbEvaluation &old = of(tcb, TcbProfile::qvl_2024), &go = of(tcb, TcbProfile::go_tdx_guest), &rust = of(tcb, TcbProfile::dcap_qvl);
  if (old.status != reference.status)
    out.differences.push_back(fmt::format("qvl-2024 has another rule for TDs that should be relaunched: only an outdated module may be the cause, and the newest one must run now ({}, {} in 2026)",
                                          tcb_status_name(old.status), tcb_status_name(reference.status)));
  if (advises_relaunch(reference.status) && !advises_relaunch(go.status)) out.differences.push_back("go-tdx-guest and dcap-qvl know no relaunch: they judge the TDX module that launched the TD");
  tell_go(in, reference, go, out.differences);
  tell_rust(in, reference, rust, out.differences);
}

}  // namespace atls::evidence
