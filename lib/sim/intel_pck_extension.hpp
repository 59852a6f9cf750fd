// The SGX extension of a simulated PCK certificate, with its faults.
#pragma once

#include "sim/intel_identity.hpp"

namespace atls::sim {

Buffer make_pck_extension(const IntelOptions& options, const IntelIdentity& identity);   // empty: the certificate has none

}  // namespace atls::sim
