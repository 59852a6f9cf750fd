#include "channel/server.hpp"

#include "channel/accept_loop.hpp"
#include "channel/clock.hpp"
#include "channel/server_tls.hpp"
#include "report/checks_atls.hpp"

namespace atls::channel {

// One connection from ClientHello to the end; runs in its own thread.
struct ConnectionRun {
  static void run(const ServerOptions& options, const ServerTls& tls, AcceptedConnection& accepted, ConnectionRecord& record) {
    const auto start = Clock::now();
    const int fd = accepted.fd.get(), stop_fd = accepted.stop_fd;
    Handshake handshake;
    handshake.limits.watch(accepted.liveness);
    const auto ssl = tls.connection(fd, handshake);
    if (!ssl) {
      record.failure = ssl.error().message();
      return;
    }
    ServerStream stream(ssl->get(), fd, stop_fd, options.limits.idle, handshake.limits);
    const IoEnd end = stream.accept(options.limits.handshake, options.limits.setup);
    record.handshake_time = since(start);
    record.tls.sni = handshake.sni;
    if (handshake.client_nonce) record.client_nonce = *handshake.client_nonce;
    record.server_nonce = handshake.server_nonce;
    if (end != IoEnd::ok) {
      record.failure = handshake_failure(handshake, end, options.limits);
    } else {
      record.tls = tls_info(**ssl, handshake.sni);
      if (options.judge_client && !handshake.proof) record.failure = "the session was resumed: the client showed no evidence";
    }
    record.client_report = std::move(handshake.report);
    if (record.client_report) {
      record.client_report->tls = record.tls;
      record.client_report->subject = {"peer", record.peer, record.client_report->subject.sha256};
    }
    record.established = record.failure.empty();
    // Judged well, but the handshake did not get to its end: the client may not even have the key of its certificate.
    if (!record.established && record.client_report && record.client_report->verdict && record.client_report->verdict->code == ExitCode::verified) {
      if (const std::string weak = handshake.choices.weakness(); !weak.empty()) record.client_report->fail(checks::kTlsKeyStrength, "the client " + weak);
      else record.client_report->fail(checks::kTlsHandshake, record.failure);
      record.client_report->finish({}, false);
    }
    if (record.established) {
      Connection connection{stream, record, stop_fd};
      const Admission admission(std::move(handshake.proof));
      record.failure = options.application(connection, admission);
    }
    stream.close(options.limits.linger);
    record.bytes_in = stream.bytes_in();
    record.bytes_out = stream.bytes_out();
    record.total_time = since(start);
  }
};

struct Server::State {
  ServerOptions options;
  std::unique_ptr<ServerTls> tls;
  std::unique_ptr<AcceptLoop> loop;
};

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;
const std::string& Server::address() const { return state_->loop->address(); }
void Server::stop() noexcept { state_->loop->stop(); }

Result<std::unique_ptr<Server>> Server::create(ServerOptions options) {
  auto state = std::make_shared<State>();
  state->options = std::move(options);
  auto tls = ServerTls::create(state->options);
  if (!tls) return tls.error();
  state->tls = std::move(*tls);
  auto loop = AcceptLoop::create(state->options.address, {state->options.limits.connections, state->options.limits.per_address});
  if (!loop) return loop.error();
  state->loop = std::move(*loop);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

bool Server::run() {
  const auto handle = [state = state_.get()](AcceptedConnection accepted) {
    ConnectionRecord record;
    record.number = accepted.number;
    record.peer = std::move(accepted.peer);
    try {
      ConnectionRun::run(state->options, *state->tls, accepted, record);
    } catch (const std::exception& e) {
      record.established = false;
      record.failure = std::string("internal error: ") + e.what();
    }
    accepted.fd.reset();
    if (state->options.on_end) state->options.on_end(record);
  };
  return state_->loop->run(handle, state_->options.stop_after);
}

}  // namespace atls::channel
