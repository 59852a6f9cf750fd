// The certificates, CRLs and collateral that a simulated Intel platform shows, with the faults of that layer.
#pragma once

#include "sim/intel_identity.hpp"

namespace atls::sim {

struct IntelEndorsements {
  Buffer pck, pck_ca, root, tcb_signer;   // DER
  Buffer root_crl, pck_crl;               // DER
  Buffer tcb_info, qe_identity;           // whole responses
  bool processor_ca = false;
  std::string quote_chain;                // PEM, as the quote carries it
};
IntelEndorsements make_intel_endorsements(const IntelOptions& options, const IntelIdentity& identity);

}  // namespace atls::sim
