#include "common/not_empty.hpp"
#include "common/options.hpp"
#include "evidence/intel_event_log.hpp"

namespace atls::tools {

void add_evidence_options(CLI::App& app, EvidenceOptions& options) {
  app.add_option("--event-log", options.event_log, "Event log of the TDX guest: a CCEL log (/sys/firmware/acpi/tables/data/CCEL) or the JSON log of dstack; it is replayed into the RTMRs")
      ->type_name("FILE")->check(not_empty())->group("Evidence");
}

Result<std::optional<Buffer>> read_event_log(const EvidenceOptions& options) {
  if (options.event_log.empty()) return std::optional<Buffer>();
  auto content = read_input(options.event_log, evidence::kMaxEvidence);
  if (!content) return Error{content.error().code, "--event-log", options.event_log + ": " + content.error().detail, 0};
  if (!evidence::looks_like_td_event_log(*content))
    return Error{Errc::bad_value, "--event-log", options.event_log + ": neither a crypto-agile event log (CCEL) nor the JSON event log of dstack", 0};
  return std::optional<Buffer>(*std::move(content));
}

}  // namespace atls::tools
