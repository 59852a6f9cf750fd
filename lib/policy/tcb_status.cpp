#include "policy/tcb_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "policy/words.hpp"

namespace atls::policy {
namespace {

constexpr std::string_view kProfiles[] = {"qvl-2026", "qvl-2024", "go-tdx-guest", "dcap-qvl"};

Error bad_status(std::string detail) { return {Errc::bad_value, {}, std::move(detail), 0}; }

// How much of "2027-01-01T00:00:00Z:reason" is the time, which has colons of its own.
std::size_t time_length(std::string_view text) {
  constexpr std::size_t kDateLength = 10, kSeconds = 19, kOffset = 6;
  if (text.size() <= kDateLength || text[kDateLength] != 'T') return text.substr(0, text.find(':')).size();
  const std::size_t zone = text.find_first_of("Z+-", kDateLength);
  if (zone == std::string_view::npos) return std::min(text.size(), kSeconds);
  return std::min(text.size(), zone + (text[zone] == 'Z' ? 1 : kOffset));
}

}  // namespace

std::span<const std::string_view> tcb_profile_names() { return kProfiles; }

std::string why_no_tcb_status(std::string_view name) {
  if (listed(kAcceptableTcbStatuses, name)) return {};
  if (listed(kNeverAcceptableTcbStatuses, name)) return fmt::format("\"{}\" is never accepted", name);
  return fmt::format("\"{}\" is not a TCB status; expected {}{}", printable(name), one_of_words(kAcceptableTcbStatuses), did_you_mean(name, kAcceptableTcbStatuses));
}

Result<TcbStatusRule> read_tcb_status(std::string_view text) {
  TcbStatusRule out;
  const std::size_t end = text.find_first_of("@:");
  out.status = text.substr(0, end);
  if (const std::string why = why_no_tcb_status(out.status); !why.empty()) return bad_status(why);
  if (end == std::string_view::npos) return out;
  std::string_view rest = text.substr(end);
  if (rest.starts_with('@')) {
    rest.remove_prefix(1);
    const std::string_view until = rest.substr(0, time_length(rest));
    out.until = parse_rfc3339(until);
    if (!out.until) return bad_status(fmt::format("\"{}\" is not a time; write {}@2027-01-31T00:00:00Z:REASON or {}@2027-01-31:REASON", printable(until), out.status, out.status));
    rest.remove_prefix(until.size());
    if (rest.empty()) return out;
    if (!rest.starts_with(':')) return bad_status(fmt::format("\"{}\" follows the time; a reason is written after a colon", printable(rest)));
  }
  out.reason = rest.substr(1);
  if (out.reason.empty()) return bad_status("the reason is empty; leave the colon out, or say why the status is accepted");
  return out;
}

Result<std::set<std::string>> read_advisories(std::string_view text) {
  std::set<std::string> out;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view id = text.substr(0, comma);
    if (id.empty()) return bad_status("an advisory id is empty; write INTEL-SA-00615,INTEL-SA-00657");
    const auto is_plain = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
    if (!std::all_of(id.begin(), id.end(), is_plain)) return bad_status(fmt::format("\"{}\" is not an advisory id like INTEL-SA-00615", printable(id)));
    out.emplace(id);
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

std::string tcb_status_text(const TcbStatusRule& rule) {
  std::string out = rule.status;
  if (rule.advisories) out += fmt::format(" with no open advisory but {}", rule.advisories->empty() ? "none" : fmt::format("{}", fmt::join(*rule.advisories, ", ")));
  if (rule.until) out += " until " + rfc3339(*rule.until);
  if (!rule.reason.empty()) out += " (" + rule.reason + ")";
  return out;
}

}  // namespace atls::policy
