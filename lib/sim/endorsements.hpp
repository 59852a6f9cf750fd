// The certificates and the CRL that a simulated platform shows, with the faults of that layer.
#pragma once

#include "sim/identity.hpp"

namespace atls::sim {

struct Endorsements { Buffer vek, ask, ark, crl; };   // DER; ask is the ASVK of a VLEK chain
// `vlek`: the report is signed with the VLEK (also by fault), so the certificate is one of that kind.
Endorsements make_endorsements(const SnpOptions& options, const Identity& identity, bool vlek);

bool has_fault(const SnpOptions& options, std::string_view name);

}  // namespace atls::sim
