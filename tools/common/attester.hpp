// Attesters by name, for atls-serve --attester and atls-connect --attest-as.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attester/attester.hpp"
#include "base/result.hpp"
#include "sim/platform.hpp"

namespace atls::tools {

// What the flags say. They apply to sim-snp only: with another attester each of them is a usage error.
struct AttesterOptions {
  std::string spec;                          // "sim-snp[:seed=TEXT,product=NAME,version=N,vlek,measurement=HEX,host-data=HEX]", "fake", "file:PATH", "tsm[:PATH]", "none"
  std::vector<std::string> faults;           // --fault, names of sim/faults.hpp
  std::string seed, product, measurement, host_data;   // empty: not given
  unsigned report_version = 0;               // 0: not given
  bool vlek = false;
};

struct AttesterSetup {
  std::shared_ptr<Attester> attester;                // empty for "none"
  std::shared_ptr<const sim::Platform> platform;        // simulated attesters only
};

// Errors are usage errors (exit 1): unknown name, bad parameter, an option or a fault that the attester cannot have.
Result<AttesterSetup> attester_from_spec(const AttesterOptions& options);

// One line per attester, for help texts.
inline constexpr std::string_view kAttesterHelp =
    "sim-snp[:KEY=VALUE,...] (simulated AMD platform; seed, product, version, vlek, measurement, host-data), fake (no hardware "
    "signature), file:PATH (one saved report), tsm[:PATH] (configfs-tsm of this guest), none";

}  // namespace atls::tools
