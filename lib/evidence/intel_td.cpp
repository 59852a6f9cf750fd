// Attributes of the TD or enclave: what hardware must never report, and what makes a guest open to its host. Intel TDX module ABI,
// TD ATTRIBUTES, XFAM; Intel SDM volume 3D, ATTRIBUTES.
#include "evidence/intel_td.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.hpp"
#include "evidence/constraint.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

constexpr unsigned kDebug = 0, kSeptVeDisable = 28, kMigratable = 29, kPks = 30, kPerfmon = 63;
constexpr std::uint64_t bit(unsigned n) { return std::uint64_t{1} << n; }
// What may be set as far as this check is concerned; the first three have checks of their own. A policy may add reserved bits.
constexpr std::uint64_t kDefinedTdAttributes = bit(kDebug) | bit(kSeptVeDisable) | bit(kMigratable) | bit(kPks) | bit(kPerfmon);
constexpr unsigned kKeyLocker = 31;   // has a name, and the TDX module demands zero
constexpr std::uint64_t kXfamFixed1 = 0x3, kXfamFixed0 = 0x6DBE7;   // must be one; all others must be zero

constexpr unsigned kSgxInit_ = 0, kSgxDebug_ = 1, kSgxMode64 = 2;

std::string named_bits(std::uint64_t bits, const std::vector<std::string>& names) { return names.empty() ? fmt::format("{:#x}", bits) : fmt::format("{:#x} ({})", bits, fmt::join(names, ", ")); }
std::string td_text(std::uint64_t bits) { return named_bits(bits, intel::td_attribute_names(bits)); }
std::string xfam_text(std::uint64_t bits) { return named_bits(bits, intel::xfam_names(bits)); }

void check_xfam(std::uint64_t xfam, Report& report) {
  const std::uint64_t missing = kXfamFixed1 & ~xfam, forbidden = xfam & ~kXfamFixed0;
  std::string problem;
  if (missing != 0) problem = fmt::format("not set: {}", fmt::join(intel::xfam_names(missing), ", "));
  if (forbidden != 0) problem += fmt::format("{}set, and no TD can have it: {}", problem.empty() ? "" : "; ", fmt::join(intel::xfam_names(forbidden), ", "));
  with(report.judge(kXfamFixed, problem.empty(), problem), fmt::format("{} set, nothing beyond {:#x}", fmt::join(intel::xfam_names(kXfamFixed1), " and "), kXfamFixed0), xfam_text(xfam));

  struct Rule { std::uint64_t together; std::string_view text; };   // all of these or none
  std::string odd;
  const auto add = [&](std::string_view text) { odd += (odd.empty() ? "" : "; ") + std::string(text); };
  for (const Rule& rule : {Rule{bit(5) | bit(6) | bit(7), "of the AVX-512 states OPMASK, ZMM_HI256 and HI16_ZMM only some are set"}, Rule{bit(11) | bit(12), "of CET_U and CET_S only one is set"},
                           Rule{bit(17) | bit(18), "of XTILECFG and XTILEDATA only one is set"}})
    if ((xfam & rule.together) != 0 && (xfam & rule.together) != rule.together) add(rule.text);
  if ((xfam & bit(5)) != 0 && (xfam & bit(2)) == 0) add("AVX-512 is set without AVX");
  with(report.judge(kXfamCombination, odd.empty(), odd, Outcome::warn), "AVX with AVX-512, and related states together", xfam_text(xfam));
}

void check_seam_module(const intel::TdReport& td, Report& report) {
  const bool signer = is_zero(td.mr_signer_seam), attributes = td.seam_attributes == 0;
  auto& r = report.judge(kSeamZero, signer && attributes,
                         signer ? "the TDX module has attributes, which Intel's modules have not" : "the TDX module is not signed by Intel");
  with(r, "MRSIGNERSEAM and SEAMATTRIBUTES zero", signer ? fmt::format("SEAMATTRIBUTES {:#x}", td.seam_attributes) : "MRSIGNERSEAM " + hex(td.mr_signer_seam));
}

void skip_all(std::initializer_list<const CheckSpec*> specs, std::string_view why, Report& report) {
  for (const CheckSpec* spec : specs) report.skip(*spec, std::string(why));
}

struct OfTd {
  const intel::TdReport& td;
  const policy::Policy& policy;
  const policy::Alternative& alternative;
  Report& report;

  const std::optional<policy::AttributesRule>& rule() const { return alternative.tdx.td_attributes; }
  bool granted(const char* name) const { return rule() && rule()->bits && rule()->bits->allow && rule()->bits->allow->contains(name); }

  void reserved() const {
    const std::uint64_t granted_bits = (rule() ? rule()->allow_reserved : 0) | (granted("kl") ? bit(kKeyLocker) : 0);
    const std::uint64_t found = td.td_attributes & ~kDefinedTdAttributes, refused = found & ~granted_bits;
    CheckResult& r = refused != 0 ? report.fail(kTdAttributesReserved, fmt::format("reserved attributes are set: {}", fmt::join(intel::td_attribute_names(refused), ", ")))
                     : found != 0 ? report.warn(kTdAttributesReserved, fmt::format("reserved attributes are set, which the policy allows: {}", fmt::join(intel::td_attribute_names(found), ", ")))
                                  : report.pass(kTdAttributesReserved);
    with(r, fmt::format("nothing beyond {}", fmt::join(intel::td_attribute_names(kDefinedTdAttributes | granted_bits), ", ")), td_text(td.td_attributes));
  }

  void sept_ve() const {
    const bool set = (td.td_attributes & bit(kSeptVeDisable)) != 0;
    const Outcome otherwise = policy.require_sept_ve_disable ? Outcome::fail : Outcome::warn;
    auto& r = report.judge(kTdSeptVeDisable, set, "the host can cause exceptions in the TD by withdrawing pages, and its kernel must be prepared for that", otherwise);
    with(r, "SEPT_VE_DISABLE", td_text(td.td_attributes));
  }

  void service_td() const {
    if (!td.mr_servicetd) return (void)report.skip(kMrServicetd, "a body of version 1.0 does not tell service TDs");
    const std::string actual = hex(*td.mr_servicetd);
    const auto rules = policy::rules_of(alternative, &policy::Sections::tdx, &policy::TdxPolicy::mr_servicetd);
    const auto names_it = [&](const policy::BytesRule* rule) {
      return !rule->unchecked && rule->severity == policy::Sev::fail && !rule->any_of.empty() && !rule->mask && judge_bytes(*rule, *td.mr_servicetd).holds;
    };
    CheckResult* r = nullptr;
    if (is_zero(*td.mr_servicetd)) r = &report.pass(kMrServicetd);
    else if (std::any_of(rules.begin(), rules.end(), names_it)) r = &report.pass(kMrServicetd, "a service TD is bound, and it is the one that the policy expects");
    else if (policy.allow_service_td) r = &report.warn(kMrServicetd, "a service TD is bound, which may act on this TD; accepted on request (--allow-service-td)");
    else r = &report.fail(kMrServicetd, "a service TD is bound, which may act on this TD; name the expected one with --mr-servicetd, or accept any with --allow-service-td");
    with(*r, "zero, or a value of the policy", actual);
  }
};

}  // namespace

void check_td(const IntelCase& c, const Context&, Report& report) {
  if (const intel::TdReport* td = c.td()) {
    auto& perfmon = report.judge(kTdPerfmon, (td->td_attributes & bit(kPerfmon)) == 0, "the TD uses performance counters, which tell its host about it", Outcome::warn);
    with(perfmon, "PERFMON clear", td_text(td->td_attributes));
    check_xfam(td->xfam, report);
    check_seam_module(*td, report);
    return skip_all({&kSgxDebug, &kSgxInit}, "not an enclave", report);
  }
  skip_all({&kTdDebug, &kTdAttributesReserved, &kTdMigratable, &kTdSeptVeDisable, &kTdPerfmon, &kXfamFixed, &kXfamCombination, &kMrServicetd, &kSeamZero}, "not a TD", report);
  const intel::SgxReport* enclave = c.enclave();
  if (enclave == nullptr) return;
  const std::uint64_t flags = enclave->flags();
  const bool initialised = (flags & bit(kSgxInit_)) != 0, mode64 = (flags & bit(kSgxMode64)) != 0;
  auto& r = report.judge(kSgxInit, initialised && mode64, initialised ? "the enclave runs in 32-bit mode" : "the enclave is not initialised, so it cannot have asked for a report",
                         initialised ? Outcome::warn : Outcome::fail);
  with(r, "INIT and MODE64BIT", named_bits(flags, intel::sgx_flag_names(flags)));
}

void judge_attributes(const IntelCase& c, const policy::Policy& policy, const policy::Alternative& alternative, Report& report) {
  if (const intel::TdReport* td = c.td()) {
    const OfTd of{*td, policy, alternative, report};
    record_forbidden(kTdDebug, (td->td_attributes & bit(kDebug)) != 0,
                     {given_by(policy.allow_debug, "--allow-debug", alternative.tdx.debug == policy::Allow::allow), "the host may read and change the memory of this TD", "--allow-debug"}, report, {});
    of.reserved();
    record_forbidden(kTdMigratable, (td->td_attributes & bit(kMigratable)) != 0,
                     {given_by(policy.allow_migratable, "--allow-migratable", of.granted("migratable")), "the TD may be moved to another machine", "--allow-migratable"}, report, {});
    of.sept_ve();
    of.service_td();
  } else if (const intel::SgxReport* enclave = c.enclave()) {
    record_forbidden(kSgxDebug, (enclave->flags() & bit(kSgxDebug_)) != 0,
                     {given_by(policy.allow_debug, "--allow-debug", alternative.sgx.debug == policy::Allow::allow), "the host may read and change the memory of this enclave", "--allow-debug"}, report, {});
  }
}

}  // namespace atls::evidence
