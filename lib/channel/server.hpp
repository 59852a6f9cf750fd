// The attested TLS server: an accept loop, one thread per connection, limits on every stage. The certificate of a connection
// is made in its handshake, from the nonce in the ClientHello; a client certificate is judged inside the handshake.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channel/handshake_choices.hpp"
#include "channel/leaf_maker.hpp"
#include "channel/server_stream.hpp"
#include "evidence/verify.hpp"
#include "report/model.hpp"

namespace atls::channel {

struct ServerLimits {
  std::size_t connections = 512;                        // at once; more wait in the backlog of the kernel
  std::size_t per_address = 0;                          // of them, from one client address; 0: no limit of their own
  std::chrono::milliseconds handshake{15'000};          // waiting for the client, all its flights together
  std::chrono::milliseconds setup{60'000};              // with our own work: evidence, collateral for the client's evidence
  std::chrono::milliseconds idle{300'000};              // no byte in either direction after the handshake
  std::chrono::milliseconds linger{500};                // reading on after our end, so that a refused client sees the alert; well below a second
};

// What became of a connection. Everything from the client in it is untrusted text.
struct ConnectionRecord {
  std::uint64_t number = 0;                             // from 1, in the order of acceptance
  std::string peer;
  TlsInfo tls;                                          // version empty: no handshake
  Buffer client_nonce, server_nonce;                    // server_nonce: only when the client is verified
  std::optional<Report> client_report;                  // the client was judged
  bool established = false;                             // handshake complete and, when asked for, client verified
  std::string failure;                                  // why not established, or how the application side ended; empty: well
  std::uint64_t bytes_in = 0, bytes_out = 0;            // application bytes
  std::chrono::milliseconds handshake_time{0}, total_time{0};
};

// Proof that application bytes may flow: the client was not asked for evidence, or the verifier was satisfied.
class Admission {
 public:
  const std::optional<evidence::VerifiedEvidence>& client() const { return client_; }

 private:
  friend struct ConnectionRun;
  explicit Admission(std::optional<evidence::VerifiedEvidence> client) : client_(std::move(client)) {}
  std::optional<evidence::VerifiedEvidence> client_;
};

struct Connection { ServerStream& stream; const ConnectionRecord& record; int stop_fd; };

struct ServerOptions {
  std::string address = "127.0.0.1:8443";
  bool tls12 = true, tls13 = true;
  std::vector<std::string> alpn = {"http/1.1", "h2"};   // the first of ours that the client offers; none in common: alert 120
  ServerLimits limits;
  LeafMaker leaf;
  // Judges the client's certificate; empty: none is asked for. `presented` has chain and nonce, `report` a tool and a time.
  std::function<evidence::Appraisal(const evidence::Presented& presented, Report& report)> judge_client;
  std::function<Report()> new_report;                   // with judge_client
  std::string profile = "constellation";
  unsigned nonce_requests = 1;                          // fault: 0 or 2 CA names
  bool tickets = false;                                 // fault: session tickets
  std::optional<WeakTls> weak;                          // fault: what can be broken
  std::uint64_t stop_after = 0;                         // connections; 0: never
  std::function<std::string(Connection&, const Admission&)> application;   // returns what went wrong, empty: nothing
  std::function<void(const ConnectionRecord&)> on_end;  // called from the connection's thread
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> create(ServerOptions options);
  ~Server();
  const std::string& address() const;   // as bound
  // Serves until stop(), or until stop_after connections have ended. False: a thread was left behind, see AcceptLoop::run.
  bool run();
  void stop() noexcept;                 // from any thread or signal handler

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace atls::channel
