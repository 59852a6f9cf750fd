#include "common/options.hpp"

namespace atls::tools {

RenderOptions render_options(const OutputOptions& options, const Io& io, Stream stream) {
  const bool automatic = stream == Stream::out ? io.color : stream == Stream::err ? io.err_is_terminal && !io.no_color : false;
  return {.color = options.color == "always" || (options.color == "auto" && automatic), .brief = options.brief, .verbose = options.verbose, .width = io.width};
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
