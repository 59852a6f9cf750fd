// The checks from qe-miscselect to td-relaunch: whether QE and TDX module are those of Intel's documents, and which TCB levels they and
// the platform reach. Only documents whose own checks hold decide anything. Intel PCS API v4; Intel DCAP quote verification library.
#include <algorithm>

#include "base/hex.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/intel_tcb_explain.hpp"
#include "evidence/intel_tcb_levels.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

// Why a document decides nothing. `absent` only where it is allowed to be missing.
struct Obstacle { bool absent = false; std::string why; };

std::optional<Obstacle> obstacle(bool supplied, bool decoded, const std::string& missing, const char* what, std::initializer_list<const CheckSpec*> own_checks, const Context& context, const Report& report) {
  if (!supplied && context.policy.allow_missing_collateral) return Obstacle{true, std::string("there is no ") + what + ", which was allowed"};
  if (!supplied) return Obstacle{false, std::string("there is no ") + what + (missing.empty() ? ", see collateral-present" : ": " + missing)};
  for (const CheckSpec* spec : own_checks) {
    const CheckResult* own = report.find(spec->id);
    if (own == nullptr || (own->outcome != Outcome::pass && own->outcome != Outcome::warn))
      return Obstacle{false, std::string("the ") + what + " decides nothing: see " + std::string(spec->id)};
  }
  if (!decoded) return Obstacle{false, std::string("the ") + what + " does not decode"};
  // Unknown revocation is judged by the check itself; a signer that is known to be revoked signs nothing.
  if (report.outcome_of(kTcbSignerRevoked) == Outcome::fail) return Obstacle{false, std::string("the ") + what + " decides nothing: see tcb-signer-revoked"};
  return {};
}

void hinder(std::initializer_list<const CheckSpec*> specs, const Obstacle& o, Report& report) {
  for (const CheckSpec* spec : specs) {
    if (o.absent) report.skip(*spec, o.why);
    else report.error(*spec, o.why);
  }
}

template <std::size_t N>
std::array<std::uint8_t, N> masked(const std::array<std::uint8_t, N>& value, const std::array<std::uint8_t, N>& mask) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = value[i] & mask[i];
  return out;
}

template <std::size_t N>
std::array<std::uint8_t, N> svn_bytes(std::uint64_t value) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return out;
}

std::string level_text(const intel::IsvLevel& level) { return "level " + std::to_string(level.isv_svn) + ", " + level.status + ", of " + level.tcb_date; }

std::string lowest(const std::vector<intel::IsvLevel>& levels) {
  const auto l = std::min_element(levels.begin(), levels.end(), [](const auto& a, const auto& b) { return a.isv_svn < b.isv_svn; });
  return l == levels.end() ? "a level (there is none)" : "at least " + std::to_string(l->isv_svn);
}

void check_qe(const intel::SgxReport& qe, const intel::QeIdentity& identity, Report& report) {
  // As Intel's library, the masked value is compared with the whole expected one.
  report.compare(kQeMiscselect, identity.misc_select, masked(svn_bytes<4>(qe.misc_select), identity.misc_select_mask));
  report.compare(kQeAttributes, identity.attributes, masked(qe.attributes, identity.attributes_mask));
  report.compare(kQeMrsigner, identity.mr_signer, qe.mr_signer);
  with(report.judge(kQeIsvprodid, qe.isv_prod_id == identity.isv_prod_id, "the quoting enclave is another product"), std::to_string(identity.isv_prod_id), std::to_string(qe.isv_prod_id));
  const auto level = match_isv(identity.levels, qe.isv_svn);
  auto& r = report.judge(kQeTcbLevel, level.has_value(), "the quoting enclave is older than every level of its identity: update the DCAP packages of the host");
  with(r, lowest(identity.levels), std::to_string(qe.isv_svn));
  if (level) r.detail = level_text(identity.levels[*level]);
}

// Signer, attributes, identity and level for one TEE_TCB_SVN. `now` for the module that runs now, where another one launched the TD:
// signer and attributes are told of the launch only.
void check_module(const intel::TdReport& td, const Svn& svn, bool now, const intel::TcbInfo& info, Report& report) {
  if (now && svn[1] == 0) return;
  const std::string of_now = now ? "for the TDX module that runs now: " : "", id = module_identity_id(svn[1]);
  const intel::TdxModuleIdentity* expected = info.tdx_module ? &*info.tdx_module : nullptr;
  if (svn[1] == 0) {
    report.skip(kTdxModuleIdentity, "a TDX module of version 0 has no identity of its own");
    report.skip(kTdxModuleTcbLevel, "a TDX module of version 0 is judged with the platform");
  } else {
    expected = find_module_identity(info, svn[1]);
    if (!expected) {
      with(report.fail(kTdxModuleIdentity, of_now + "the TCB info does not know this version of the TDX module"), id, "");
      report.error(kTdxModuleTcbLevel, of_now + "no identity, see tdx-module-identity");
    } else {
      auto& found = report.judge(kTdxModuleIdentity, expected->id == id, of_now + "the identity is not written in upper case, as Intel does; some verifiers do not find it", Outcome::warn);
      with(found, id, expected->id);
      const auto level = match_isv(expected->levels, svn[0]);
      auto& r = report.judge(kTdxModuleTcbLevel, level.has_value(), of_now + "the TDX module is older than every level of its identity: update the TDX module of the host");
      with(r, lowest(expected->levels), std::to_string(svn[0]));
      if (level) r.detail = of_now + level_text(expected->levels[*level]);
    }
  }
  if (now) return;
  if (!expected) {
    for (const CheckSpec* spec : {&kTdxModuleMrsigner, &kTdxModuleAttributes}) report.error(*spec, "no identity to compare with, see tdx-module-identity");
    return;
  }
  report.compare(kTdxModuleMrsigner, expected->mr_signer, td.mr_signer_seam);
  auto& r = report.compare(kTdxModuleAttributes, expected->attributes, masked(svn_bytes<8>(td.seam_attributes), expected->attributes_mask));
  // Intel's own library ignores the mask and demands zero; others use the mask. Both must hold.
  if (td.seam_attributes != 0 && r.outcome == Outcome::pass) with(report.fail(kTdxModuleAttributes, "no attribute of a TDX module may be set"), hex(svn_bytes<8>(0)), hex(svn_bytes<8>(td.seam_attributes)));
}

void check_relaunch(const IntelCase& c, const TcbVerdict& tcb, Report& report) {
  const intel::TdReport* td = c.td();
  if (!td) return (void)report.skip(kTdRelaunch, "an enclave has no TDX module");
  if (!td->tee_tcb_svn2) return (void)report.skip(kTdRelaunch, "the report does not say which TDX module runs now");
  const TcbEvaluation* reference = tcb.all.empty() ? nullptr : &tcb.all.front().second;
  const bool same = *td->tee_tcb_svn2 == td->tee_tcb_svn;
  std::string detail = "the TDX module was updated since the TD was launched";
  if (!same && reference && reference->current) {
    detail += "; the one that runs now is " + std::string(tcb_status_name(*reference->current));
    if (!reference->current_why.empty()) detail += " (" + reference->current_why + ")";
    if (!reference->current_date.empty()) detail += ", its levels are of " + reference->current_date;
  }
  auto& r = report.judge(kTdRelaunch, same, detail, Outcome::warn);
  with(r, hex(td->tee_tcb_svn), hex(*td->tee_tcb_svn2));
  // The status of the launch decides; but what runs now must not be revoked.
  if (reference && reference->current == TcbStatus::revoked) {
    auto& fail = report.fail(kTdRelaunch, "what runs now is revoked");
    with(fail, "", "Revoked");
    fail.on_fail = ExitCode::rejected;
  }
}

void check_platform(const TcbInput& in, const TcbVerdict& tcb, const std::string& overridden, Report& report) {
  const TcbEvaluation& reference = tcb.all.front().second;
  // dcap-qvl compares more than the others; with it chosen, its own match counts, too.
  const bool launch = reference.platform_level && (tcb.profile != TcbProfile::dcap_qvl || tcb.evaluation->platform_level), current = !in.tee_tcb_svn2 || !in.tdx || reference.current_match.platform_level;
  std::string have = "components " + hex(in.pck.components) + ", PCE " + std::to_string(in.pck.pce_svn);
  if (in.tdx) have += ", TEE_TCB_SVN " + hex(in.tee_tcb_svn);
  if (!launch || !current) {
    auto& r = report.fail(kPlatformTcbLevel, std::string(launch ? "with the TDX module that runs now, " : "") + "the platform is below every level of the TCB info; " + what_is_missing(in) + overridden);
    with(r, "a level of the TCB info for FMSPC " + in.tcb_info.fmspc, have);
    return;
  }
  const intel::TcbLevel& level = in.tcb_info.levels[*reference.platform_level];
  std::string detail = level.status + ", of " + level.tcb_date;
  auto& r = overridden.empty() ? report.pass(kPlatformTcbLevel, std::move(detail)) : report.warn(kPlatformTcbLevel, detail + overridden);
  with(r, "", have);
}

std::string first_failed(const Report& report) {
  for (const CheckSpec* spec : {&kPlatformTcbLevel, &kTdxModuleIdentity, &kTdxModuleTcbLevel, &kTdxModuleMrsigner, &kTdxModuleAttributes, &kQeTcbLevel})
    if (report.outcome_of(*spec) == Outcome::fail) return std::string(spec->id);
  return {};
}

constexpr const CheckSpec* kModuleChecks[] = {&kTdxModuleMrsigner, &kTdxModuleAttributes, &kTdxModuleIdentity, &kTdxModuleTcbLevel};

TcbVerdict evaluate(const IntelCase& c, const intel::QeIdentity* qe_identity, const Context& context, Report& report) {
  TcbVerdict tcb;
  const intel::Quote& quote = *c.quote;
  std::shared_ptr<const intel::TcbInfo> info = c.tcb_info->document;
  std::string overridden;
  if (context.policy.tcb_override) {
    const auto caps = policy::parse_tcb_override(*context.policy.tcb_override);
    if (!caps) {                               // the tools refuse such a file before anything is judged
      tcb.why_not = "--allow-tcb-override: " + caps.error().message();
      auto& r = report.fail(kPlatformTcbLevel, tcb.why_not);
      r.on_fail = ExitCode::usage;
      return tcb;
    }
    const auto lowered = std::make_shared<intel::TcbInfo>(*info);
    for (const std::string& sentence : apply_caps(*caps, *lowered)) overridden += "; --allow-tcb-override: " + sentence;
    info = lowered;
    if (overridden.empty()) overridden = "; --allow-tcb-override changes no level for FMSPC " + info->fmspc;
  }
  const intel::TdReport* td = c.td();
  TcbInput in{*c.extension, quote.qe_report.isv_svn, td != nullptr, {}, {}, {}, 0, *info, qe_identity};
  if (td) {
    in.tee_tcb_svn = td->tee_tcb_svn;
    in.tee_tcb_svn2 = td->tee_tcb_svn2;
    in.mr_signer_seam = td->mr_signer_seam;
    in.seam_attributes = td->seam_attributes;
    check_module(*td, td->tee_tcb_svn, false, *info, report);
    if (td->tee_tcb_svn2 && *td->tee_tcb_svn2 != td->tee_tcb_svn) check_module(*td, *td->tee_tcb_svn2, true, *info, report);
  }
  const auto chosen = tcb_profile_from(context.policy.tcb_profile);
  if (!chosen) {
    tcb.why_not = "--tcb-profile " + context.policy.tcb_profile + ": there is no such profile";
    auto& r = report.fail(kPlatformTcbLevel, tcb.why_not);
    r.on_fail = ExitCode::usage;
    return tcb;
  }
  tcb.profile = *chosen;
  tcb.tcb_info = info;
  tcb.without_qe = qe_identity == nullptr;
  for (const TcbProfile profile : tcb_profiles()) tcb.all.emplace_back(profile, evaluate_tcb(profile, in));
  for (const auto& [profile, evaluation] : tcb.all)
    if (profile == *chosen) tcb.evaluation = evaluation;
  check_platform(in, tcb, overridden, report);
  report.tcb = explain_tcb(in, tcb, context.policy);
  report.tcb->overrides = overridden.empty() ? "" : overridden.substr(2);
  return tcb;
}

}  // namespace

TcbVerdict check_tcb(const IntelCase& c, const Context& context, Report& report) {
  const intel::SgxReport& qe = c.quote->qe_report;
  // ATTRIBUTES.DEBUG, bit 1 of the flags; needs no document.
  report.judge(kQeDebug, (qe.flags() & 2) == 0, "everyone on the host can read the keys of a debug enclave");

  const auto no_identity = obstacle(c.qe_identity.has_value(), c.qe_identity && c.qe_identity->document, c.qe_identity_missing, "QE identity",
                                    {&kQeIdentityParse, &kQeIdentityIdVersion, &kQeIdentitySignerChain, &kQeIdentitySignature, &kQeIdentityTime}, context, report);
  const intel::QeIdentity* identity = !no_identity ? c.qe_identity->document.get() : nullptr;
  if (no_identity) hinder({&kQeMiscselect, &kQeAttributes, &kQeMrsigner, &kQeIsvprodid, &kQeTcbLevel}, *no_identity, report);
  else check_qe(qe, *identity, report);

  auto no_info = obstacle(c.tcb_info.has_value(), c.tcb_info && c.tcb_info->document, c.tcb_info_missing, "TCB info",
                          {&kTcbInfoParse, &kTcbInfoIdVersion, &kTcbInfoSignerChain, &kTcbInfoSignature, &kTcbInfoTime, &kTcbInfoFmspc, &kTcbInfoPceid, &kTcbInfoTcbtype}, context, report);
  if (!no_info && !c.extension) no_info = Obstacle{false, "the TCB of the platform is not known, see pck-sgx-extension"};

  TcbVerdict tcb;
  if (!c.td())
    for (const CheckSpec* spec : kModuleChecks) report.skip(*spec, "an enclave has no TDX module");
  if (no_info) {
    if (c.td()) hinder({&kTdxModuleMrsigner, &kTdxModuleAttributes, &kTdxModuleIdentity, &kTdxModuleTcbLevel}, *no_info, report);
    hinder({&kPlatformTcbLevel}, *no_info, report);
    tcb.why_not = no_info->why;
    tcb.missing_allowed = no_info->absent && (!no_identity || no_identity->absent);
    if (!tcb.missing_allowed && no_info->absent) tcb.why_not = no_identity->why;
    if (const auto level = identity ? match_isv(identity->levels, qe.isv_svn) : std::nullopt) {
      tcb.qe_alone = level_status(identity->levels[*level].status, LevelOf::qe).value_or(TcbStatus::not_supported);
      tcb.qe_advisories = identity->levels[*level].advisories;
    }
  } else {
    tcb = evaluate(c, identity, context, report);
    if (no_identity && !no_identity->absent) {   // the status would be that of a platform without its quoting enclave
      tcb.evaluation.reset();
      tcb.why_not = no_identity->why;
    }
  }
  tcb.failed_check = first_failed(report);
  check_relaunch(c, tcb, report);
  return tcb;
}

}  // namespace atls::evidence
