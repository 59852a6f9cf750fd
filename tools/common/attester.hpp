// Attesters by name, for atls-serve --attester and atls-connect --attest-as.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attester/attester.hpp"
#include "base/result.hpp"
#include "sim/platform.hpp"

namespace atls::tools {

// What the flags say. The texts describe the simulated platform, each for the attesters that attester.cpp has in its table: with
// another attester it is a usage error. Empty: not given.
struct AttesterOptions {
  std::string spec;                          // "sim-snp[:KEY=VALUE,...]", "sim-tdx[...]", "sim-sgx[...]", "fake", "file:PATH", "tsm[:PATH]", "none"
  std::vector<std::string> faults;           // --fault, names of sim/faults.hpp
  std::string seed;
  std::string product, report_version, vlek, measurement, host_data;      // vlek: "yes"
  std::string quote_version, mrtd, mr_config_id;
  std::string mr_enclave;
};

struct AttesterSetup {
  std::shared_ptr<Attester> attester;                // empty for "none"
  std::shared_ptr<const sim::Platform> platform;     // simulated attesters only
};

// Errors are usage errors (exit 1): unknown name, bad parameter, an option or a fault that the attester cannot have.
Result<AttesterSetup> attester_from_spec(const AttesterOptions& options);
// Why no profile can serve evidence of this attester; empty when one can.
std::string why_not_served(const AttesterSetup& setup);

// One line per attester, for help texts.
inline constexpr std::string_view kAttesterHelp =
    "sim-snp[:KEY=VALUE,...] (simulated AMD platform; seed, product, version, vlek, measurement, host-data), sim-tdx[:KEY=VALUE,...] "
    "(simulated Intel TDX guest; seed, version, mrtd, mr-config-id), sim-sgx[:KEY=VALUE,...] (simulated enclave, for --export-platform; "
    "seed, mr-enclave), fake (no hardware signature), file:PATH (one saved report or quote), tsm[:PATH] (configfs-tsm of this guest), none";

}  // namespace atls::tools
