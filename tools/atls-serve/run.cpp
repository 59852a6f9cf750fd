#include "atls-serve/run.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <ostream>
#include <thread>

#include "atls-serve/application.hpp"
#include "atls-serve/client_judge.hpp"
#include "atls-serve/lists.hpp"
#include "atls-serve/log.hpp"
#include "common/profiles.hpp"
#include "profile/constellation.hpp"
#include "profile/registry.hpp"
#include "report/render.hpp"
#include "sim/faults.hpp"
#include "sim/handshake_faults.hpp"
#include "sim/collateral_server.hpp"

namespace atls::serve {
namespace {

// SIGTERM and SIGINT as data: blocked in every thread, taken by one that waits for them.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  // The signal that came within the time, 0 for none.
  int wait(std::chrono::milliseconds limit) const {
    const timespec time{limit.count() / 1000, limit.count() % 1000 * 1'000'000};
    const int signal = sigtimedwait(&set_, nullptr, &time);
    return signal > 0 ? signal : 0;
  }

 private:
  sigset_t set_{};
};

ExitCode exit_for(int signal) { return signal == SIGINT ? ExitCode::interrupted : ExitCode::verified; }

// Connections, and two pipes each with --exec, must not stop at the soft limit of 1024 files.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

ExitCode usage_error(tools::Io& io, std::string_view message, std::string_view hint = {}) {
  tools::print_error(io, kTool.name, message, hint);
  return ExitCode::usage;
}

// A fault that nothing in this run would carry is a mistake of the user.
std::string idle_fault(const Options& options, bool serves) {
  for (const std::string& name : options.attester.faults) {
    const sim::Fault* fault = sim::find_fault(name);
    if (fault == nullptr) return {};   // attester_from_spec says so
    if (serves && !fault->in_handshake && options.export_directory.empty() && options.collateral_address.empty())
      return "--fault " + name + " cannot travel in a handshake; it is carried by --export-platform and --serve-collateral";
    const bool only_handshake = fault->layer == sim::FaultLayer::handshake;
    if (!serves && only_handshake) return "--fault " + name + " exists in handshakes only; give ADDR:PORT to serve it";
    if ((name == "no-nonce-request" || name == "two-nonce-requests") && !options.verify_client)
      return "--fault " + name + " changes the request for the client's evidence; it needs --verify-client";
  }
  return {};
}

Result<channel::ServerOptions> server_options(const Options& options, const tools::AttesterSetup& attester, ConnectionLog& log) {
  channel::ServerOptions server;
  server.address = options.address.empty() ? std::string(kDefaultAddress) : options.address;
  server.tls12 = !options.tls13_only;
  server.tls13 = !options.tls12_only;
  // The status page speaks HTTP/1.1 only; everything else passes bytes through.
  if (options.application == Application::http) server.alpn = {"http/1.1"};
  else server.alpn.assign(std::begin(profile::constellation::kAlpn), std::end(profile::constellation::kAlpn));
  server.limits.connections = options.max_connections;
  server.limits.per_address = options.max_per_address != 0 ? options.max_per_address : std::max<std::size_t>(1, options.max_connections / 4);
  server.limits.handshake = std::chrono::seconds(options.handshake_timeout);
  server.limits.idle = std::chrono::seconds(options.idle_timeout);
  server.leaf = sim::faulty_leaf_maker(attester.attester, options.attester.faults);
  const sim::HandshakeBehaviour behaviour = sim::handshake_behaviour(options.attester.faults);
  server.nonce_requests = behaviour.nonce_requests;
  server.tickets = behaviour.tickets;
  server.weak = behaviour.weak;
  if (server.weak && server.weak->only_tls12) server.tls13 = false;
  server.stop_after = options.count;
  if (options.verify_client) {
    const auto judge = ClientJudge::create(options);
    if (!judge) return judge.error();
    if (!(*judge)->can_accept()) return Error{Errc::bad_value, "--verify-client", "no reference value is pinned, so every client would be refused; add --measurement or --policy, or say --any-measurement"};
    server.judge_client = [judge = *judge](const evidence::Presented& presented, Report& report) { return judge->judge(presented, report); };
    server.new_report = [judge = *judge] { return judge->new_report(); };
  }
  server.application = make_application(options, attester.attester ? std::string(attester.attester->name()) : "none");
  server.on_end = [&log](const channel::ConnectionRecord& record) { log.write(record); };
  return server;
}

// Serves until a signal or the last connection of --count. Does not return when a connection could not be ended.
ExitCode serve(channel::Server& server, const Signals& signals, const ConnectionLog& log, const Options& options) {
  std::atomic<bool> done = false;
  std::atomic<int> signal = 0;
  std::thread watcher([&] {
    while (!done && signal == 0) signal = signals.wait(std::chrono::milliseconds(100));
    if (signal != 0) server.stop();
  });
  const bool ended = server.run();
  done = true;
  watcher.join();
  const ExitCode code = signal != 0 ? exit_for(signal) : options.count != 0 ? log.worst() : ExitCode::verified;
  if (!ended) std::_Exit(static_cast<int>(code));   // its thread still uses what a return would destroy
  return code;
}

}  // namespace

ExitCode run(const Options& options, tools::Io& io) {
  if (options.list_faults) return io.out << (options.json ? faults_json() : faults_text()), ExitCode::verified;
  if (options.list_profiles) return io.out << (options.json ? tools::profiles_json() : tools::profiles_text()), ExitCode::verified;

  const profile::Profile* profile = profile::find_profile(options.profile);
  if (profile == nullptr || !profile->serve) return usage_error(io, "unknown profile \"" + options.profile + "\"", "atls-serve --list-profiles shows what can be served");
  const bool serves = !options.address.empty() || (options.export_directory.empty() && options.collateral_address.empty());
  if (const std::string problem = idle_fault(options, serves); !problem.empty()) return usage_error(io, problem);

  const Signals signals;   // before any thread, so that all of them inherit the mask
  raise_file_limit();
  const auto attester = tools::attester_from_spec(options.attester);
  if (!attester) return usage_error(io, attester.error().message());
  if (!attester->platform && !(options.export_directory.empty() && options.collateral_address.empty()))
    return usage_error(io, "--export-platform and --serve-collateral need the simulated platform, not the attester " + options.attester.spec);

  if (const std::string problem = tools::why_not_served(*attester); serves && !problem.empty()) return usage_error(io, problem);

  if (!options.export_directory.empty()) {
    if (const auto written = sim::export_platform(*attester->platform, options.export_directory); !written) return usage_error(io, "--export-platform: " + written.error().message());
    if (options.log != Log::none) io.err << kTool.name << ": wrote the simulated platform to " << escape_control(options.export_directory) << "\n";
  }
  std::unique_ptr<sim::CollateralServer> kds;
  if (!options.collateral_address.empty()) {
    auto started = sim::CollateralServer::start(options.collateral_address, attester->platform);
    if (!started) return usage_error(io, "--serve-collateral: " + started.error().message());
    kds = std::move(*started);
  }
  if (!serves) {
    if (!kds) return ExitCode::verified;
    io.out << "collateral on " << kds->url() << std::endl;
    int signal = 0;
    while (signal == 0) signal = signals.wait(std::chrono::hours(1));
    return exit_for(signal);
  }

  ConnectionLog log(io, options.log);
  auto settings = server_options(options, *attester, log);
  if (!settings) return usage_error(io, settings.error().message());
  auto server = channel::Server::create(std::move(*settings));
  if (!server) return usage_error(io, server.error().message());
  io.out << "listening on " << (*server)->address() << std::endl;
  if (kds) io.out << "collateral on " << kds->url() << std::endl;
  return serve(**server, signals, log, options);
}

}  // namespace atls::serve
