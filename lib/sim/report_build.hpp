// Reports of the simulated platform: fields of a clean machine, the faults of the report, the signature.
#pragma once

#include "sim/identity.hpp"

namespace atls::sim {

// The report as its faults make it, signed. 1184 bytes, or 1185 with extra-data.
Buffer make_report(const SnpOptions& options, const Identity& identity, const std::array<std::uint8_t, 64>& report_data);

// Fields of the platform without any fault and without signature: what a policy describes.
snp::AttestationReport honest_report(const SnpOptions& options, const Identity& identity);

// The key that signs: the VLEK when asked for, or when the fault says that a VLEK poses as a VCEK.
bool signs_with_vlek(const SnpOptions& options);

}  // namespace atls::sim
