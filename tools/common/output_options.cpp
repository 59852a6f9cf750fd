#include "common/options.hpp"

namespace atls::tools {

RenderOptions render_options(const OutputOptions& options, const Io& io, Stream stream) {
  const bool automatic = stream == Stream::out ? io.color : stream == Stream::err ? io.err_is_terminal && !io.no_color : false;
  return {.color = options.color == "always" || (options.color == "auto" && automatic), .brief = options.brief, .verbose = options.verbose, .width = io.width};
}

TextFlags add_text_options(CLI::App& app, OutputOptions& options) {
  app.add_option("--color", options.color, "Colour in text output: auto, always or never; auto honours NO_COLOR")
      ->type_name("WHEN")->check(CLI::IsMember({"auto", "always", "never"}).description(""))->capture_default_str()->group("Output");
  CLI::Option* brief = app.add_flag("--brief", options.brief, "Less text: the answer and what it depends on")->group("Output");
  CLI::Option* verbose = app.add_flag("--verbose", options.verbose, "More text: everything with its document, byte strings in full")->group("Output");
  brief->excludes(verbose);
  return {brief, verbose};
}

void add_output_options(CLI::App& app, OutputOptions& options) {
  const auto format = [&](const char* flag, const char* name, const char* help) {
    return app.add_flag_callback(flag, [&options, name] { options.format = name; }, help)->group("Output");
  };
  CLI::Option* json = format("--json", "json", "Report as JSON (schema atls-report/1); an array for several inputs");
  CLI::Option* jsonl = format("--jsonl", "jsonl", "Report as JSON lines: one object a line and input");
  CLI::Option* junit = format("--junit", "junit", "Report as JUnit XML: one test case per check");
  jsonl->excludes(json);
  junit->excludes(json)->excludes(jsonl);
  app.add_option("--report", options.report_file, "Write the report to FILE instead of standard output")->type_name("FILE")->group("Output");
  const TextFlags text = add_text_options(app, options);
  CLI::Option* quiet = app.add_flag("--quiet", options.quiet, "No text report at all; errors still go to standard error")->group("Output");
  quiet->excludes(text.brief)->excludes(text.verbose);
}

Status emit_reports(Io& io, const OutputOptions& options, std::span<const Report> reports, bool data_on_stdout) {
  const bool to_file = !options.report_file.empty();
  if (options.quiet && options.format == "text" && !to_file) return ok();
  const Renderer* renderer = find_renderer(options.format);
  if (!renderer) return Error{Errc::bug, "report", "no renderer named " + options.format, 0};
  const bool to_err = data_on_stdout && !to_file;
  const std::string text = renderer->render(reports, render_options(options, io, to_file ? Stream::file : to_err ? Stream::err : Stream::out));
  if (to_file) return write_output(io, options.report_file, as_bytes(text), false);
  std::ostream& stream = to_err ? io.err : io.out;
  stream << text;
  stream.flush();
  if (!stream) return Error{Errc::io, to_err ? "standard error" : "standard output", "cannot write the report", 0};
  return ok();
}

}  // namespace atls::tools
