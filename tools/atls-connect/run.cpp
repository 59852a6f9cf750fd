#include "atls-connect/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "atls-connect/exchange.hpp"
#include "atls-connect/repeat.hpp"
#include "atls-connect/save.hpp"
#include "common/profiles.hpp"

namespace atls::connect {
namespace {

bool emit(const Options& options, std::span<const Report> reports, tools::Io& io) {
  const Status s = tools::emit_reports(io, options.report, reports, options.data_on_stdout());
  if (!s) tools::print_error(io, kTool.name, "the report could not be written: " + s.error().message());
  return static_cast<bool>(s);
}

// A result that could not be delivered is never a success; it does not hide a refusal either.
ExitCode delivered(ExitCode code, bool good) { return good ? code : worse_of_one(code, ExitCode::usage); }

ExitCode once(const Options& options, Connector& connector, tools::Io& io) {
  Attested attested = connector.connect();
  bool good = emit(options, {&attested.report, 1}, io);
  if (options.show_certificates) (options.data_on_stdout() ? io.err : io.out) << certificates_pem(attested.chain) << std::flush;
  good = save(options, attested, io) && good;
  const ExitCode code = delivered(attested.code(), good);
  const bool wants_exchange = options.pipe || !options.http_get.empty();
  if (code == ExitCode::verified && attested.verified() && wants_exchange) return exchange(options, std::move(attested), io);
  attested.channel.close();
  return code;
}

ExitCode repeatedly(const Options& options, Connector& connector, tools::Io& io) {
  std::vector<Sample> samples;
  bool good = true;
  ExitCode code = ExitCode::verified;
  for (unsigned i = 0; i < options.repeat; ++i) {
    Attested attested = connector.connect();
    if (i == 0) good = save(options, attested, io);
    code = i == 0 ? attested.code() : worse_of_batch(code, attested.code());
    samples.push_back(sample_of(std::move(attested)));
  }
  std::vector<Report> reports;
  for (const Sample& s : samples) reports.push_back(s.report);
  if (options.report.format == "text") {   // one report tells the story: the first with the worst verdict
    const auto worst = std::find_if(reports.begin(), reports.end(), [&](const Report& r) { return r.verdict && r.verdict->code == code; });
    if (worst != reports.end()) reports = {*worst};
  }
  good = emit(options, reports, io) && good;
  const bool beside_report = options.report.format == "text" || !options.report.report_file.empty();
  if (!options.report.quiet) (beside_report ? io.out : io.err) << '\n' << statistics(samples) << std::flush;
  return delivered(code, good);
}

}  // namespace

ExitCode run(const Options& options, tools::Io& io) {
  if (options.list_profiles) {
    io.out << (options.report.format == "json" ? tools::profiles_json() : tools::profiles_text());
    return ExitCode::verified;
  }
  const auto connector = Connector::create(options);
  if (!connector) {
    const Error& e = connector.error();
    tools::print_error(io, kTool.name, e.where.empty() || e.where == "target" ? e.detail : e.where + ": " + e.detail);
    return ExitCode::usage;
  }
  if (!options.listen.empty()) return listen(options, **connector, io);
  return options.repeat > 1 ? repeatedly(options, **connector, io) : once(options, **connector, io);
}

}  // namespace atls::connect
