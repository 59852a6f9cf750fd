#include "atls-verify/run.hpp"

#include <optional>
#include <utility>

#include "atls-verify/emitter.hpp"
#include "atls-verify/expiry.hpp"
#include "atls-verify/judge.hpp"
#include "atls-verify/pipeline.hpp"

namespace atls::verify {
namespace {

bool is_batch(const Options& options) {
  return options.stdin_jsonl || options.files.size() > 1;
}

// One more look ahead: a directory may turn into many inputs, and then the report has the form for many.
class Ahead : public Source {
 public:
  explicit Ahead(Source& source) : source_(source), first_(source.next()), second_(first_ ? source.next() : std::nullopt) {}
  bool several() const { return second_.has_value(); }
  std::optional<Job> next() override {
    if (first_) return std::exchange(first_, std::exchange(second_, std::nullopt));
    return source_.next();
  }

 private:
  Source& source_;
  std::optional<Job> first_, second_;
};

}  // namespace

ExitCode run(const Options& options, std::istream& in, tools::Io& io) {
  if (!options.expiry.empty()) return run_expiry(options, io);
  auto setup = tools::make_setup(options.policy, options.trust, options.collateral, options.time);
  if (!setup) {
    const bool policy = setup.error().where == "--policy";
    throw tools::UsageError{setup.error().where + ": " + setup.error().detail, policy ? "see atls-policy(5); the JSON Schema is printed by --print-policy-schema" : ""};
  }

  const auto event_log = tools::read_event_log(options.evidence);
  if (!event_log) throw tools::UsageError{event_log.error().where + ": " + event_log.error().detail, {}};

  const std::unique_ptr<Source> source = options.stdin_jsonl ? json_lines_source(in, options) : file_source(options);
  const bool save = !options.save.path.empty();
  Used used;             // of one input only, so that one thread fills it
  std::optional<Report> judged;
  const auto judge_one = [&](const Job& job) { return judge(job, options, *event_log, *setup, save ? &used : nullptr); };
  std::optional<Ahead> ahead;
  Source* inputs = source.get();
  if (!is_batch(options)) inputs = &ahead.emplace(*source);
  Emitter emitter(io, options.output, !ahead || ahead->several());
  if (const auto status = emitter.open(); !status) throw tools::UsageError{status.error().where + ": " + status.error().detail, {}};
  run_pipeline(*inputs, save ? 1 : options.jobs, judge_one, [&](Report report) {
    if (save) judged = report;
    emitter.add(std::move(report));
  });
  if (const auto status = emitter.finish(); !status) {
    tools::print_error(io, kTool.name, status.error().where + ": " + status.error().detail);
    return ExitCode::internal;
  }
  if (emitter.count() == 0) {
    tools::print_error(io, kTool.name, "standard input held no input", "write one JSON object a line, with the keys name, data (base64), nonce (hex)");
    return ExitCode::no_evidence;
  }
  if (save && emitter.count() != 1) {
    tools::print_error(io, kTool.name, "--save-collateral needs exactly one input, and " + options.files.front() + " holds several; nothing was saved");
    return ExitCode::usage;
  }
  if (save && !tools::save_collateral(io, kTool, options.save, used.collateral, *judged, used.evidence)) return worse_of_one(emitter.worst(), ExitCode::internal);
  return emitter.worst();
}

}  // namespace atls::verify
