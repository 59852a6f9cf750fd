// Named deviations. One table drives atls-serve --fault, --list-faults and the tests.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "report/exit_code.hpp"

namespace atls::sim {

enum class FaultLayer { report, certificate, table, crl, hcl, handshake, client };   // client: atls-connect --attest-as --fault
struct Fault {
  std::string_view name, summary;       // summary: what is changed
  FaultLayer layer;
  bool in_handshake;                    // false: carried by --export-platform (and --serve-collateral) only
  bool accept;                          // expect: accept (pass or warn, exit 0) or reject
  std::string_view check;               // check a correct verifier fails on; for accept the check with the named outcome ("" none)
  std::string_view outcome;             // "fail", or "warn"/"pass" for accept
  ExitCode exit;
  std::span<const std::string_view> consequences;   // further checks that fail because of it
  std::string_view needs;               // "", "mutual", "policy-provisional-forbid", "policy-without-chip-id", "turin", "vlek", "genoa" ...
  std::string_view reference;           // "sev-snp.md 12.3" style is internal: cite the public document instead
};
std::span<const Fault> faults();
const Fault* find_fault(std::string_view name);

}  // namespace atls::sim
