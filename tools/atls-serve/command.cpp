// --exec: a program per connection, as inetd runs it.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "atls-serve/application.hpp"
#include "base/hex.hpp"

extern char** environ;  // NOLINT

namespace atls::serve {
namespace {

using channel::Fd;
using Clock = std::chrono::steady_clock;

// How long a program may go on after its connection has ended: for SIGHUP, then for SIGKILL.
constexpr std::chrono::seconds kFarewell{5};

struct Pipe { Fd read, write; };
bool make_pipe(Pipe& pipe) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe = {Fd(ends[0]), Fd(ends[1])};
  return true;
}

// The environment of the server and ATLS_* facts about the connection. Values are ours or hex: nothing that a client chose
// reaches a shell.
std::vector<std::string> environment(const channel::Connection& connection, const channel::Admission& admission) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (std::strncmp(*entry, "ATLS_", 5) != 0) result.emplace_back(*entry);
  const channel::ConnectionRecord& record = connection.record;
  result.push_back("ATLS_PEER=" + record.peer);
  result.push_back("ATLS_CONNECTION=" + std::to_string(record.number));
  result.push_back("ATLS_PROFILE=constellation");
  result.push_back("ATLS_TLS=" + record.tls.version);
  result.push_back("ATLS_NONCE=" + hex(record.client_nonce));
  result.push_back(std::string("ATLS_CLIENT=") + (admission.client() ? "verified" : "not-asked"));
  return result;
}

// Waits for the program, with growing insistence once the connection is gone.
int wait_for_exit(pid_t pid) {
  const auto start = Clock::now();
  int signals = 0;
  for (;;) {
    int status = 0;
    const pid_t done = ::waitpid(pid, &status, WNOHANG);
    if (done == pid) return status;
    if (done < 0 && errno != EINTR) return -1;
    const auto gone = Clock::now() - start;
    if (signals == 0 && gone > std::chrono::seconds(1)) ::kill(-pid, SIGHUP), signals = 1;
    if (signals == 1 && gone > kFarewell) ::kill(-pid, SIGKILL), signals = 2;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

std::string run_command(channel::Connection& connection, const channel::Admission& admission, const std::string& command) {
  Pipe in, out;
  if (!make_pipe(in) || !make_pipe(out)) return std::string("cannot run the command: ") + std::strerror(errno);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
  // Own process group, so that the whole pipeline can be ended; the server blocks and ignores signals that programs expect.
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<std::string> variables = environment(connection, admission);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  std::string shell = "sh", flag = "-c", script = command;
  std::array<char*, 4> argv{shell.data(), flag.data(), script.data(), nullptr};
  pid_t pid = -1;
  const int rc = ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (rc != 0) return std::string("cannot run the command: ") + std::strerror(rc);
  in.read.reset();
  out.write.reset();
  (void)::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  (void)::fcntl(out.read.get(), F_SETFL, O_NONBLOCK);

  const channel::IoEnd end = connection.stream.relay({out.read.get(), in.write.get(), [&] { in.write.reset(); }, true});
  in.write.reset();
  out.read.reset();
  const int status = wait_for_exit(pid);
  if (end != channel::IoEnd::ok && end != channel::IoEnd::closed) return std::string(channel::io_end_text(end));
  if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) != 0) return "the command exited with status " + std::to_string(WEXITSTATUS(status));
  if (status != -1 && WIFSIGNALED(status)) return "the command was ended by signal " + std::to_string(WTERMSIG(status));
  return {};
}

}  // namespace atls::serve
