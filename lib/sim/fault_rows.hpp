// How rows of the fault table are written: sim/faults.cpp has AMD's and those of the handshake, sim/faults_intel.cpp Intel's.
#pragma once

#include <array>

#include "sim/faults.hpp"

namespace atls::sim {

std::span<const Fault> intel_faults();

namespace fault_rows {

using Layer = FaultLayer;
using Names = std::span<const std::string_view>;
template <std::size_t N>
using List = std::array<std::string_view, N>;

inline constexpr std::string_view kX509 = "RFC 5280";
inline constexpr ExitCode kRefused = ExitCode::refused, kUndecided = ExitCode::undecided, kMalformed = ExitCode::malformed;
inline constexpr List<1> kSnp{"snp"}, kTdx{"tdx"}, kSgx{"sgx"};
inline constexpr List<2> kIntel{"tdx", "sgx"}, kTravelling{"snp", "tdx"};   // travelling: a profile has a document for it
inline constexpr List<3> kEvery{"snp", "tdx", "sgx"};

// What ties the evidence to the channel is another check for each format.
inline constexpr std::string_view kBinding = "snp-report-data-binding", kIntelBinding = "report-data-binding";

// The handshake has the same faults whatever evidence it carries.
constexpr Names platforms_of(Layer layer) { return layer == Layer::handshake ? Names(kTravelling) : Names(kSnp); }

struct Rejected { Names consequences = {}; std::string_view needs = {}; ExitCode exit = ExitCode::rejected; };

constexpr Fault reject(Layer layer, std::string_view name, std::string_view summary, std::string_view check, std::string_view reference,
                       const Rejected& more = {}) {
  return {.name = name, .summary = summary, .layer = layer, .in_handshake = true, .accept = false, .check = check, .outcome = "fail",
          .exit = more.exit, .consequences = more.consequences, .needs = more.needs, .reference = reference,
          .platforms = platforms_of(layer), .intel_check = check == kBinding ? kIntelBinding : std::string_view()};
}
constexpr Fault accept(Layer layer, std::string_view name, std::string_view summary, std::string_view check, std::string_view outcome,
                       std::string_view reference, std::string_view needs = {}) {
  return {.name = name, .summary = summary, .layer = layer, .in_handshake = true, .accept = true, .check = check, .outcome = outcome,
          .exit = ExitCode::verified, .consequences = {}, .needs = needs, .reference = reference, .platforms = platforms_of(layer)};
}
// No handshake carries it: the Constellation documents have no room for a certificate table, CRL, HCL report, collateral or event log.
constexpr Fault exported(Fault fault, std::string_view artifact) {
  fault.in_handshake = false;
  fault.artifact = artifact;
  return fault;
}
// The object of the check is not there: it cannot be evaluated, which is no failure of what was presented.
constexpr Fault missing(Fault fault) {
  fault.outcome = "error";
  return fault;
}
constexpr Fault for_clients_too(Fault fault) {
  fault.client = true;
  return fault;
}
constexpr Fault of(Names platforms, Fault fault) {
  fault.platforms = platforms;
  return fault;
}
// One deviation of several formats, with the check that Intel's have for it.
constexpr Fault also_for(Names platforms, std::string_view intel_check, Fault fault) {
  fault.intel_check = intel_check;
  return of(platforms, fault);
}

}  // namespace fault_rows
}  // namespace atls::sim
