#pragma once

#include <string>

#include "sim/identity.hpp"
#include "sim/intel_identity.hpp"

namespace atls::sim {

// The atls-policy/1 document that pins a simulated platform as it is without faults.
std::string matching_policy_json(const SnpOptions& options, const Identity& identity);
std::string matching_policy_json(const IntelOptions& options, const IntelIdentity& identity);

}  // namespace atls::sim
