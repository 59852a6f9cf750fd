// The public half of the simulated AMD and Intel platforms: CA keys as facts, CA certificates, CRLs and Intel's collateral. The
// private keys are in the simulator, fixed and public: nothing that they sign is trusted without --trust-simulated.
#pragma once

#include <vector>

#include "collateral/collateral.hpp"
#include "evidence/trust.hpp"

namespace atls::sim {

// Marks everything simulated although subject names must be Intel's: no Intel platform has this FMSPC.
inline constexpr std::string_view kSimulatedFmspc = "51d0c0ffee00";

std::vector<evidence::CaKey> trust_anchors();                  // simulated = true; ARK, ASK, ASVK of three lines; Intel root
std::vector<CollateralItem> long_lived_collateral();           // certificates, CRLs, TCB info and QE identities, source builtin
std::shared_ptr<CollateralProvider> anchors_provider();        // the same as a provider (source builtin), for --trust-simulated

}  // namespace atls::sim
