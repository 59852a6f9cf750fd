// One function per verifier. They differ in what they compare, how they merge what the parts say, and what they do when a TD runs on
// a module that was updated under it.
#include "evidence/intel_tcb.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "base/text.hpp"
#include "evidence/intel_tcb_levels.hpp"

namespace atls::evidence {
namespace {

std::uint64_t le64(const std::array<std::uint8_t, 8>& bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = 8; i-- > 0;) out = out << 8 | bytes[i];
  return out;
}

TcbEvaluation unsupported(std::string why, TcbEvaluation e = {}) {
  e.status = TcbStatus::not_supported;
  e.library = LibraryAnswer::refuses;
  e.why = std::move(why);
  return e;
}

// The documents are about this platform and this kind of TEE. Every verifier asks the same, except for the PCE-ID.
std::string foreign_documents(const TcbInput& in, bool compare_pce_id) {
  if (in.tcb_info.id != (in.tdx ? "TDX" : "SGX") || (in.tdx && in.tcb_info.version < 3)) return "the TCB info is not about " + std::string(in.tdx ? "TDX" : "SGX");
  if (in.tdx && !in.tcb_info.tdx_module) return "the TCB info has no tdxModule";
  if (in.qe_identity && in.qe_identity->id != (in.tdx ? "TD_QE" : "QE")) return "the QE identity is of another enclave (" + in.qe_identity->id + ")";
  if (lower(in.tcb_info.fmspc) != hex(in.pck.fmspc)) return "the TCB info is about another FMSPC";
  if (compare_pce_id && lower(in.tcb_info.pce_id) != hex(in.pck.pce_id)) return "the TCB info is about another PCE-ID";
  return {};
}

void add_advisories(const std::vector<std::string>& from, std::vector<std::string>& to) {
  for (const std::string& id : from)
    if (std::find(to.begin(), to.end(), id) == to.end()) to.push_back(id);
}

// Intel writes its dates in one fixed form, so that the order of the texts is the order of the times.
void add_date(const std::string& date, std::string& oldest) {
  if (oldest.empty() || date < oldest) oldest = date;
}

void collect(const TcbInput& in, const TcbMatch& match, std::string& date, std::vector<std::string>& advisories) {
  const auto add = [&](const auto& level) {
    add_date(level.tcb_date, date);
    add_advisories(level.advisories, advisories);
  };
  if (match.platform_level) add(in.tcb_info.levels[*match.platform_level]);
  if (match.qe_level) add(in.qe_identity->levels[*match.qe_level]);
  if (match.module && match.module_level) add(match.module->levels[*match.module_level]);
}

std::string no_identity(std::uint8_t version) { return "the TCB info has no identity " + module_identity_id(version) + " for the version of this TDX module"; }

// The statuses of the levels that matched; `why` where there is none.
struct Parts {
  TcbMatch match;
  std::optional<TcbStatus> platform, module, qe;
  std::string why;
};

bool take_status(const std::string& name, LevelOf part, const char* what, std::optional<TcbStatus>& to, std::string& why) {
  to = level_status(name, part);
  if (!to && why.empty()) why = std::string("the status of the matching level of the ") + what + " is not one that is known there";
  return to.has_value();
}

struct Style {
  std::vector<std::size_t> order;
  Svn sgx{};
  bool all_tdx_components = false;   // also the first two when the module has an identity
};

// Levels of platform, module and QE for one TEE_TCB_SVN. Everything that can be matched is, so that an explanation can show it.
Parts match_parts(const TcbInput& in, const Style& style, const Svn& svn) {
  Parts out;
  const bool identified = in.tdx && svn[1] > 0;
  const LevelRule rule{style.sgx, in.pck.pce_svn, in.tdx ? &svn : nullptr, identified && !style.all_tdx_components ? std::size_t{2} : std::size_t{0}};
  if ((out.match.platform_level = match_platform(rule, in.tcb_info, style.order)))
    take_status(in.tcb_info.levels[*out.match.platform_level].status, LevelOf::platform, "TCB info", out.platform, out.why);
  else
    out.why = "no level of the TCB info matches the platform";
  if (identified) {
    out.match.module = find_module_identity(in.tcb_info, svn[1]);
    if (!out.match.module) {
      if (out.why.empty()) out.why = no_identity(svn[1]);
    } else if ((out.match.module_level = match_isv(out.match.module->levels, svn[0]))) {
      take_status(out.match.module->levels[*out.match.module_level].status, LevelOf::module, "TDX module", out.module, out.why);
    } else if (out.why.empty()) {
      out.why = "no level of the identity " + out.match.module->id + " matches the TDX module";
    }
  }
  if (!in.qe_identity) return out;
  if ((out.match.qe_level = match_isv(in.qe_identity->levels, in.qe_isv_svn)))
    take_status(in.qe_identity->levels[*out.match.qe_level].status, LevelOf::qe, "quoting enclave", out.qe, out.why);
  else if (out.why.empty())
    out.why = "no level of the QE identity matches the quoting enclave";
  return out;
}

Style sorted_style(const TcbInput& in) { return {sorted_levels(in.tcb_info), in.pck.components, false}; }

// Who signed the module and which attributes it has, for the module that launched the TD.
std::string qvl_module_mismatch(const TcbInput& in) {
  if (!in.tdx) return {};
  const intel::TdxModuleIdentity* expected = &*in.tcb_info.tdx_module;
  if (in.tee_tcb_svn[1] > 0) expected = find_module_identity(in.tcb_info, in.tee_tcb_svn[1]);
  if (!expected) return no_identity(in.tee_tcb_svn[1]);
  if (expected->mr_signer != in.mr_signer_seam) return "the signer of the TDX module is not the one of the TCB info";
  if (in.seam_attributes != 0 || le64(expected->attributes) != 0) return "the attributes of the TDX module are not zero";
  return {};
}

LibraryAnswer qvl_answer(TcbStatus status) {
  if (status == TcbStatus::up_to_date) return LibraryAnswer::accepts;
  return status == TcbStatus::revoked || status == TcbStatus::not_supported ? LibraryAnswer::refuses : LibraryAnswer::leaves_to_caller;
}

TcbEvaluation begin(const TcbInput& in, const Parts& parts) {
  TcbEvaluation e;
  static_cast<TcbMatch&>(e) = parts.match;
  collect(in, parts.match, e.tcb_date, e.advisories);
  return e;
}

bool is_out_of_date(TcbStatus s) { return s == TcbStatus::out_of_date || s == TcbStatus::out_of_date_configuration_needed; }
bool is_current(TcbStatus s) {
  return s == TcbStatus::up_to_date || s == TcbStatus::sw_hardening_needed || s == TcbStatus::configuration_needed || s == TcbStatus::configuration_and_sw_hardening_needed;
}
TcbStatus relaunch(bool configuration) { return configuration ? TcbStatus::td_relaunch_advised_configuration_needed : TcbStatus::td_relaunch_advised; }

// Intel's library of 2026. A TD that was launched by an older module than runs now is evaluated for both.
TcbEvaluation qvl_2026(const TcbInput& in) {
  const Style style = sorted_style(in);
  const Parts launch = match_parts(in, style, in.tee_tcb_svn);
  TcbEvaluation e = begin(in, launch);
  std::optional<Parts> current;
  if (in.tdx && in.tee_tcb_svn2) {
    current = match_parts(in, style, *in.tee_tcb_svn2);
    e.current_match = current->match;
    e.current_why = current->why;
    e.current = current->why.empty() ? converge(*current->platform, {current->module, current->qe}) : TcbStatus::not_supported;
    if (current->why.empty()) collect(in, current->match, e.current_date, e.current_advisories);
  }
  if (const std::string why = qvl_module_mismatch(in); !why.empty()) return unsupported(why, std::move(e));
  if (!launch.why.empty()) return unsupported(launch.why, std::move(e));
  if (current && !current->why.empty()) return unsupported("for the TDX module that runs now: " + current->why, std::move(e));
  e.status = converge(*launch.platform, {launch.module, launch.qe});
  if (e.current && is_out_of_date(e.status) && is_current(*e.current)) e.status = relaunch(needs_configuration(e.status) || needs_configuration(*e.current));
  e.library = qvl_answer(e.status);
  return e;
}

// The relaunch rule of 2024: only an outdated module may be the cause, and the module that runs now must be the newest one.
std::optional<TcbStatus> relaunch_2024(const TcbInput& in, const Style& style, const Parts& launch, TcbStatus sgx, TcbStatus tdx, std::string& why) {
  const Svn& now = *in.tee_tcb_svn2;
  if (launch.qe == TcbStatus::out_of_date || launch.qe == TcbStatus::revoked || !is_current(sgx) || !is_out_of_date(tdx) || launch.module != TcbStatus::out_of_date) return {};
  const intel::TcbLevel& top = in.tcb_info.levels[style.order.front()];
  if (!top.tdx) return {};
  std::uint16_t newest = (*top.tdx)[0].svn;
  if (now[1] > 0) {
    const intel::TdxModuleIdentity* identity = find_module_identity(in.tcb_info, now[1]);
    if (!identity) return why = no_identity(now[1]), std::nullopt;
    if (identity->levels.empty()) return why = "the identity " + identity->id + " has no level", std::nullopt;
    newest = identity->levels.front().isv_svn;
  }
  if (now[0] < newest || now[2] < (*top.tdx)[2].svn) return {};
  return relaunch(needs_configuration(sgx) || needs_configuration(tdx));
}

TcbEvaluation qvl_2024(const TcbInput& in) {
  const Style style = sorted_style(in);
  const Parts launch = match_parts(in, style, in.tee_tcb_svn);
  TcbEvaluation e = begin(in, launch);
  if (const std::string why = qvl_module_mismatch(in); !why.empty()) return unsupported(why, std::move(e));
  if (!launch.why.empty()) return unsupported(launch.why, std::move(e));
  TcbStatus status = converge(*launch.platform, {launch.module});
  if (in.tdx && in.tee_tcb_svn2 && status != TcbStatus::revoked) {
    const auto sgx_level = match_platform({in.pck.components, in.pck.pce_svn, nullptr, 0}, in.tcb_info, style.order);
    const auto sgx = sgx_level ? level_status(in.tcb_info.levels[*sgx_level].status, LevelOf::platform) : std::nullopt;
    std::string why;
    if (const auto advised = sgx ? relaunch_2024(in, style, launch, *sgx, status, why) : std::nullopt) status = *advised;
    if (!why.empty()) return unsupported("for the TDX module that runs now: " + why, std::move(e));
  }
  e.status = converge(status, {launch.qe});
  e.library = qvl_answer(e.status);
  return e;
}

// Readers of Go and Rust refuse a document with any status that they do not know, wherever it stands.
bool knows_every_status(const TcbInput& in) {
  const auto known = [](const auto& level) { return is_collateral_status(level.status); };
  const auto all = [&](const auto& levels) { return std::all_of(levels.begin(), levels.end(), known); };
  return all(in.tcb_info.levels) && all(in.qe_identity->levels) &&
         std::all_of(in.tcb_info.tdx_module_identities.begin(), in.tcb_info.tdx_module_identities.end(), [&](const auto& m) { return all(m.levels); });
}

// google/go-tdx-guest. With a module identity, the status of the platform's level is not looked at.
TcbEvaluation go_tdx_guest(const TcbInput& in) {
  if (!in.tdx) return unsupported("go-tdx-guest verifies TDX quotes only");
  if (!in.qe_identity) return unsupported("it needs a QE identity");
  Style style{{}, in.pck.components, false};
  for (std::size_t i = 0; i < in.tcb_info.levels.size(); ++i) style.order.push_back(i);
  Parts parts = match_parts(in, style, in.tee_tcb_svn);
  TcbEvaluation e = begin(in, parts);
  if (in.tcb_info.pce_id != hex(in.pck.pce_id)) return unsupported("the PCE-ID of the TCB info is not written as in the certificate", std::move(e));
  if (!knows_every_status(in)) return unsupported("the collateral has a status that is not known", std::move(e));
  const intel::TdxModuleIdentity& base = *in.tcb_info.tdx_module;
  if (base.mr_signer != in.mr_signer_seam) return unsupported("the signer of the TDX module is not the one of tdxModule", std::move(e));
  if ((in.seam_attributes & le64(base.attributes_mask)) != le64(base.attributes)) return unsupported("the attributes of the TDX module are not those of tdxModule", std::move(e));
  if (!parts.match.platform_level || !parts.match.qe_level) return unsupported(parts.why, std::move(e));
  std::string counted = in.tcb_info.levels[*parts.match.platform_level].status;
  const std::uint8_t version = in.tee_tcb_svn[1];
  if (version > 0) {
    const std::string id = "TDX_" + hex(Bytes(&version, 1));   // lower-case digits, compared exactly
    const auto& identities = in.tcb_info.tdx_module_identities;
    const auto identity = std::find_if(identities.begin(), identities.end(), [&](const auto& m) { return m.id == id; });
    if (identity == identities.end()) return unsupported("the TCB info has no identity that is written " + id, std::move(e));
    const auto level = match_isv(identity->levels, in.tee_tcb_svn[0]);
    if (!level) return unsupported("no level of the identity " + id + " matches the TDX module", std::move(e));
    counted = identity->levels[*level].status;
  }
  const TcbStatus tdx = *level_status(counted, LevelOf::platform), qe = *level_status(in.qe_identity->levels[*parts.match.qe_level].status, LevelOf::platform);
  // It gives no status, only success or an error; the status is that of the part it fails on.
  e.status = qe == TcbStatus::revoked || tdx == TcbStatus::up_to_date ? qe : tdx;
  e.library = e.status == TcbStatus::up_to_date ? LibraryAnswer::accepts : LibraryAnswer::refuses;
  if (e.library == LibraryAnswer::refuses) e.why = "it accepts UpToDate only";
  return e;
}

// dcap-qvl 0.5. Compares CPUSVN, and every TDX component even when the module has an identity; takes the most severe status.
TcbEvaluation dcap_qvl(const TcbInput& in) {
  if (in.tcb_info.version < 3) return unsupported("it reads TCB info of version 3 only");
  if (!in.qe_identity) return unsupported("it needs a QE identity");
  const Style style{sorted_levels(in.tcb_info), in.pck.cpu_svn, true};
  const Parts parts = match_parts(in, style, in.tee_tcb_svn);
  TcbEvaluation e = begin(in, parts);
  if (!knows_every_status(in)) return unsupported("the collateral has a status that is not known", std::move(e));
  if (!parts.match.platform_level || !parts.match.qe_level) return unsupported(parts.why, std::move(e));
  TcbStatus status = more_severe(*level_status(in.tcb_info.levels[*parts.match.platform_level].status, LevelOf::platform),
                                 *level_status(in.qe_identity->levels[*parts.match.qe_level].status, LevelOf::platform));
  if (in.tdx) {
    const intel::TdxModuleIdentity* expected = &*in.tcb_info.tdx_module;
    if (in.tee_tcb_svn[1] > 0 && !in.tcb_info.tdx_module_identities.empty()) {
      if (!parts.match.module) return unsupported(no_identity(in.tee_tcb_svn[1]), std::move(e));
      expected = parts.match.module;
      if (!parts.match.module_level) return unsupported("no level of the identity " + expected->id + " matches the TDX module", std::move(e));
      status = more_severe(status, *level_status(expected->levels[*parts.match.module_level].status, LevelOf::platform));
    }
    if (expected->mr_signer != in.mr_signer_seam) return unsupported("the signer of the TDX module is not the one of the TCB info", std::move(e));
    const std::uint64_t mask = le64(expected->attributes_mask);
    if (((in.seam_attributes ^ le64(expected->attributes)) & mask) != 0 || (in.seam_attributes & ~mask) != 0)
      return unsupported("the attributes of the TDX module are not those of the TCB info", std::move(e));
  }
  e.status = status;
  e.library = status == TcbStatus::revoked ? LibraryAnswer::refuses : LibraryAnswer::accepts;
  return e;
}

}  // namespace

TcbEvaluation evaluate_tcb(TcbProfile profile, const TcbInput& input) {
  if (const std::string why = foreign_documents(input, profile != TcbProfile::dcap_qvl); !why.empty()) return unsupported(why);
  switch (profile) {
    case TcbProfile::qvl_2026: return qvl_2026(input);
    case TcbProfile::qvl_2024: return qvl_2024(input);
    case TcbProfile::go_tdx_guest: return go_tdx_guest(input);
    case TcbProfile::dcap_qvl: return dcap_qvl(input);
  }
  return unsupported("no such profile");
}

}  // namespace atls::evidence
