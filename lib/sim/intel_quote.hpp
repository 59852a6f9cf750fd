// Quotes of the simulated Intel platform: fields of a clean guest, its quoting enclave, three signatures, and the faults of the quote.
#pragma once

#include "sim/intel_identity.hpp"

namespace atls::sim {

inline constexpr std::uint64_t kSeptVeDisable = std::uint64_t{1} << 28;   // TD attribute (TDX module ABI, ATTRIBUTES)

// `pck_chain`: PCK certificate, its CA, root, in PEM.
Buffer make_quote(const IntelOptions& options, const IntelIdentity& identity, std::string_view pck_chain, const std::array<std::uint8_t, 64>& report_data);

// Fields without any fault and without signatures: what a policy describes.
intel::Quote honest_quote(const IntelOptions& options, const IntelIdentity& identity);

}  // namespace atls::sim
