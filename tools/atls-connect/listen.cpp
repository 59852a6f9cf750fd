// --listen: a local plaintext port. Whoever may connect to it uses the attested server with the verdict of this process.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <ostream>

#include "atls-connect/exchange.hpp"
#include "channel/accept_loop.hpp"
#include "report/definite_failures.hpp"
#include "report/render.hpp"

namespace atls::connect {
namespace {

using channel::AcceptLoop;
using channel::IoEnd;

constexpr std::size_t kMaxConnections = 256;   // at once; further ones wait in the backlog

std::atomic<AcceptLoop*> active_loop{nullptr};
std::atomic<int> last_signal{0};

extern "C" void stop_loop(int signal) {
  last_signal = signal;
  if (AcceptLoop* loop = active_loop) loop->stop();
}

void handle(int signal) {
  struct sigaction action {};
  action.sa_handler = stop_loop;
  ::sigaction(signal, &action, nullptr);
}

class Forwarder {
 public:
  Forwarder(const Options& options, Connector& connector, tools::Io& io) : options_(options), connector_(connector), io_(io) {}

  void serve(channel::AcceptedConnection local) {
    Attested attested = connector_.connect(local.stop_fd);
    if (!attested.verified()) {
      refuse(local, attested);
      return;
    }
    channel::AttestedChannel remote(std::move(attested.channel), *attested.proof, kNoLimit);
    const int fd = local.fd.get();
    const IoEnd end = remote.relay({fd, fd, [fd] { (void)::shutdown(fd, SHUT_WR); }, false});
    const bool well = end == IoEnd::ok || end == IoEnd::closed;
    say(local, "verified, " + std::to_string(remote.bytes_out()) + " bytes to the server, " + std::to_string(remote.bytes_in()) + " from it" +
                   (well ? std::string() : std::string("; ") + std::string(channel::io_end_text(end))));
    remote.close();
  }

 private:
  void refuse(const channel::AcceptedConnection& local, Attested& attested) {
    attested.channel.close();
    const Report& report = attested.report;
    std::string text = report.verdict ? report.verdict->result : "error";
    if (const CheckResult* reason = report.verdict ? report.find(report.verdict->reason) : nullptr)
      text += ": " + std::string(reason->spec->id) + (reason->detail.empty() ? "" : ": " + escape_control(reason->detail));
    if (const std::string also = definite_failures_sentence(report); !also.empty()) text += "; " + also;
    say(local, "refused, nothing was sent: " + text);
    if (!options_.report.verbose) return;
    const std::lock_guard lock(mutex_);
    (void)tools::emit_reports(io_, options_.report, {&report, 1}, true);
  }
  void say(const channel::AcceptedConnection& local, const std::string& text) {
    if (options_.report.quiet) return;
    const std::lock_guard lock(mutex_);
    io_.err << kTool.name << ": connection " << local.number << " from " << local.peer << ": " << escape_control(text) << std::endl;
  }

  const Options& options_;
  Connector& connector_;
  tools::Io& io_;
  std::mutex mutex_;
};

}  // namespace

ExitCode listen(const Options& options, Connector& connector, tools::Io& io) {
  auto loop = AcceptLoop::create(options.listen, {.connections = kMaxConnections});   // one machine uses it: no limit per address
  if (!loop) {
    tools::print_error(io, kTool.name, "--listen: " + loop.error().message());
    return ExitCode::usage;
  }
  active_loop = loop->get();
  handle(SIGTERM);
  handle(SIGINT);
  io.out << "listening on " << (*loop)->address() << std::endl;
  Forwarder forwarder(options, connector, io);
  const bool ended = (*loop)->run([&](channel::AcceptedConnection local) { forwarder.serve(std::move(local)); });
  active_loop = nullptr;
  const ExitCode code = last_signal == SIGINT ? ExitCode::interrupted : ExitCode::verified;
  if (!ended) std::_Exit(static_cast<int>(code));   // its thread still uses what a return would destroy
  return code;
}

}  // namespace atls::connect
