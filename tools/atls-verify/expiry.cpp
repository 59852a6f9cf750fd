#include "atls-verify/expiry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "collateral/expiry.hpp"
#include "evidence/load.hpp"
#include "report/render.hpp"

namespace atls::verify {
namespace {

// A bundle of ours holds objects inside; everything else is read as --collateral-dir reads it.
Result<Inventory> inventory(const std::string& path) {
  std::error_code ec;
  if (std::filesystem::is_regular_file(path, ec)) {
    auto loaded = evidence::load_path(path, {});
    if (!loaded) return loaded.error();
    if (loaded->kind == evidence::InputKind::bundle) {
      if (loaded->error) return Error{Errc::bad_value, path, loaded->error->message()};
      Inventory out;
      for (const CollateralItem& item : loaded->collateral) {
        auto object = identify(item);
        if (object) out.objects.push_back({*std::move(object), path});
        else out.unreadable.push_back(object.error().message());
      }
      return out;
    }
  }
  return list_collateral(path);
}

std::string left(const Expiry& e, Time now) {
  if (!e.expires) return "-";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*e.expires - now).count();
  const auto size = seconds < 0 ? -seconds : seconds;
  const std::string amount = size >= 86'400 ? fmt::format("{} d", size / 86'400) : size >= 3600 ? fmt::format("{} h", size / 3600) : fmt::format("{} min", size / 60);
  return seconds < 0 ? amount + " ago" : amount;
}

std::string text_of(const std::vector<Expiry>& list, const Inventory& all, const Options& options, Time now) {
  struct Row { std::string cells[6]; };
  std::vector<Row> rows{{{"STATE", "EXPIRES", "LEFT", "KIND", "WHAT", "FROM"}}};
  for (const Expiry& e : list)
    rows.push_back({{std::string(expiry_state_name(e.state)), e.expires ? rfc3339(*e.expires) : "-", left(e, now), std::string(collateral_kind_name(e.kind)), escape_control(e.what), escape_control(e.origin)}});
  std::size_t width[6] = {};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < 6; ++i) width[i] = std::max(width[i], row.cells[i].size());
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < 5; ++i) out += fmt::format("{:<{}}  ", row.cells[i], width[i]);
    out += row.cells[5] + "\n";
  }
  for (const std::string& line : all.unreadable) out += "unreadable: " + escape_control(line) + "\n";
  if (!all.complete) out += "not everything was read: too many files, or too much data; give a smaller directory\n";
  const auto count = [&](ExpiryState state) { return std::count_if(list.begin(), list.end(), [&](const Expiry& e) { return e.state == state; }); };
  out += fmt::format("\n{} objects at {}: {} expired, {} within {}, {} undated\n", list.size(), rfc3339(now), count(ExpiryState::expired), count(ExpiryState::soon), options.within, count(ExpiryState::undated));
  return out;
}

std::string json_of(const std::vector<Expiry>& list, const Inventory& all, const Options& options, Time now, ExitCode code) {
  using Json = nlohmann::ordered_json;
  const auto time = [](const std::optional<Time>& t) { return t ? Json(rfc3339(*t)) : Json(); };
  Json out{{"schema", "atls-expiry/1"}, {"tool", kTool.name}, {"version", ATLS_VERSION}, {"time", rfc3339(now)}, {"path", options.expiry}, {"within_seconds", options.within_span.count()}, {"objects", Json::array()},
           {"unreadable", all.unreadable}, {"complete", all.complete}, {"exit_code", static_cast<int>(code)}};
  for (const Expiry& e : list)
    out["objects"].push_back({{"state", expiry_state_name(e.state)}, {"kind", collateral_kind_name(e.kind)}, {"what", e.what}, {"issued", time(e.issued)}, {"expires", time(e.expires)},
                              {"seconds_left", e.expires ? Json(std::chrono::duration_cast<std::chrono::seconds>(*e.expires - now).count()) : Json()}, {"origin", e.origin}, {"sha256", e.sha256}});
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

ExitCode code_of(const std::vector<Expiry>& list, const Inventory& all) {
  if (list.empty() || !all.unreadable.empty() || !all.complete) return ExitCode::malformed;   // an answer about nothing, or about a part, is none
  return std::all_of(list.begin(), list.end(), [](const Expiry& e) { return e.state == ExpiryState::good; }) ? ExitCode::verified : ExitCode::undecided;
}

}  // namespace

ExitCode run_expiry(const Options& options, tools::Io& io) {
  Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (!options.time.at.empty()) {
    const auto at = parse_rfc3339(options.time.at);
    if (!at) throw tools::UsageError{"--at: \"" + options.time.at + "\" is not a time; write 2026-05-31T12:00:00Z or 2026-05-31", {}};
    now = *at;
  }
  const auto all = inventory(options.expiry);
  if (!all) {
    const bool there = all.error().code != Errc::not_found && all.error().code != Errc::io;
    tools::print_error(io, kTool.name, options.expiry + ": " + all.error().detail, there ? "" : "name a directory or file with collateral, or a bundle");
    return there ? ExitCode::malformed : ExitCode::no_evidence;
  }
  const auto list = expiries(all->objects, now, options.within_span);
  const ExitCode code = code_of(list, *all);
  const std::string text = options.output.format == "json" ? json_of(list, *all, options, now, code) : text_of(list, *all, options, now);
  if (list.empty()) tools::print_error(io, kTool.name, options.expiry + " holds no collateral", "certificates, CRLs, TCB info, QE identities, or a bundle are expected");
  if (!options.output.report_file.empty()) {
    if (const Status written = tools::write_output(io, options.output.report_file, as_bytes(text), false); !written) {
      tools::print_error(io, kTool.name, "--report: " + written.error().message());
      return ExitCode::internal;
    }
    return code;
  }
  io.out << text;
  io.out.flush();
  return io.out ? code : ExitCode::internal;
}

}  // namespace atls::verify
