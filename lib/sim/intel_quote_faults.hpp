// Deviations of a quote, by the moment at which they are made: what is signed afterwards is signed over them.
#pragma once

#include <span>
#include <string_view>

#include "sim/intel_identity.hpp"

namespace atls::sim {

struct QuoteFault {
  std::string_view name;
  void (*fields)(intel::Quote&) = nullptr;                             // before everything
  void (*qe_report)(intel::SgxReport&) = nullptr;                      // after the binding of the attestation key, before the PCK key signs
  void (*before_signing)(Buffer&, const intel::Quote& at) = nullptr;   // bytes that no field holds; `at`: offsets
  void (*after_signing)(Buffer&, const intel::Quote& at) = nullptr;
};
std::span<const QuoteFault> quote_faults();

bool has_fault(const IntelOptions& options, std::string_view name);

}  // namespace atls::sim
