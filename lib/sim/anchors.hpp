// The public half of the simulated AMD platform: CA keys as facts, CA certificates and CRLs. The private CA keys are in
// sim/ca_keys.cpp, fixed and public: nothing that they sign is trusted without --trust-simulated.
#pragma once

#include <vector>

#include "collateral/collateral.hpp"
#include "evidence/trust.hpp"

namespace atls::sim {

std::vector<evidence::CaKey> trust_anchors();                  // simulated = true; ARK, ASK, ASVK of three lines
std::vector<CollateralItem> long_lived_collateral();           // CA certificates and CRLs, source builtin
std::shared_ptr<CollateralProvider> anchors_provider();        // the same as a provider (source builtin), for --trust-simulated

}  // namespace atls::sim
