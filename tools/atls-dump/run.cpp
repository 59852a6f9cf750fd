#include "atls-dump/run.hpp"

#include <chrono>

#include "atls-dump/brief.hpp"
#include "report/render.hpp"

namespace atls::dump {
namespace {

using evidence::InputKind;
using evidence::Loaded;

// A file that could not even be read, or what was decoded of it (with an error when decoding stopped).
struct Dumped { std::string name; Result<Loaded> loaded; };

Result<Loaded> load(const std::string& file, const Options& options) {
  if (file != "-") return evidence::load_path(file, options.as);
  const auto content = tools::read_input(file, evidence::kMaxEvidence);
  if (!content) return content.error();
  return evidence::load_bytes(*content, "-", options.as);
}

const Error* problem(const Dumped& dumped) {
  if (!dumped.loaded) return &dumped.loaded.error();
  return dumped.loaded->error ? &*dumped.loaded->error : nullptr;
}

ExitCode code_of(const Dumped& dumped) {
  const Error* error = problem(dumped);
  if (!error) return ExitCode::verified;   // "decoded", for this tool
  const bool unreadable = !dumped.loaded && (error->code == Errc::not_found || error->code == Errc::io);
  return unreadable ? ExitCode::no_evidence : ExitCode::malformed;
}

std::string subject_kind(const Dumped& dumped) {
  if (dumped.loaded && dumped.loaded->kind == InputKind::bundle) return "bundle";
  return dumped.loaded && dumped.loaded->kind == InputKind::directory ? "directory" : "file";
}

Report report_of(const Dumped& dumped) {
  Report report;
  report.tool = kTool.name;
  report.version = ATLS_VERSION;
  report.time = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  report.subject = {subject_kind(dumped), dumped.name, dumped.loaded ? dumped.loaded->sha256 : std::string{}};
  if (dumped.loaded) report.evidence.push_back({std::string(evidence::input_kind_name(dumped.loaded->kind)), {}, false, dumped.loaded->claims});
  report.add_not_proven("nothing was verified: the values are claims until atls-verify judges them");
  if (const Error* error = problem(dumped)) report.add_not_proven("decoding stopped: " + error->message());
  return report;
}

std::string heading(const Dumped& dumped) {
  const Loaded& loaded = *dumped.loaded;
  std::string out = escape_control(dumped.name == "-" ? "standard input" : dumped.name) + ": " + std::string(evidence::input_kind_name(loaded.kind));
  for (const std::string& encoding : loaded.encodings) out += ", decoded from " + encoding;
  return out + "\n";
}

std::string text_of(const Dumped& dumped, const Options& options, const RenderOptions& how) {
  std::string out = heading(dumped);
  if (how.verbose) out += "sha256 " + dumped.loaded->sha256 + "\n";
  out += render_claims_text(how.brief ? brief(dumped.loaded->claims) : dumped.loaded->claims, how);
  if (options.hex) out += "\n" + render_claims_hex(dumped.loaded->claims, how);
  return out;
}

std::string verify_hint(const std::vector<Dumped>& all) {
  const std::string file = all.size() == 1 && all[0].name != "-" ? escape_control(all[0].name) : "FILE";
  return "\nNothing was verified: these are claims. To judge them against what you expect: atls-verify " + file + "\n";
}

ExitCode emit(const std::vector<Dumped>& all, const Options& options, tools::Io& io) {
  ExitCode code = ExitCode::verified;
  const RenderOptions how = tools::render_options(options.text, io, tools::Stream::out);
  std::vector<Report> reports;
  bool first = true, any = false;
  for (const Dumped& dumped : all) {
    code = worse_of_batch(code, code_of(dumped));
    if (options.json) reports.push_back(report_of(dumped));
    else if (dumped.loaded) {
      io.out << (first ? "" : "\n") << text_of(dumped, options, how);
      first = false;
      any = true;
    }
  }
  if (options.json) io.out << find_renderer("json")->render(reports, how);
  else if (any) io.out << verify_hint(all);
  for (const Dumped& dumped : all)
    if (const Error* error = problem(dumped)) {
      const bool named = error->where == dumped.name;
      tools::print_error(io, kTool.name, escape_control((named ? "" : dumped.name + ": ") + error->message()),
                         code_of(dumped) == ExitCode::malformed && dumped.loaded ? "what stands before that place is decoded; --hex shows the bytes, --as KIND decodes them as another kind" : "");
    }
  return code;
}

// Names that stand where the path went wrong, to choose from.
std::string hint_for(const Claim& root, std::string_view path) {
  const Claim* parent = &root;
  for (std::size_t dot = path.rfind('.'); dot != std::string_view::npos && dot > 0; dot = path.rfind('.', dot - 1))
    if (const Claim* found = find_claim(root, path.substr(0, dot))) {
      parent = found;
      break;
    }
  std::string names;
  std::size_t count = 0;
  for (const Claim& child : parent->children) {
    if (++count > 12) return "there is: " + names + " and more";
    names += (names.empty() ? "" : ", ") + escape_control(child.name);
  }
  return names.empty() ? "" : "there is: " + names;
}

ExitCode extract(const Dumped& dumped, const Options& options, tools::Io& io) {
  const ExitCode code = code_of(dumped);
  if (const Error* error = problem(dumped)) tools::print_error(io, kTool.name, escape_control(dumped.name + ": " + error->message()));
  if (!dumped.loaded) return code;
  const Claim& root = dumped.loaded->claims;
  const std::string path = "'" + escape_control(*options.extract) + "'";
  if (!find_claim(root, *options.extract)) {
    tools::print_error(io, kTool.name, "--extract: no claim has the path " + path, hint_for(root, *options.extract));
    return worse_of_one(code, ExitCode::usage);
  }
  const Buffer bytes = claim_bytes(root, *options.extract);
  if (bytes.empty()) {
    tools::print_error(io, kTool.name, "--extract: " + path + " has no bytes of its own", "it is computed or empty; name a claim that is shown with an offset");
    return worse_of_one(code, ExitCode::usage);
  }
  if (const Status written = tools::write_output(io, options.output, bytes, true); !written) {
    const bool refused = written.error().code == Errc::refused;
    tools::print_error(io, kTool.name, written.error().message());
    return refused ? ExitCode::usage : ExitCode::internal;
  }
  return code;
}

}  // namespace

ExitCode run(const Options& options, tools::Io& io) {
  std::vector<Dumped> all;
  for (const std::string& file : options.files) all.push_back({file, load(file, options)});
  return options.extract ? extract(all.front(), options, io) : emit(all, options, io);
}

}  // namespace atls::dump
