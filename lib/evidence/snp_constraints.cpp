#include "evidence/snp_constraints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/constraint.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using policy::SnpPolicy;

// Ceiling bits may be set only when listed; SEV-SNP ABI (AMD 56860), POLICY and PLATFORM_INFO.
constexpr std::string_view kPolicyCeiling[] = {"smt", "migrate_ma", "debug", "cxl"};
constexpr std::string_view kPlatformCeiling[] = {"smt", "tsme", "tio"};

class SnpConstraints : SectionConstraints<SnpPolicy> {
 public:
  SnpConstraints(const SnpFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Report& report)
      : SectionConstraints(alternative, &policy::Sections::snp, facts.report.signing_key_raw() == 1 ? "VLEK" : "VCEK", report), facts_(facts), r_(facts.report), policy_(policy) {}

  void run() {
    identity();
    guest();
    tcb();
    firmware();
    platform();
    launch();
    mitigations();
    origin();
    certificate_table();
  }

 private:
  void identity() {
    bytes(checks::kSnpPolicyMeasurement, &SnpPolicy::measurement, r_.measurement);
    bytes(checks::kSnpPolicyHostData, &SnpPolicy::host_data, r_.host_data);
    bytes(checks::kSnpPolicyReportData, &SnpPolicy::report_data, r_.report_data);
    bytes(checks::kSnpPolicyFamilyId, &SnpPolicy::family_id, r_.family_id);
    bytes(checks::kSnpPolicyImageId, &SnpPolicy::image_id, r_.image_id);
    bytes(checks::kSnpPolicyReportId, &SnpPolicy::report_id, r_.report_id);
    bytes(checks::kSnpPolicyReportIdMa, &SnpPolicy::report_id_ma, r_.report_id_ma);
    CheckResult& chip = bytes(checks::kSnpPolicyChipId, &SnpPolicy::chip_id, r_.chip_id);
    if (chip.outcome != Outcome::pass && chip.outcome != Outcome::skip && is_zero(r_.chip_id)) chip.detail += "; the platform masks its chip id";
  }

  void guest() {
    const auto by = [&](bool flag, std::string_view name, policy::Allow file) { return given_by(flag, name, file == policy::Allow::allow); };
    record_forbidden(checks::kSnpPolicyDebug, r_.policy.debug_allowed(),
                     {by(policy_.allow_debug, "--allow-debug", alternative_.snp.debug), "the host may read and change the memory of this guest", "--allow-debug"}, report_, signer_);
    record_forbidden(checks::kSnpPolicyMigration, r_.policy.migrate_ma_allowed(),
                     {by(policy_.allow_migration, "--allow-migration", alternative_.snp.migrate_ma), "a migration agent may move this guest", "--allow-migration"}, report_, signer_);

    Constraint bits(checks::kSnpPolicyGuest, bits_text(r_.policy.bits, snp::guest_policy_bits()), signer_);
    Constraint abi(checks::kSnpPolicyAbi, fmt::format("{}.{}", r_.policy.abi_major(), r_.policy.abi_minor()), signer_);
    for (const policy::BitsRule* rule : rules(&SnpPolicy::guest_policy)) {
      if (rule->allow || !rule->require.empty() || !rule->forbid.empty() || rule->equals) bits.rule(*rule, judge_bits(*rule, r_.policy.bits, snp::guest_policy_bits(), kPolicyCeiling));
      if (rule->abi_min) abi.rule(*rule, judge_abi(*rule->abi_min));
    }
    bits.record(report_);
    abi.record(report_);

    CheckResult& vmpl = number(checks::kSnpPolicyVmpl, &SnpPolicy::vmpl, r_.vmpl);
    if (vmpl.outcome == Outcome::skip && r_.vmpl != 0 && rules(&SnpPolicy::vmpl).empty()) {
      vmpl.outcome = Outcome::warn;
      vmpl.detail = fmt::format("requested at VMPL {}, which is not the most privileged level; pin it with --vmpl {}", r_.vmpl, r_.vmpl);
      vmpl.signed_by = signer_;
    }
    number(checks::kSnpPolicyGuestSvn, &SnpPolicy::guest_svn, r_.guest_svn);
  }

  Finding judge_abi(std::pair<unsigned, unsigned> min) const {
    const std::pair<unsigned, unsigned> have{r_.policy.abi_major(), r_.policy.abi_minor()};
    return {.holds = have >= min, .expected = fmt::format("at least {}.{}", min.first, min.second), .problem = fmt::format("have {}.{}, need {}.{}", have.first, have.second, min.first, min.second)};
  }

  void tcb(const CheckSpec& spec, std::optional<policy::TcbRule> SnpPolicy::*member, const snp::TcbVersion& claim) {
    const std::string text = facts_.product == snp::ProductLine::unknown ? hex(claim.raw) : claim.text(snp::tcb_layout(facts_.product));
    Constraint(spec, text, signer_).rules(rules(member), [&](const policy::TcbRule& rule) { return judge_tcb(rule, claim, facts_.product); }).record(report_);
  }

  void tcb() {
    tcb(checks::kSnpPolicyMinimumTcb, &SnpPolicy::tcb_reported, r_.reported_tcb);
    tcb(checks::kSnpPolicyMinimumLaunchTcb, &SnpPolicy::tcb_launch, r_.launch_tcb);
    tcb(checks::kSnpPolicyTcbCurrent, &SnpPolicy::tcb_current, r_.current_tcb);
    tcb(checks::kSnpPolicyTcbCommitted, &SnpPolicy::tcb_committed, r_.committed_tcb);
    if (facts_.cert_tcb) return tcb(checks::kSnpPolicyTcbCert, &SnpPolicy::tcb_cert, *facts_.cert_tcb);
    Constraint(checks::kSnpPolicyTcbCert, "", "")
        .rules(rules(&SnpPolicy::tcb_cert), [](const policy::TcbRule&) { return Finding{.expected = "a minimum of the certificate's TCB", .problem = "there is no endorsement key certificate", .undecidable = true}; })
        .record(report_);
  }

  void firmware() {
    const snp::FirmwareVersion& have = r_.current_version;
    Constraint(checks::kSnpPolicyMinimumVersion, have.text(), signer_)
        .rules(rules(&SnpPolicy::firmware_version),
               [&](const policy::VersionRule& rule) {
                 // Without a build in the policy only major and minor are compared.
                 const snp::FirmwareVersion need{rule.major, rule.minor, rule.build.value_or(0)};
                 const std::string text = rule.build ? need.text() : fmt::format("{}.{}", rule.major, rule.minor);
                 return Finding{.holds = have >= need, .expected = "at least " + text, .problem = fmt::format("have {}, need {}", have.text(), text)};
               })
        .record(report_);
    number(checks::kSnpPolicyMinimumBuild, &SnpPolicy::firmware_build, have.build);
    number(checks::kSnpPolicyReportVersion, &SnpPolicy::version, r_.version);
    if (alternative_.snp.provisional != policy::Allow::forbid) return;
    const snp::TcbLayout layout = snp::tcb_layout(facts_.product);
    if (!(r_.committed_tcb == r_.current_tcb)) provisional(checks::kSnpTcbCommittedEqualsCurrent, r_.current_tcb.text(layout), r_.committed_tcb.text(layout));
    if (r_.committed_version != r_.current_version) provisional(checks::kSnpVersionCommittedEqualsCurrent, r_.current_version.text(), r_.committed_version.text());
  }

  // A warning of the consistency checks that the policy makes a refusal.
  void provisional(const CheckSpec& spec, const std::string& current, const std::string& committed) {
    CheckResult& result = report_.fail(spec, "the firmware can be rolled back to the committed one, and the policy forbids provisional firmware");
    result.on_fail = ExitCode::refused;
    result.expected = current;
    result.actual = committed;
    result.signed_by = signer_;
  }

  void platform() {
    Constraint(checks::kSnpPolicyPlatformInfo, bits_text(r_.platform_info, snp::platform_info_bits()), signer_)
        .rules(rules(&SnpPolicy::platform_info), [&](const policy::BitsRule& rule) { return judge_bits(rule, r_.platform_info, snp::platform_info_bits(), kPlatformCeiling); })
        .record(report_);
  }

  void launch() {
    const bool need_author = alternative_.snp.author_required.value_or(false);
    const bool need_block = alternative_.snp.id_block_required.value_or(false) || need_author;
    Constraint id(checks::kSnpPolicyIdKey, hex(r_.id_key_digest), signer_);
    if (need_block)
      id.rule({.source = "required ID block", .comment = {}}, {.holds = !is_zero(r_.id_key_digest), .expected = "an ID key digest", .problem = "the guest was launched without a signed ID block"});
    for (const policy::BytesRule* rule : rules(&SnpPolicy::id_key_digest)) {
      if (rule->unchecked) id.unchecked(*rule);
      else id.rule(*rule, judge_bytes(*rule, r_.id_key_digest));
    }
    id.record(report_);

    // The digest says something only when AUTHOR_KEY_EN is set.
    Constraint author(checks::kSnpPolicyAuthorKey, fmt::format("AUTHOR_KEY_EN {}, {}", r_.author_key_en() ? 1 : 0, hex(r_.author_key_digest)), signer_);
    if (need_author)
      author.rule({.source = "required author key", .comment = {}},
                  {.holds = r_.author_key_en() && !is_zero(r_.author_key_digest), .expected = "AUTHOR_KEY_EN 1 and a digest", .problem = "the ID key of the guest was not signed by an author key"});
    for (const policy::BytesRule* rule : rules(&SnpPolicy::author_key_digest)) {
      if (rule->unchecked) {
        author.unchecked(*rule);
        continue;
      }
      Finding finding = judge_bytes(*rule, r_.author_key_digest);
      if (finding.holds && !r_.author_key_en() && !is_zero(r_.author_key_digest)) {
        finding.holds = false;
        finding.problem = "AUTHOR_KEY_EN is 0, so the digest is not valid";
      }
      author.rule(*rule, finding);
    }
    author.record(report_);
  }

  void mitigations() {
    const auto vector = [&](const CheckSpec& spec, std::optional<policy::MaskRule> SnpPolicy::*member, std::uint64_t have) {
      const bool exists = r_.version >= 5;
      Constraint(spec, exists ? fmt::format("{:#x}", have) : fmt::format("none in report version {}", r_.version), signer_)
          .rules(rules(member),
                 [&](const policy::MaskRule& rule) {
                   const std::string problem = exists ? fmt::format("missing {:#x}", rule.require & ~have) : fmt::format("report version {} has no mitigation vector; version 5 is needed", r_.version);
                   return Finding{.holds = exists && (have & rule.require) == rule.require, .expected = fmt::format("all bits of {:#x}", rule.require), .problem = problem};
                 })
          .record(report_);
    };
    vector(checks::kSnpPolicyLaunchMitigations, &SnpPolicy::mit_launch, r_.launch_mit_vector);
    vector(checks::kSnpPolicyCurrentMitigations, &SnpPolicy::mit_current, r_.current_mit_vector);
  }

  void origin() {
    constrain(checks::kSnpPolicyProduct, &SnpPolicy::product, std::string(snp::product_name(facts_.product)), [&](const policy::TextRule& rule) {
      Finding finding = judge_text(rule, std::string(snp::product_name(facts_.product)));
      if (facts_.product == snp::ProductLine::unknown) finding.problem = "the product line is not known";
      return finding;
    });
    const std::string key = snp::signing_key_name(r_.signing_key_raw());
    constrain(checks::kSnpPolicySigningKey, &SnpPolicy::signer, key, [&](const policy::TextRule& rule) { return judge_text(rule, key); });

    // The presence of the id is judged with the certificate; here only whether it is an accepted one, so silence is no record.
    const auto accepted = rules(&SnpPolicy::csp_id);
    if (std::all_of(accepted.begin(), accepted.end(), [](const policy::TextRule* rule) { return rule->unchecked; })) return;
    CheckResult& csp = constrain(checks::kSnpVlekCspId, &SnpPolicy::csp_id, facts_.csp_id, [&](const policy::TextRule& rule) {
      Finding finding = judge_text(rule, facts_.csp_id);
      if (facts_.csp_id.empty()) finding = {.expected = finding.expected, .problem = "no cloud provider is named: only a VLEK certificate names one"};
      return finding;
    });
    csp.signed_by = "ASVK";
    csp.on_fail = ExitCode::refused;
  }

  void certificate_table() {
    std::vector<std::string> present;
    if (facts_.table)
      for (const snp::TableEntry& entry : facts_.table->entries) present.push_back(snp::guid_text(entry.guid));
    Constraint c(checks::kSnpPolicyExtraEntry, facts_.table ? fmt::format("{}", fmt::join(present, ", ")) : "no certificate table", "nobody");
    for (const policy::TableEntryRule& rule : alternative_.snp.cert_table_entry) c.rule(rule, judge_entry(rule));
    c.record(report_);
  }

  Finding judge_entry(const policy::TableEntryRule& rule) const {
    Finding out{.expected = rule.sha256 ? fmt::format("{} with SHA-256 {}", rule.guid, hex(*rule.sha256)) : rule.guid, .problem = {}};
    const auto guid = snp::guid_from_text(rule.guid);
    if (!guid || !facts_.table) {
      out.problem = "the evidence came without a certificate table";
      return out;
    }
    out.problem = fmt::format("no entry {}", rule.guid);
    for (const snp::TableEntry& entry : facts_.table->entries) {
      if (entry.guid != *guid || !entry.in_bounds || entry.data.empty()) continue;
      const Buffer digest = crypto::sha256(entry.data);
      out.holds = !rule.sha256 || equal(digest, *rule.sha256);
      out.problem = out.holds ? "" : fmt::format("entry {} has SHA-256 {}", rule.guid, hex(digest));
      return out;
    }
    return out;
  }

  const SnpFacts& facts_;
  const snp::AttestationReport& r_;
  const policy::Policy& policy_;
};

}  // namespace

void check_snp_constraints(const SnpFacts& facts, const policy::Policy& policy, const policy::Alternative& alternative, Report& report) {
  SnpConstraints(facts, policy, alternative, report).run();
}

}  // namespace atls::evidence
