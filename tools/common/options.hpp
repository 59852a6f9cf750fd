// Option groups that several tools share, so that spelling and help text are identical everywhere. Declarations (common/cli.hpp) only
// fill these structs; make_setup turns them into what the verifier takes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collateral/collateral.hpp"
#include "common/io.hpp"
#include "evidence/trust.hpp"
#include "evidence/verify.hpp"
#include "policy/policy.hpp"
#include "report/render.hpp"

namespace atls::tools {

// --json --jsonl --junit --report FILE --color auto|always|never --brief --quiet --verbose
struct OutputOptions { std::string format = "text"; std::string report_file; std::string color = "auto"; bool brief = false, quiet = false, verbose = false; };
enum class Stream { out, err, file };
RenderOptions render_options(const OutputOptions& options, const Io& io, Stream stream);
// Renders to `io.out` (or io.err when data goes to stdout) and to --report FILE.
Status emit_reports(Io& io, const OutputOptions& options, std::span<const Report> reports, bool data_on_stdout);

// Pins, minimums, --require-..., --allow-..., --policy FILE, --any-measurement, --binding-min, --require-freshness, --fail-on-warn
struct PolicyOptions { std::string policy_file; std::vector<std::pair<std::string, std::vector<std::string>>> given; };   // flag → values, in order

// --trust-anchor FILE (repeatable), --trust-simulated
struct TrustOptions { std::vector<std::string> anchors; bool simulated = false; };

// --collateral-dir DIR|FILE (repeatable), --cache-dir DIR, --no-cache, --offline, --kds-url URL, --pcs-url URL, --pcs-update early|standard, --collateral-cafile FILE, --collateral-proxy URL, --crl require|if-available|off
struct CollateralOptions { std::vector<std::string> dirs; std::string cache_dir; bool no_cache = false, offline = false; std::string kds_url, cafile, proxy; std::string crl; std::string pcs_url, pcs_update; };

// --event-log FILE
struct EvidenceOptions { std::string event_log; };
Result<std::optional<Buffer>> read_event_log(const EvidenceOptions& options);   // empty: none was named; errors are usage errors

// --save-collateral PATH, --collateral-format dcap-qvl|intel-dir|go-getter
struct ExportOptions { std::string path, format = "dcap-qvl"; };
// Writes what was used of `items` for this verdict; of `evidence` a quote's PCK chain goes with it. What goes wrong is told on io.err; false
// only when the files could not be written: nothing complete to write leaves the verdict its exit code.
bool save_collateral(Io& io, const ToolInfo& tool, const ExportOptions& options, const std::vector<CollateralItem>& items, const Report& report, Bytes evidence);

// --at TIME
struct TimeOptions { std::string at; };

// Everything a verifier needs, from the four groups. Errors are usage errors (exit 1) with the option's name in `where`.
struct Setup {
  policy::Policy policy;
  evidence::TrustStore trust;
  std::shared_ptr<Collateral> collateral;
  Time now{};
  std::string time_source;
  evidence::Context context() const { return {policy, trust, *collateral, now}; }
};
// The policy file with the flags merged into it. `now` judges the validity period of the file.
Result<policy::Policy> read_policy(const PolicyOptions& options, Time now);
Result<Setup> make_setup(const PolicyOptions&, const TrustOptions&, const CollateralOptions&, const TimeOptions&);

// A report with tool, version and time filled in.
Report new_report(std::string_view tool, const Setup& setup);

}  // namespace atls::tools
