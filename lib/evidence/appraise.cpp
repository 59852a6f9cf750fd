// From what was presented to a finished report: evidence, binding, freshness, policy as a whole, verdict.
#include <algorithm>

#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "crypto/key_strength.hpp"
#include "evidence/consent.hpp"
#include "evidence/intel_verify.hpp"
#include "evidence/load.hpp"
#include "evidence/memo.hpp"
#include "evidence/policy_kind.hpp"
#include "evidence/snp_verify.hpp"
#include "evidence/text_damage.hpp"
#include "evidence/verify.hpp"
#include "profile/constellation.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_input.hpp"
#include "report/checks_policy.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using namespace checks;
using Origin = Presented::NonceOrigin;
using MustPass = std::vector<const CheckSpec*>;

// The row of what was judged; null before anything was.
const Format* judged_format(const Report& report) {
  return report.evidence.empty() ? nullptr : find_format(report.evidence.front().format);
}

// ---- policy as a whole ----

void check_policy(const policy::Policy& policy, Time now, Report& report) {
  if (!policy.not_before && !policy.not_after) {
    report.skip(kPolicyValidity, "the policy has no validity period");
  } else {
    const bool early = policy.not_before && now < *policy.not_before, late = policy.not_after && now > *policy.not_after;
    auto& r =
        report.judge(kPolicyValidity, !early && !late,
                     early ? "the policy is not valid yet" : "the policy has expired: its reference values count as absent");
    r.expected = (policy.not_before ? rfc3339(*policy.not_before) : "any time") + " to " +
                 (policy.not_after ? rfc3339(*policy.not_after) : "any time");
    r.actual = rfc3339(now);
  }
  std::string loosened;
  for (const std::string& sentence : policy.loosened) loosened += (loosened.empty() ? "" : "; ") + sentence;
  report.judge(kPolicyLoosened, loosened.empty(), loosened, Outcome::warn);
}

// ---- binding ----

const CheckResult* binding_result(const Report& report) {
  const Format* format = judged_format(report);
  return format == nullptr || format->binding == nullptr ? nullptr : report.find(format->binding->id);
}

// The check for which what the evidence says is not signed by hardware under a trusted root; null when it is.
const CheckSpec* breaks_signature(const Format& format, const Report& report) {
  for (const CheckSpec* spec : format.signatures)
    if (report.outcome_of(*spec) != Outcome::pass) return spec;
  for (const CheckSpec* spec : format.chain)
    if (report.outcome_of(*spec) == Outcome::fail) return spec;
  return nullptr;
}

bool is_signed(const Report& report) {
  const Format* format = judged_format(report);
  return format != nullptr && !format->signatures.empty() && breaks_signature(*format, report) == nullptr;
}

bool is_bound_and_signed(const Report& report) {
  const CheckResult* bound = binding_result(report);
  return bound != nullptr && bound->outcome == Outcome::pass && is_signed(report);
}

// What the match proves, and only when hardware signed the value that matched.
BindingLevel proven_level(const std::optional<ExpectedBinding>& binding, const Report& report) {
  return binding && is_bound_and_signed(report) ? binding->info.level : BindingLevel::none;
}

// Why the level is not higher.
std::string why_no_level(const Presented& presented, BindingLevel level, const Report& report) {
  if (presented.chain.empty()) return "raw evidence has no channel that it could be bound to";
  const CheckResult* binding = binding_result(report);
  if (binding == nullptr) return "the evidence was not compared with this TLS key";
  if (binding->outcome != Outcome::pass) return "the binding is not proven, see " + std::string(binding->spec->id);
  if (level != BindingLevel::none) return "the binding holds, and the profile " + presented.profile + " binds evidence to no more than this level";
  const Format* format = judged_format(report);
  if (format == nullptr || format->signatures.empty()) return "nothing signs the bound value, see atls-hardware-root";
  const CheckSpec* broken = breaks_signature(*format, report);
  return "the bound value is not signed under a trusted root, see " + std::string((broken != nullptr ? broken : format->signatures.front())->id);
}

void say_what_a_level_leaves_open(BindingLevel level, Report& report) {
  if (level == BindingLevel::none)
    report.add_not_proven("That this connection ends inside the attested guest: the evidence is not tied to the TLS key.");
  if (level == BindingLevel::key)
    report.add_not_proven(
        "That the guest itself ends this connection: the evidence names the TLS key, not the handshake, so whoever holds that "
        "key could relay it.");
  if (level == BindingLevel::handshake)
    report.add_not_proven("That application data belongs to the attested handshake beyond what TLS itself says.");
}

void judge_binding(const Presented& presented, const std::optional<ExpectedBinding>& binding, const policy::Policy& policy,
                   Report& report) {
  BindingInfo info = binding ? binding->info : BindingInfo{};
  info.level = proven_level(binding, report);
  const BindingLevel level = info.level;
  report.binding = std::move(info);
  say_what_a_level_leaves_open(level, report);

  if (presented.chain.empty()) {
    if (const Format* format = judged_format(report); format != nullptr && format->binding != nullptr)
      report.skip(*format->binding, "raw evidence: there is no certificate that it could be bound to");
    if (!policy.binding_min_explicit || policy.binding_min == BindingLevel::none)
      return (void)report.skip(kBindingLevel, "raw evidence has no channel");
  }
  const bool enough = level >= policy.binding_min;
  const CheckResult* result = binding_result(report);
  // A binding that was refused is one problem, not two: its level could not be evaluated then. Without hardware there is none.
  const bool refused = !presented.chain.empty() && level == BindingLevel::none &&
                       (result == nullptr || result->outcome != Outcome::pass || !judged_format(report)->signatures.empty());
  const std::string why = why_no_level(presented, level, report);
  auto& r = !enough && refused ? report.error(kBindingLevel, why) : report.judge(kBindingLevel, enough, why);
  r.expected = "at least " + std::string(binding_level_name(policy.binding_min));
  r.actual = binding_level_name(level);
}

// ---- freshness ----

void judge_freshness(const Presented& presented, const policy::Policy& policy, Report& report) {
  FreshnessInfo info;
  info.nonce = presented.nonce ? hex(*presented.nonce) : "";
  const bool live = presented.live && !presented.chain.empty();
  if (!live) {
    info.source = "recorded";
    report.add_not_proven("Freshness: this is a recording, it says what was true when it was made.");
    if (policy.require_freshness)
      report.fail(kNonceFresh, "a recording cannot prove freshness; connect to the peer instead");
    else
      report.skip(kNonceFresh, "a recording is judged");
  } else if (presented.nonce_origin == Origin::drawn) {
    info.source = "drawn";
    info.proven = is_bound_and_signed(report);
    // Where no hardware signs, the nonce that comes back proves nothing: then the demand is not met.
    const Format* format = judged_format(report);
    if (policy.require_freshness && format != nullptr && format->signatures.empty()) report.fail(kNonceFresh, "nothing signs the nonce, so freshness cannot be proven");
    else report.pass(kNonceFresh);
    if (!info.proven) report.add_not_proven("Freshness: no signed value contains the nonce of this connection.");
  } else if (presented.nonce_origin == Origin::given) {
    info.source = "given";
    report.add_not_proven("Freshness: the nonce was fixed by the user, so the evidence may be a replay.");
    if (policy.allow_not_fresh)
      report.warn(kNonceFresh, "the nonce was given, not drawn (--allow-not-fresh)");
    else
      report.fail(kNonceFresh, "the nonce was given, not drawn for this connection; leave out --nonce, or say --allow-not-fresh");
  } else {
    info.source = "none";
    report.add_not_proven("Freshness: there was no nonce.");
    report.fail(kNonceFresh, "there was no nonce");
  }
  report.freshness = std::move(info);
}

// ---- the forms that evidence is presented in ----

void check_tls(const Presented& presented, Report& report) {
  if (presented.resumed) report.fail(kTlsNotResumed, "the bundle records a resumed session: its certificate was shown in an earlier handshake, for another nonce");
  if (!presented.live || !report.tls) return;
  if (report.find(kTlsHandshake.id) == nullptr) report.pass(kTlsHandshake);
  // A resumed session shows the certificate of an earlier handshake: nothing in it was made for this one.
  report.judge(kTlsNotResumed, !report.tls->resumed, "the session was resumed: no evidence was shown in this handshake");
}

// Evidence that names a key is worth what the key is worth: who can compute it has the other end of the channel.
void check_key_strength(const Presented& presented, Report& report) {
  std::string why;
  const auto add = [&](const std::string& sentence) { why += (why.empty() || sentence.empty() ? "" : "; ") + sentence; };
  const auto leaf = crypto::Certificate::from_der(presented.chain.front());
  add(leaf ? crypto::key_weakness(*leaf) : "the leaf certificate cannot be read, so the strength of its key is not known");
  if (const std::optional<TlsInfo>& tls = report.tls ? report.tls : presented.recorded_tls) {
    add(crypto::version_weakness(tls->version));
    add(crypto::cipher_weakness(tls->cipher));
    add(crypto::group_weakness(tls->group));
  }
  if (const std::optional<TlsInfo>& tls = report.tls ? report.tls : presented.recorded_tls; !tls || tls->cipher.empty())
    report.add_not_proven("How strong the channel was: cipher and key exchange are not known, only the key of the certificate was judged.");
  auto& r = report.judge(kTlsKeyStrength, why.empty(), why);
  if (leaf) r.actual = leaf->key_text();
}

std::string why_not_judged(const std::string& format) {
  struct Row { std::string_view format, why; };
  static constexpr Row kRows[] = {
      {"td-report", "a TDREPORT can be checked by its own machine only; a quote made from it can leave the machine"},
      {"event-log", "an event log alone is not signed by hardware; atls-dump decodes it"},
      {"ccel-table", "an ACPI table is not signed by hardware; atls-dump decodes it"},
  };
  for (const Row& row : kRows)
    if (row.format == format) return std::string(row.why);
  return "evidence of kind " + format + " cannot be judged by this version";
}

void verify_evidence(const Evidence& evidence, const std::optional<ExpectedBinding>& binding, const Presented& presented,
                     const Context& context, Report& report, MustPass& must_pass) {
  const Format* format = find_format(evidence.format);
  if (format == nullptr) {
    if (evidence.decode_error && !evidence.hcl) report.fail(kSnpContainerDecode, *evidence.decode_error);
    else report.error(kHardwareRoot, evidence.decode_error ? *evidence.decode_error : why_not_judged(evidence.format));
    if (presented.event_log || evidence.event_log) report.warn(kInputPartUnused, "the event log: only a TDX quote vouches for one");
    return;
  }
  if (auto damage = evidence.decode_error ? std::nullopt : text_damage(evidence)) {
    Evidence damaged = evidence;
    damaged.decode_error = std::move(damage);
    return verify_evidence(damaged, binding, presented, context, report, must_pass);
  }
  Evidence with_log;
  if (presented.event_log && evidence.format == "tdx") {
    if (evidence.event_log && evidence.event_log != presented.event_log)
      report.warn(kInputPartUnused, "the event log that came with the quote: the one of --event-log was judged");
    with_log = evidence;
    with_log.event_log = presented.event_log;
  } else if (presented.log_beside && evidence.format == "tdx" && !evidence.event_log) {
    with_log = evidence;
    with_log.event_log = presented.log_beside;
  }
  format->verify(with_log.event_log ? with_log : evidence, binding, presented.with_it, context, report);
  if (presented.event_log) check_option_applies("--event-log", evidence.format, report);
  const MustPass of_format = format->must_pass(context, report);
  must_pass.insert(must_pass.end(), of_format.begin(), of_format.end());
  for (const EvidenceInfo& info : report.evidence)
    if (info.simulated) report.add_not_proven("That there is any hardware: the platform is simulated, and its keys are public.");
}

// Where only the client attests, the server has a certificate and no evidence. Nothing about it is proven then, so each thing
// that is missing needs its own consent, and whatever else is demanded of evidence is not met.
void accept_unattested_server(const Presented& presented, const policy::Policy& policy, Report& report) {
  const auto present = std::find_if(report.checks.begin(), report.checks.end(), [](const CheckResult& c) { return c.spec == &kEvidencePresent; });
  const bool offered_nothing = present != report.checks.end() && present->outcome == Outcome::fail && report.outcome_of(kEvidenceSingle) == Outcome::skip;
  if (!policy.allow_unattested_server || presented.peer_is_client || !presented.live || !offered_nothing ||
      profile::constellation::has_constellation_extension(presented.chain.front()))
    return;
  if (!presented.we_attested) {
    present->detail += "; --allow-unattested-server is for servers to which we attest, and nobody attested anything here";
    return;
  }
  present->outcome = Outcome::warn;
  present->detail = "the server attests nothing (accepted with --allow-unattested-server)";
  report.evidence.push_back({"none", "none (the server attests nothing)", false, Claim("none")});
  report.binding = BindingInfo{};
  report.freshness = FreshnessInfo{false, "none", presented.nonce ? hex(*presented.nonce) : ""};
  if (policy.binding_min == BindingLevel::none) report.pass(kBindingLevel).actual = "none";
  else report.fail(kBindingLevel, "a server without evidence is bound to nothing; --binding-min none says that this is intended").actual = "none";
  ask_for_consent(kSnpNoReference, policy.any_measurement, "a server without evidence identifies nothing", "--any-measurement", report);
  check_nothing_demanded(policy, presented.event_log ? std::vector<std::string>{"--event-log"} : std::vector<std::string>{}, report);
  if (policy.require_freshness) report.fail(kNonceFresh, "a server without evidence proves no freshness");
  else if (presented.nonce_origin == Origin::given && !policy.allow_not_fresh) report.fail(kNonceFresh, "the nonce was given, not drawn for this connection; leave out --nonce, or say --allow-not-fresh");
  else report.skip(kNonceFresh, "there is no evidence that could be fresh");
  report.add_not_proven("Anything at all about the server: it presented no evidence. At most it accepted ours.");
}

// Behind the leaf this profile has nothing. A revocation list is judged wherever it stood; the rest is told.
std::vector<CollateralItem> lists_in_chain(const Presented& presented, Report& report) {
  std::vector<CollateralItem> out;
  const auto source = presented.live ? CollateralSource::handshake : CollateralSource::bundle;
  for (std::size_t i = 1; i < presented.chain.size(); ++i) {
    const Buffer& der = presented.chain[i];
    if (decode_crl(der)) {
      out.push_back({crl_kind(der), der, source, "certificate chain"});
      continue;
    }
    const auto certificate = decode_certificate(der);
    if (certificate && der != presented.chain.front() && profile::constellation::has_constellation_extension(der)) {   // whichever was meant, one of them is not judged
      report.fail(kEvidenceSingle, "certificate " + std::to_string(i + 1) + " of the chain carries evidence, too; the evidence of a connection is in its first");
      continue;
    }
    report.warn(kInputPartUnused, "certificate " + std::to_string(i + 1) + " of the chain" + (certificate ? " (" + certificate->subject_text() + ")" : ", which does not decode") +
                                      ": this profile has its evidence in the first");
  }
  return out;
}

void appraise_chain(const Presented& presented, const Context& context, Report& report, MustPass& must_pass) {
  using namespace profile::constellation;
  check_tls(presented, report);
  check_key_strength(presented, report);
  const std::vector<CollateralItem> lists = lists_in_chain(presented, report);
  Extracted extracted = extract(presented.chain, presented.nonce, presented.peer_is_client, context.now, report);
  if (!extracted.evidence) {
    accept_unattested_server(presented, context.policy, report);
    if (!report.evidence.empty())
      must_pass = {&kTlsHandshake, &kTlsNotResumed, &kTlsKeyStrength, &kEvidencePresent, &kLeafValidity, &kLeafSignature, &kLeafExtensions, &kBindingLevel, &kSnpNoReference, &kPolicyEvidenceKind};
    return;
  }
  for (const EvidenceCopy& copy : presented.copies) {
    if (copy.data != extracted.evidence->data) report.fail(kEvidenceSingle, "the bundle repeats the evidence, and its copy is not what the leaf holds: it was altered");
    else if (copy.format != extracted.evidence->format)
      with(report.fail(kEvidenceSingle, "the bundle repeats the evidence under another format: it was altered"), extracted.evidence->format, copy.format);
  }
  if (presented.log_beside && (extracted.evidence->format != "tdx" || extracted.evidence->event_log))
    report.warn(kInputPartUnused, "the event log beside the certificate: " + std::string(extracted.evidence->event_log ? "the evidence has its own" : "only a TDX quote vouches for one"));
  if (report.outcome_of(kHardwareRoot) == Outcome::skip && extracted.evidence->format != "dummy")
    report.pass(kHardwareRoot, "judged by the checks of the evidence");
  if (lists.empty()) {
    verify_evidence(*extracted.evidence, extracted.binding, presented, context, report, must_pass);
  } else {
    Presented with_lists = presented;
    with_lists.with_it.insert(with_lists.with_it.end(), lists.begin(), lists.end());
    verify_evidence(*extracted.evidence, extracted.binding, with_lists, context, report, must_pass);
  }
  judge_binding(presented, extracted.binding, context.policy, report);
  judge_freshness(presented, context.policy, report);
  must_pass.insert(must_pass.end(),
                   {&kEvidencePresent, &kEvidenceSingle, &kEvidenceType, &kDocumentDecode, &kLeafValidity, &kLeafSignature,
                    &kLeafExtensions, &kTlsKeyStrength, &kUserData, &kHardwareRoot, &kPolicyEvidenceKind, &kBindingLevel});
  if (const Format* format = judged_format(report); format != nullptr && format->binding != nullptr && !format->signatures.empty())
    must_pass.push_back(format->binding);
  if (presented.live) must_pass.push_back(&kNonceFresh);
}

void appraise_raw(const Presented& presented, const Context& context, Report& report, MustPass& must_pass) {
  verify_evidence(*presented.raw, std::nullopt, presented, context, report, must_pass);
  judge_binding(presented, std::nullopt, context.policy, report);
  judge_freshness(presented, context.policy, report);
  must_pass.push_back(&kPolicyEvidenceKind);
}

void appraise_endorsements(const Presented& presented, const Context& context, Report& report) {
  std::vector<CollateralItem> amd, intel;
  for (const CollateralItem& item : presented.bare_endorsements) (is_intel(item.kind) ? intel : amd).push_back(item);
  if (!amd.empty()) verify_snp_endorsements(amd, context, report);
  if (!intel.empty()) verify_intel_endorsements(intel, context, report);
  const CheckResult* decoded = report.find(kSnpContainerDecode.id);
  if (decoded != nullptr && decoded->on_fail == ExitCode::malformed) return;
  report.fail(kEvidencePresent, "this file is an endorsement; nothing was attested. Give the report or quote, or the certificate that carries the evidence");
}

void tell_unused_parts(const std::vector<UnusedPart>& parts, Report& report) {
  for (const UnusedPart& part : parts) {
    const std::string digest = part.data.empty() ? "" : hex(crypto::sha256(part.data));
    const bool used = !digest.empty() && std::any_of(report.collateral.begin(), report.collateral.end(), [&](const CollateralInfo& c) { return c.sha256 == digest; });
    if (!used) report.warn(kInputPartUnused, part.what);
  }
  if (report.outcome_of(kInputPartUnused) == Outcome::warn)   // also where warnings are not shown
    report.add_not_proven("What the rest of the input says: a part of it was not judged, see input-part-unused.");
}

bool is_fatal(const Report& report) {  // nothing was judged: more lines would only repeat that
  const auto stops = [&](const CheckSpec& spec) {
    const CheckResult* r = report.find(spec.id);
    return r != nullptr && r->outcome == Outcome::fail && r->on_fail == ExitCode::malformed;
  };
  for (const Format& format : formats())
    if (std::any_of(format.decoding.begin(), format.decoding.end(), [&](const CheckSpec* spec) { return stops(*spec); })) return true;
  return report.outcome_of(kEvidencePresent) == Outcome::fail;
}

}  // namespace

struct Verifier {  // the only maker of proofs
  static std::optional<VerifiedEvidence> proof(const Report& report) {
    if (!report.verdict || report.verdict->code != ExitCode::verified || report.evidence.empty()) return std::nullopt;
    return VerifiedEvidence(report.evidence.front().format);
  }
};

Appraisal appraise(const Presented& presented, const Context& context, Report& report) {
  MustPass must_pass;
  if (!presented.profile.empty() && presented.profile != "constellation") {
    report.finish_error(ExitCode::usage, "the profile " + presented.profile + " is not known");
    return {};
  }
  if (!presented.chain.empty())
    appraise_chain(presented, context, report, must_pass);
  else if (presented.raw)
    appraise_raw(presented, context, report, must_pass);
  else if (!presented.bare_endorsements.empty())
    appraise_endorsements(presented, context, report);
  else
    report.fail(kEvidencePresent, "nothing was presented");
  tell_unused_parts(presented.unused, report);
  check_policy(context.policy, context.now, report);
  if (report.evidence.empty() || is_fatal(report)) must_pass.clear();
  const bool judged = !report.evidence.empty();
  report.finish(must_pass, context.policy.warnings_fail);
  // Evidence that was never judged proves nothing, whatever the other checks say.
  if (!judged && report.verdict->code == ExitCode::verified) {
    report.fail(kEvidencePresent, "no evidence was judged");
    report.finish({}, context.policy.warnings_fail);
  }
  return {Verifier::proof(report)};
}

}  // namespace atls::evidence
