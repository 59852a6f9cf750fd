#include "evidence/intel_constraints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "evidence/constraint.hpp"
#include "evidence/intel_tcb_status.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;
using policy::IntelPolicy, policy::SgxPolicy, policy::TdxPolicy;

Buffer little_endian(std::uint64_t value, std::size_t size) {
  Buffer out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return out;
}

// Names of policies for bits that the TDX module defines.
constexpr NamedBit kTdBits[] = {{0, "debug", {}}, {28, "sept_ve_disable", {}}, {29, "migratable", {}}, {30, "pks", {}}, {31, "kl", {}}, {63, "perfmon", {}}};
constexpr std::string_view kTdCeiling[] = {"debug", "migratable", "pks", "kl", "perfmon"};

// Constraints that TDX and SGX share.
template <class Section>
class IntelConstraints : protected SectionConstraints<Section> {
  using Base = SectionConstraints<Section>;

 protected:
  using Base::alternative_, Base::bytes, Base::constrain, Base::number, Base::report_, Base::rules, Base::section_;

  IntelConstraints(const IntelFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Section policy::Sections::*section, Report& report)
      : Base(alternative, section, {}, report), facts_(facts), c_(facts.c), policy_(policy) {}

  const Section& section() const { return alternative_.*section_; }

  // A claim that may be absent. `impossible`: evidence of this kind cannot have it; otherwise an input is missing.
  template <class Owner>
  void bytes_of(const CheckSpec& spec, std::optional<policy::BytesRule> Owner::*member, std::optional<Bytes> claim, const std::string& missing, bool impossible) {
    if (claim) return (void)bytes(spec, member, *claim);
    constrain(spec, member, "none", [&](const policy::BytesRule& rule) {
      Finding out = judge_bytes(rule, {});
      out.holds = false;
      out.problem = missing;
      out.no_such_claim = impossible;
      out.undecidable = !impossible;
      return out;
    });
  }

  void shared() {
    bytes(kPolicyQeVendorId, &IntelPolicy::qe_vendor_id, c_.quote->header.qe_vendor_id);
    svn(kPolicyMinQeSvn, &IntelPolicy::qe_svn, c_.quote->header.qe_svn, c_.quote->qe_report.isv_svn, "ISVSVN of the QE report");
    svn(kPolicyMinPceSvn, &IntelPolicy::pce_svn, c_.quote->header.pce_svn, c_.extension ? std::optional(c_.extension->pce_svn) : std::nullopt, "PCESVN of the PCK certificate");
    platform();
    tcb();
  }

 private:
  // The header first; TDX leaves it zero, and then another signed place has the number.
  void svn(const CheckSpec& spec, std::optional<policy::UintRule> IntelPolicy::*member, std::uint16_t header, std::optional<std::uint16_t> other, const char* place) {
    const bool elsewhere = c_.is_tdx() && header == 0;
    const std::optional<std::uint16_t> claim = elsewhere ? other : header;
    const std::string from = elsewhere ? std::string(place) + "; the header of a TDX quote has none" : "header of the quote";
    CheckResult& result = constrain(spec, member, claim ? std::to_string(*claim) : "none", [&](const policy::UintRule& rule) {
      Finding out = judge_uint(rule, claim.value_or(0));
      if (claim) return out;
      out.holds = false;
      out.undecidable = true;
      out.problem = "the PCK certificate is missing or has no readable SGX extension";
      return out;
    });
    if (claim) result.detail += fmt::format("{}{}", result.detail.empty() ? "" : "; ", from);
  }

  void platform() {
    const auto* x = c_.extension ? &*c_.extension : nullptr;
    const std::string missing = "the PCK certificate is missing or has no readable SGX extension";
    const auto one = [&](const CheckSpec& spec, std::optional<policy::BytesRule> IntelPolicy::*member, auto read) {
      bytes_of(spec, member, x ? std::optional(Bytes(read(*x))) : std::nullopt, missing, false);
    };
    one(kPolicyFmspc, &IntelPolicy::fmspc, [](const auto& e) -> const auto& { return e.fmspc; });
    one(kPolicyPceId, &IntelPolicy::pce_id, [](const auto& e) -> const auto& { return e.pce_id; });
    one(kPolicyPpid, &IntelPolicy::ppid, [](const auto& e) -> const auto& { return e.ppid; });
    const bool has_instance = x && x->platform_instance_id;
    bytes_of(kPolicyPlatformInstance, &IntelPolicy::piid, has_instance ? std::optional(Bytes(*x->platform_instance_id)) : std::nullopt,
             x ? "the PCK certificate names no platform instance: it comes from the Processor CA" : missing, x != nullptr);

    Constraint properties(kPolicyPlatform, x ? platform_text(*x) : "unknown", {});
    for (const policy::PlatformRule* rule : rules(&IntelPolicy::platform)) properties.rule(*rule, judge_platform(*rule, x));
    properties.record(report_);
  }

  static std::string platform_text(const intel::PckExtension& x) {
    const auto word = [](const std::optional<bool>& value) { return !value ? "not told" : *value ? "yes" : "no"; };
    return fmt::format("multithreading {}, memory integrity {}, dynamic {}", word(x.smt_enabled), x.sgx_type == 2 ? "yes" : "no", word(x.dynamic_platform));
  }

  static Finding judge_platform(const policy::PlatformRule& rule, const intel::PckExtension* x) {
    Finding out{.holds = x != nullptr, .expected = {}, .problem = {}, .undecidable = x == nullptr};
    const auto demand = [&](const std::optional<bool>& wanted, std::string_view expected, std::optional<bool> holds, std::string_view problem) {
      if (!wanted.value_or(false)) return;
      out.expected += (out.expected.empty() ? "" : ", ") + std::string(expected);
      if (x == nullptr || holds.value_or(false)) return;
      out.holds = false;
      out.problem += (out.problem.empty() ? "" : "; ") + (holds ? std::string(problem) : "the PCK certificate does not tell: " + std::string(expected));
    };
    const auto is_not = [](const std::optional<bool>& value) { return value ? std::optional(!*value) : std::nullopt; };
    demand(rule.smt_disabled, "multithreading off", x ? is_not(x->smt_enabled) : std::nullopt, "multithreading is on");
    demand(rule.memory_integrity, "memory integrity", x && x->sgx_type == 2, "memory is not protected against changes");
    demand(rule.static_platform, "static platform", x ? is_not(x->dynamic_platform) : std::nullopt, "packages can be added to the platform");
    if (x == nullptr) out.problem = "the PCK certificate is missing or has no readable SGX extension";
    return out;
  }

  void tcb() {
    judge_tcb_status(facts_.tcb, section(), policy_, facts_.now, report_);
    const TcbEvaluation* e = facts_.tcb.evaluation ? &*facts_.tcb.evaluation : nullptr;
    const std::string why = facts_.tcb.why_not.empty() ? "the TCB was not evaluated" : facts_.tcb.why_not;

    const auto date = e ? parse_rfc3339(e->tcb_date) : std::nullopt;
    Constraint dates(kPolicyTcbDate, date ? rfc3339(*date) : "none", {});
    for (const policy::DateRule* rule : rules(&IntelPolicy::tcb_date))
      if (rule->min)
        dates.rule(*rule, {.holds = date && *date >= *rule->min, .expected = "not before " + rfc3339(*rule->min),
                           .problem = !e ? why : date ? "the oldest TCB level that matched is of " + rfc3339(*date) : "no TCB level matched", .undecidable = !date});
    dates.record(report_);

    Constraint advisories(kPolicyAdvisoryIds, !e ? "unknown" : e->advisories.empty() ? "none" : fmt::format("{}", fmt::join(e->advisories, ", ")), {});
    for (const policy::AdvisoriesRule* rule : rules(&IntelPolicy::advisory_ids)) advisories.rule(*rule, judge_advisories(*rule, e, why));
    advisories.record(report_);

    Constraint evaluation(kCollateralEvalNumber, facts_.eval_number ? std::to_string(*facts_.eval_number) : "none", {});
    auto all = rules(&IntelPolicy::tcb_eval_number);
    if (policy_.tcb_eval_number) all.push_back(&*policy_.tcb_eval_number);
    for (const policy::UintRule* rule : all) {
      if (rule->unchecked) {
        evaluation.unchecked(*rule);
        continue;
      }
      Finding finding = judge_uint(*rule, facts_.eval_number.value_or(0));
      if (!facts_.eval_number) {
        finding.holds = false;
        finding.undecidable = true;
        finding.problem = facts_.no_eval_number;
      }
      evaluation.rule(*rule, finding);
    }
    CheckResult& result = evaluation.record(report_);
    if (result.outcome == Outcome::skip && facts_.eval_number) {
      result.outcome = Outcome::pass;
      result.detail = "no number is demanded; the smaller one of TCB info and QE identity is told";
    }
  }

  static Finding judge_advisories(const policy::AdvisoriesRule& rule, const TcbEvaluation* e, const std::string& why) {
    Finding out{.holds = e != nullptr, .expected = {}, .problem = e ? "" : why, .undecidable = e == nullptr};
    if (!rule.any_of.empty()) out.expected = fmt::format("none but {}", fmt::join(rule.any_of, ", "));
    if (!rule.none_of.empty()) out.expected += fmt::format("{}none of {}", out.expected.empty() ? "" : "; ", fmt::join(rule.none_of, ", "));
    if (e == nullptr) return out;
    std::vector<std::string> refused;
    for (const std::string& id : e->advisories)
      if (rule.none_of.contains(id) || (!rule.any_of.empty() && !rule.any_of.contains(id))) refused.push_back(id);
    out.holds = refused.empty();
    if (!out.holds) out.problem = fmt::format("open and not accepted: {}", fmt::join(refused, ", "));
    return out;
  }

 protected:
  const IntelFacts& facts_;
  const IntelCase& c_;
  const policy::Policy& policy_;
};

class TdConstraints : IntelConstraints<TdxPolicy> {
 public:
  TdConstraints(const IntelFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Report& report)
      : IntelConstraints(facts, policy, alternative, &policy::Sections::tdx, report), td_(*facts.c.td()) {}

  void run() {
    bytes(kPolicyMrTd, &TdxPolicy::mr_td, td_.mr_td);
    bytes(kPolicyMrSeam, &TdxPolicy::mr_seam, td_.mr_seam);
    bytes(kPolicyMrSignerSeam, &TdxPolicy::mr_signer_seam, td_.mr_signer_seam);
    for (std::size_t i = 0; i < td_.rtmr.size(); ++i) rtmr(i);
    bytes(kPolicyMrConfigId, &TdxPolicy::mr_config_id, td_.mr_config_id);
    bytes(kPolicyMrOwner, &TdxPolicy::mr_owner, td_.mr_owner);
    bytes(kPolicyMrOwnerConfig, &TdxPolicy::mr_owner_config, td_.mr_owner_config);
    attributes();
    bytes(kPolicyXfam, &TdxPolicy::xfam, little_endian(td_.xfam, 8));
    bytes(kPolicyMinTeeTcbSvn, &TdxPolicy::tee_tcb_svn, td_.tee_tcb_svn);
    const std::string old_body = "a body of version 1.0 has no such field";
    bytes_of(kPolicyTeeTcbSvn2, &TdxPolicy::tee_tcb_svn_2, td_.tee_tcb_svn2 ? std::optional(Bytes(*td_.tee_tcb_svn2)) : std::nullopt, old_body, true);
    bytes_of(kPolicyMrServicetd, &TdxPolicy::mr_servicetd, td_.mr_servicetd ? std::optional(Bytes(*td_.mr_servicetd)) : std::nullopt, old_body, true);
    bytes(kPolicyReportData, &IntelPolicy::report_data, td_.report_data);
    shared();
    events();
    event_log();
  }

 private:
  void rtmr(std::size_t i) {
    std::vector<const policy::BytesRule*> all;
    for (const policy::TdxPolicy* place : {&alternative_.tdx, &alternative_.also.tdx})
      if (place->rtmr[i]) all.push_back(&*place->rtmr[i]);
    constrain(*kPolicyRtmr[i], all, hex(td_.rtmr[i]), [&](const policy::BytesRule& rule) { return judge_bytes(rule, td_.rtmr[i]); });
  }

  void attributes() {
    const Buffer value = little_endian(td_.td_attributes, 8);
    const auto names = intel::td_attribute_names(td_.td_attributes);
    Constraint c(kPolicyTdAttributes, fmt::format("{} ({})", hex(value), names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))), {});
    for (const policy::AttributesRule* rule : rules(&TdxPolicy::td_attributes)) {
      if (rule->value && rule->value->unchecked) c.unchecked(*rule);
      else if (rule->value) c.rule(*rule, judge_bytes(*rule->value, value));
      if (rule->bits) c.rule(*rule, judge_bits(*rule->bits, td_.td_attributes, kTdBits, kTdCeiling));
    }
    c.record(report_);
  }

  void events() {
    Constraint c(kPolicyEvents, event_names(facts_.events), {});
    for (const policy::TdxPolicy* place : {&alternative_.tdx, &alternative_.also.tdx})
      for (const auto& [name, rule] : place->events) {
        if (rule.unchecked) c.unchecked(rule);
        else c.rule(rule, judge_event(facts_.events, name, rule));
      }
    c.record(report_);
  }

  // Without a demand a missing log is told and nothing more.
  void event_log() {
    if (!alternative_.tdx.ccel_replay.value_or(false)) return;
    const auto refuse = [&](const CheckSpec& spec, const std::string& why) { report_.fail(spec, why).on_fail = ExitCode::refused; };
    if (!c_.evidence || !c_.evidence->event_log) return refuse(kEventLogParse, "the policy demands an event log, and the evidence came without one");
    for (const CheckSpec* spec : kRtmrReplay)
      if (facts_.report.outcome_of(*spec) != Outcome::pass && facts_.report.outcome_of(*spec) != Outcome::fail) refuse(*spec, "the policy demands that the event log explains this register");
  }

  const intel::TdReport& td_;
};

class EnclaveConstraints : IntelConstraints<SgxPolicy> {
 public:
  EnclaveConstraints(const IntelFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Report& report)
      : IntelConstraints(facts, policy, alternative, &policy::Sections::sgx, report), e_(*facts.c.enclave()) {}

  void run() {
    bytes(kPolicyMrEnclave, &SgxPolicy::mr_enclave, e_.mr_enclave);
    bytes(kPolicyMrSigner, &SgxPolicy::mr_signer, e_.mr_signer);
    number(kPolicyIsvProdId, &SgxPolicy::isv_prod_id, e_.isv_prod_id);
    number(kPolicyMinIsvSvn, &SgxPolicy::isv_svn, e_.isv_svn);
    bytes(kPolicyAttributes, &SgxPolicy::attributes, e_.attributes);
    bytes(kPolicyMiscSelect, &SgxPolicy::misc_select, little_endian(e_.misc_select, 4));
    bytes(kPolicyConfigId, &SgxPolicy::config_id, e_.config_id);
    bytes(kPolicyIsvFamilyId, &SgxPolicy::isv_family_id, e_.isv_family_id);
    bytes(kPolicyIsvExtProdId, &SgxPolicy::isv_ext_prod_id, e_.isv_ext_prod_id);
    bytes(kPolicyReportData, &IntelPolicy::report_data, e_.report_data);
    shared();
  }

 private:
  const intel::SgxReport& e_;
};

}  // namespace

void check_intel_constraints(const IntelFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Report& report) {
  if (facts.c.td() != nullptr) TdConstraints(facts, policy, alternative, report).run();
  else if (facts.c.enclave() != nullptr) EnclaveConstraints(facts, policy, alternative, report).run();
}

}  // namespace atls::evidence
