// The deviations of the TLS and profile layer that a test peer can be told to make (FaultLayer::handshake of
// sim/faults.hpp). Faults of report, certificate, table, CRL and HCL belong to the simulated platform (sim/platform.hpp).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attester/attester.hpp"
#include "channel/handshake_choices.hpp"
#include "channel/leaf_maker.hpp"

namespace atls::sim {

// Names that this file implements: the rows of the table whose layer is handshake.
std::span<const std::string_view> handshake_faults();

// A leaf maker with these faults, which may be none. Names of other layers are ignored: the platform behind `attester` has
// them. "stale-nonce" remembers the nonce of the connection before, so one maker serves all connections of a process.
channel::LeafMaker faulty_leaf_maker(std::shared_ptr<Attester> attester, const std::vector<std::string>& faults);

// What cannot be said in a certificate.
struct HandshakeBehaviour {
  unsigned nonce_requests = 1;   // CA names in the CertificateRequest of a verifying server: 0, 1, 2
  bool tickets = false;          // session tickets are issued and accepted
  std::optional<channel::WeakTls> weak;
};
HandshakeBehaviour handshake_behaviour(const std::vector<std::string>& faults);

}  // namespace atls::sim
