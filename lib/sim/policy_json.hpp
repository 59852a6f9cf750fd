#pragma once

#include <string>

#include "sim/identity.hpp"

namespace atls::sim {

// The atls-policy/1 document that pins a simulated platform as it is without faults.
std::string matching_policy_json(const PlatformOptions& options, const Identity& identity);

}  // namespace atls::sim
