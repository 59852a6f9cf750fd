// The whole answer of a tool: what was judged, what was decoded, every check, the verdict. Renderers format it and never
// decide. Field names of the JSON form are the contract "atls-report/1".
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "report/check.hpp"
#include "report/claim.hpp"
#include "report/tcb.hpp"

namespace atls {

using Time = std::chrono::sys_seconds;                     // UTC
std::string rfc3339(Time time);                            // "2026-11-24T23:15:00Z"
std::optional<Time> parse_rfc3339(std::string_view text);  // UTC ("Z") or with offset; also "YYYY-MM-DD" (midnight UTC)

enum class BindingLevel { none, key, handshake, application };
std::string_view binding_level_name(BindingLevel level);
std::optional<BindingLevel> binding_level_from(std::string_view name);

struct Subject { std::string kind; std::string name; std::string sha256; };   // kind: "endpoint", "file", "bundle", "peer"
struct TlsInfo {
  std::string version, cipher, group, alpn, sni;
  bool resumed = false;
};
struct BindingInfo {
  BindingLevel level = BindingLevel::none;
  std::string formula;
  std::vector<std::pair<std::string, std::string>> inputs;   // name, hex
  std::string value;                                         // hex
};
struct FreshnessInfo { bool proven = false; std::string source; std::string nonce; };  // source: "drawn", "given", "recorded", "none"
struct EvidenceInfo { std::string format, platform; bool simulated = false; Claim claims; };
struct CollateralInfo {
  std::string kind, source, origin;                          // origin: path or URL, may be empty
  std::optional<Time> this_update, next_update;
  std::string sha256;
};
struct NotChecked { std::string id, why; };
struct Verdict { std::string result; std::string reason; ExitCode code = ExitCode::internal; };

class Report {
 public:
  std::string tool, version;
  Time time{};
  std::string time_source = "clock";                         // "clock" or "option"
  Subject subject;
  std::string profile;
  std::optional<TlsInfo> tls;
  std::optional<BindingInfo> binding;
  std::optional<FreshnessInfo> freshness;
  std::vector<EvidenceInfo> evidence;
  std::vector<std::string> not_proven;
  std::vector<CollateralInfo> collateral;
  std::optional<TcbExplanation> tcb;                         // Intel evidence whose TCB was evaluated
  std::vector<std::pair<std::string, double>> timing_ms;     // dns, tcp, tls, evidence, collateral, verify
  std::vector<std::string> notes;                            // text only, e.g. hints
  std::optional<Verdict> verdict;                            // empty for atls-dump

  // Recording. A check is recorded once; a second record of the same id keeps the worse outcome (pass, skip, warn, error or
  // fail) and joins the details. The reference is for filling in expected, actual, signed_by and on_fail at once; when the
  // earlier record was kept it leads nowhere, so that a later success cannot overwrite what a failure said.
  CheckResult& add(const CheckSpec& spec, Outcome outcome, std::string detail = {});
  CheckResult& pass(const CheckSpec& spec, std::string detail = {}) { return add(spec, Outcome::pass, std::move(detail)); }
  CheckResult& warn(const CheckSpec& spec, std::string detail) { return add(spec, Outcome::warn, std::move(detail)); }
  CheckResult& fail(const CheckSpec& spec, std::string detail) { return add(spec, Outcome::fail, std::move(detail)); }
  CheckResult& skip(const CheckSpec& spec, std::string why) { return add(spec, Outcome::skip, std::move(why)); }
  CheckResult& error(const CheckSpec& spec, std::string why) { return add(spec, Outcome::error, std::move(why)); }
  // pass or `otherwise`, with expected and actual filled in hex.
  CheckResult& compare(const CheckSpec& spec, Bytes expected, Bytes actual, Outcome otherwise = Outcome::fail);
  CheckResult& judge(const CheckSpec& spec, bool holds, std::string detail_if_not, Outcome otherwise = Outcome::fail);

  const CheckResult* find(std::string_view id) const;
  Outcome outcome_of(const CheckSpec& spec) const;           // skip when never recorded
  std::vector<CheckResult> checks;                           // finish() sorts them into catalogue order

  void add_not_proven(std::string sentence);                 // once each

  // The verdict over all checks: exit codes in the order 70, 1, 3, 7, 2, 4, 5, 6; reason is the first
  // check of the winning code in catalogue order. `must_pass` lists checks that must have outcome pass or warn: one of them
  // that was skipped or never ran becomes an error and the verdict undecided (4), so a verdict is never verified by omission;
  // nor is it when no check at all passed. `warnings_fail` turns every warn into a failure with the check's on_fail.
  void finish(const std::vector<const CheckSpec*>& must_pass, bool warnings_fail);
  void finish_error(ExitCode code, std::string sentence);    // no evidence judged at all: usage, internal, interrupted

  std::vector<NotChecked> not_checked() const;               // skipped and errored checks with the reason

 private:
  CheckResult discarded_;
};

}  // namespace atls
