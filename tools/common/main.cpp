#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "common/app.hpp"
#include "common/io.hpp"
#include "common/temporary.hpp"

namespace atls::tools {
namespace {

// A closed standard descriptor is the next number that open() and socket() give out: the report would go to the peer in clear, or into
// a file that is being saved. So the three numbers are taken by what cannot be used: reading from the first and writing to the others
// fails as on a closed descriptor. As glibc does it for programs that run with more rights than their caller.
void occupy_closed_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    // The lowest free number is this one: those below it are open by now.
    if (::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) ::_exit(static_cast<int>(ExitCode::internal));
  }
}

extern "C" void on_interrupt(int) {
  remove_temporary_on_signal();
  ::_exit(static_cast<int>(ExitCode::interrupted));
}

std::size_t terminal_width() {
  if (const char* columns = std::getenv("COLUMNS"))
    if (const long n = std::strtol(columns, nullptr, 10); n >= 20 && n <= 1000) return static_cast<std::size_t>(n);
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
  return 100;
}

Io standard_io() {
  Io io{.out = std::cout, .err = std::cerr};
  io.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  io.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  io.no_color = (no_color && *no_color) || (term && std::string_view(term) == "dumb");
  io.color = io.out_is_terminal && !io.no_color;
  io.width = terminal_width();
  return io;
}

ExitCode guarded(const ToolInfo& tool, int argc, char** argv, Io& io,
                 const std::function<ExitCode(int, char**, Io&)>& body) {
  const std::string see_help = "see " + std::string(tool.name) + " --help";
  try {
    return body(argc, argv, io);
  } catch (const Printed& answer) {              // --help, --version, --list-checks
    io.out << answer.text;
    return ExitCode::verified;
  } catch (const UsageError& e) {
    print_error(io, tool.name, e.message, e.hint.empty() ? see_help : e.hint);
    return ExitCode::usage;
  } catch (const std::bad_alloc&) {
    print_error(io, tool.name, "out of memory");
  } catch (const std::exception& e) {
    print_error(io, tool.name, std::string("internal error: ") + e.what(), "this is a bug; please report it with the command line");
  } catch (...) {
    print_error(io, tool.name, "internal error: unknown exception", "this is a bug; please report it with the command line");
  }
  return ExitCode::internal;
}

}  // namespace

int run_main(const ToolInfo& tool, int argc, char** argv, const std::function<ExitCode(int argc, char** argv, Io& io)>& body) {
  occupy_closed_descriptors();   // before anything can open a file
  std::signal(SIGPIPE, SIG_IGN);
  struct sigaction interrupt {};
  interrupt.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &interrupt, nullptr);

  Io io = standard_io();
  ExitCode code = guarded(tool, argc, argv, io, body);
  io.out.flush();
  if (!io.out && code == ExitCode::verified) {   // success is not claimed when its result was lost
    print_error(io, tool.name, "cannot write to standard output");
    code = ExitCode::internal;
  }
  return static_cast<int>(code);
}

}  // namespace atls::tools
