// Does the event log explain the run-time measurement registers? UEFI CC measurement (CCEL), TCG PC Client platform firmware
// profile (records), dstack cc-eventlog (JSON). And the tie of a TDX quote to Azure's runtime claims.
#include "evidence/intel_event_log.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/hcl_claims.hpp"
#include "evidence/intel_case.hpp"
#include "report/checks_input.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

constexpr std::uint32_t kEventNoAction = 3;
constexpr std::size_t kDigest = 48, kMaxTold = 4;

std::string counted(std::size_t n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

Error bad_event(std::size_t number, const std::string& what, std::size_t offset) {
  return {Errc::bad_value, "event_log.event[" + std::to_string(number) + "]", what, offset};
}

Result<TdEventLog> from_ccel(Bytes bytes) {
  const auto log = eventlog::parse_log(bytes);
  if (!log) return log.error();
  if (!log->crypto_agile) return Error{Errc::unsupported, "event_log", "a TPM 1.2 log has SHA-1 digests only, expected a crypto-agile log with SHA-384", 0};
  TdEventLog out;
  for (std::size_t i = 1; i < log->events.size(); ++i) {   // the first one describes the log
    const eventlog::Event& e = log->events[i];
    if (e.type == kEventNoAction || e.index == 0) continue;      // index 0 is MRTD, which no event extends
    ++out.events;
    if (e.index > 4) return bad_event(i, "index " + std::to_string(e.index) + " is no register of a TD, expected 1 to 4 (is this the log of a TPM?)", e.offset);
    const auto digest = e.digests.find(eventlog::kSha384);
    if (digest == e.digests.end()) return bad_event(i, "no SHA-384 digest", e.offset);
    out.extensions.push_back({e.index - 1, digest->second, i});
    const auto same = digest_is_of_data(e, eventlog::kSha384);
    if (!same) continue;
    ++out.recomputed;
    if (!*same) out.differ.push_back("event " + std::to_string(i) + " (" + eventlog::event_type_name(e.type) + ")");
  }
  const Bytes rest = bytes.subspan(log->end);
  if (!is_zero(rest) && !is_all(rest, 0xFF)) out.remark = std::to_string(rest.size()) + " bytes behind the end of the log are not padding; they were not read";
  return out;
}

bool is_array(Bytes text) {
  const auto first = std::find_if(text.begin(), text.end(), [](std::uint8_t b) { return b != ' ' && b != '\n' && b != '\r' && b != '\t'; });
  return first != text.end() && *first == '[';
}

bool ends_boot(const std::string& name) { return name == "system-ready" || name == "boot-mr-done"; }

Result<TdEventLog> log_from_json(Bytes text) {
  const auto log = eventlog::parse_json_log(text);
  if (!log) return log.error();
  TdEventLog out;
  bool booting = true;
  for (std::size_t i = 0; i < log->size(); ++i) {
    const eventlog::JsonEvent& e = (*log)[i];
    ++out.events;
    if (!e.is_runtime()) {
      out.extensions.push_back({e.imr, e.digest, i});
      continue;
    }
    const Buffer computed = crypto::sha384(eventlog::runtime_digest_input(e));   // whatever the log says: name and payload must be what was measured
    ++out.recomputed;
    if (!e.digest.empty() && e.digest != computed) out.differ.push_back("event " + std::to_string(i) + " (" + e.name + ")");
    out.extensions.push_back({e.imr, computed, i});
    if (ends_boot(e.name)) booting = false;
    else if (booting) out.boot_events.push_back({e.name, e.payload});
  }
  return out;
}

// A demand that every alternative for TDX makes is one of the policy.
bool is_log_demanded(const policy::Policy& policy) {
  bool any = false;
  for (const policy::Alternative& a : policy.alternatives) {
    if (!a.evidence.empty() && !a.evidence.contains("tdx")) continue;
    if (!a.tdx.ccel_replay.value_or(false) && !a.also.tdx.ccel_replay.value_or(false)) return false;
    any = true;
  }
  return any;
}

void without_log(const IntelCase& c, const Context& context, Report& report) {
  const bool demanded = c.is_tdx() && is_log_demanded(context.policy);
  const std::string why = !c.is_tdx() ? "an enclave has no event log"
                          : demanded  ? "the policy demands an event log (ccel_replay), and none came with the quote; give one with --event-log FILE"
                                      : "no event log came with the quote (--event-log FILE)";
  for (const CheckSpec* spec : {&kEventLogParse, kRtmrReplay[0], kRtmrReplay[1], kRtmrReplay[2], kRtmrReplay[3], &kEventLogDigest}) {
    if (demanded && spec != &kEventLogDigest) report.error(*spec, why);
    else report.skip(*spec, why);
  }
}

void check_register(unsigned n, const TdEventLog& log, Bytes replayed, Bytes quoted, bool partial, Report& report) {
  const CheckSpec& spec = *kRtmrReplay[n];
  const auto events = static_cast<std::size_t>(std::count_if(log.extensions.begin(), log.extensions.end(), [&](const Extension& e) { return e.rtmr == n; }));
  if (events != 0) {
    auto& r = report.compare(spec, quoted, replayed);
    r.detail = r.outcome == Outcome::pass ? counted(events, "event") : "the " + counted(events, "event") + " of the log for this register lead to another value: the log is not that of this boot, or was altered";
    return;
  }
  if (is_zero(quoted)) return (void)report.pass(spec, "no event, and the register is zero");
  const std::string what = "the log has no event for this register, and its value is not zero";
  auto& r = partial ? report.warn(spec, what + " (accepted with --allow-rtmr-partial)") : report.fail(spec, what + "; --allow-rtmr-partial accepts a log that leaves registers out");
  r.expected = hex(quoted);
  r.actual = "no event";
}

void check_digests(const TdEventLog& log, Report& report) {
  if (log.recomputed == 0) return (void)report.skip(kEventLogDigest, "no event is of a type whose digest is defined by its data");
  if (log.differ.empty()) return (void)report.pass(kEventLogDigest, counted(log.recomputed, "digest") + " computed again, of " + counted(log.events, "event"));
  std::string told;
  for (std::size_t i = 0; i < log.differ.size() && i < kMaxTold; ++i) told += (i == 0 ? "" : ", ") + log.differ[i];
  if (log.differ.size() > kMaxTold) told += " and " + std::to_string(log.differ.size() - kMaxTold) + " more";
  report.pass(kEventLogDigest, std::to_string(log.differ.size()) + " of " + counted(log.recomputed, "digest") + " computed again differ from the log, what these events say of themselves is not proven: " + told);
}

void check_log(const IntelCase& c, const Context& context, Report& report) {
  const auto& bytes = c.evidence == nullptr ? std::optional<Buffer>() : c.evidence->event_log;
  if (!c.is_tdx() || !bytes) return without_log(c, context, report);
  const auto log = read_td_event_log(*bytes);
  if (!log) {
    report.fail(kEventLogParse, log.error().message());
    for (const CheckSpec* spec : {kRtmrReplay[0], kRtmrReplay[1], kRtmrReplay[2], kRtmrReplay[3], &kEventLogDigest})
      report.error(*spec, "the event log cannot be replayed, see event-log-parse");
    return;
  }
  report.pass(kEventLogParse, counted(log->events, "event") + (log->remark.empty() ? "" : "; " + log->remark));
  if (!log->remark.empty()) report.warn(kInputPartUnused, "event log: " + log->remark);
  const auto replayed = replay_rtmrs(*log);
  for (unsigned n = 0; n < 4; ++n) check_register(n, *log, replayed[n], c.td()->rtmr[n], context.policy.allow_rtmr_partial, report);
  check_digests(*log, report);
}

void check_hcl_binding(const IntelCase& c, Report& report) {
  if (c.evidence == nullptr || !c.evidence->td_hcl) return (void)report.skip(kHclBinding, "no Azure HCL report came with the quote");
  report.add_not_proven("No vTPM quote was judged: nothing is known about the guest's boot chain above the paravisor.");
  if (!c.is_tdx()) return (void)report.fail(kHclBinding, "the HCL report is of a TDX guest, and the quote is not");
  const auto hcl = azure::parse_hcl(*c.evidence->td_hcl);
  if (!hcl) return (void)report.fail(kHclBinding, "the HCL report does not decode: " + hcl.error().message());
  if (hcl->report_type != static_cast<std::uint32_t>(azure::HclReportType::tdx))
    return (void)report.fail(kHclBinding, "the HCL report is of type " + std::to_string(hcl->report_type) + ", expected 4 (TDX)");
  if (!hcl->claims_complete)
    return (void)report.fail(kHclBinding, "the runtime claims of the HCL report are cut: " + std::to_string(hcl->claims.size()) + " of " + std::to_string(hcl->claims_size) + " bytes");
  auto& r = report.compare(kHclBinding, hcl_report_data(*hcl), c.td()->report_data);
  if (r.outcome != Outcome::pass) r.detail = "the quote was made for other runtime claims: the HCL report is not that of this guest, or was altered";
}

}  // namespace

Result<TdEventLog> read_td_event_log(Bytes log) { return is_array(log) ? log_from_json(log) : from_ccel(log); }

bool looks_like_td_event_log(Bytes content) { return is_array(content) ? eventlog::looks_like_json_log(content) : eventlog::looks_like_log(content); }

std::array<Buffer, 4> replay_rtmrs(const TdEventLog& log) {
  std::array<Buffer, 4> out{Buffer(kDigest), Buffer(kDigest), Buffer(kDigest), Buffer(kDigest)};
  for (const Extension& e : log.extensions) {
    Buffer both = out[e.rtmr];
    both.insert(both.end(), e.digest.begin(), e.digest.end());
    out[e.rtmr] = crypto::sha384(both);
  }
  return out;
}

void check_event_log(const IntelCase& c, const Context& context, Report& report) {
  check_log(c, context, report);
  check_hcl_binding(c, report);
}

}  // namespace atls::evidence
