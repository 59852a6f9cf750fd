// One attested connection: handshake, judgement, and what is kept of both.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "atls-connect/options.hpp"
#include "channel/client.hpp"
#include "channel/leaf_maker.hpp"
#include "evidence/verify.hpp"
#include "report/model.hpp"

namespace atls::connect {

struct Attested {
  Report report;                                        // finished
  Buffer nonce;
  std::vector<Buffer> chain;                            // what the server presented, DER
  std::vector<CollateralItem> collateral;               // used for the judgement and not from the handshake
  channel::ClientChannel channel;
  std::optional<evidence::VerifiedEvidence> proof;      // set exactly when the verdict is "verified"

  bool verified() const { return proof && report.verdict && report.verdict->code == ExitCode::verified; }
  ExitCode code() const { return report.verdict ? report.verdict->code : ExitCode::internal; }
};

class Connector {
 public:
  // Errors are usage errors.
  static Result<std::unique_ptr<Connector>> create(const Options& options);
  Attested connect(int stop_fd = -1);                   // thread-safe

 private:
  explicit Connector(const Options& options) : options_(options) {}
  std::shared_ptr<const tools::Setup> current_setup();
  Result<channel::ClientCertificate> client_certificate(const std::vector<Buffer>& ca_names) const;
  bool judge_channel(channel::ClientChannel& channel, double& waited_ms, Report& report) const;

  const Options& options_;
  channel::ClientOptions client_;
  std::optional<Buffer> fixed_nonce_, event_log_;
  channel::LeafMaker leaf_;
  std::mutex mutex_;
  std::shared_ptr<const tools::Setup> setup_;
  std::chrono::steady_clock::time_point loaded_;
};

}  // namespace atls::connect
