// What a tool may touch of the outside: streams, terminal facts, the clock. run() of every tool takes one, so it is testable
// without a process.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "report/exit_code.hpp"
#include "report/model.hpp"

namespace atls::tools {

struct Io {
  std::ostream& out;                 // the result and nothing else
  std::ostream& err;                 // "atls-verify: error: ...", "atls-verify: hint: ..."
  bool out_is_terminal = false, err_is_terminal = false;
  bool no_color = false;             // NO_COLOR is set and not empty
  bool color = false;                // out_is_terminal and not no_color
  std::size_t width = 100;
};

struct ToolInfo { std::string_view name, summary, example; };

// Prints "NAME: error: ..." and, if not empty, "NAME: hint: ...". What peers or file names bring along is escaped, as on stdout.
void print_error(Io& io, std::string_view tool, std::string_view message, std::string_view hint = {});
// Writes to a temporary name in the same folder and renames (0644, less what umask takes); devices and pipes are written in place,
// "/dev/stdout" and its like are the open descriptor. A symbolic link that is not the system's is refused. "-" is stdout; so is an
// empty path (no -o given), but then binary content to a terminal is refused.
Status write_output(Io& io, const std::string& path, Bytes content, bool binary);
// "/dev/stdout" and its like: the number of the open descriptor, else -1.
int descriptor_named(std::string_view path);
// A symbolic link that is not the system's: whoever made it would choose what is overwritten.
Status refuse_link(const std::string& path);
// The whole file; "-" is stdin. Errc::not_found, Errc::io, or Errc::too_large beyond the limit.
Result<Buffer> read_input(const std::string& path, std::size_t limit);

// A wrong command line found after parsing: thrown by a tool's body, becomes exit 1.
struct UsageError { std::string message, hint; };

// Runs `body` with signals set up (SIGPIPE ignored; SIGINT ends the process with 130 and removes a half-written output),
// catches everything: 70 on escape, usage errors (CLI11's too) become 1, --help, --version and lists 0.
int run_main(const ToolInfo& tool, int argc, char** argv, const std::function<ExitCode(int argc, char** argv, Io& io)>& body);

}  // namespace atls::tools
