#include "common/options.hpp"
#include "evidence/intel_event_log.hpp"

namespace atls::tools {

Result<std::optional<Buffer>> read_event_log(const EvidenceOptions& options) {
  if (options.event_log.empty()) return std::optional<Buffer>();
  auto content = read_input(options.event_log, evidence::kMaxEvidence);
  if (!content) return Error{content.error().code, "--event-log", options.event_log + ": " + content.error().detail, 0};
  if (!evidence::looks_like_td_event_log(*content))
    return Error{Errc::bad_value, "--event-log", options.event_log + ": neither a crypto-agile event log (CCEL) nor the JSON event log of dstack", 0};
  return std::optional<Buffer>(*std::move(content));
}

}  // namespace atls::tools
