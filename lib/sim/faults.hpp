// Named deviations. One table drives atls-serve --fault, --list-faults and the tests.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "report/exit_code.hpp"

namespace atls::sim {

enum class FaultLayer { report, certificate, table, crl, hcl, handshake };
std::string_view fault_layer_name(FaultLayer layer);

struct Fault {
  std::string_view name, summary;       // summary: what is changed
  FaultLayer layer;
  bool in_handshake;                    // false: carried by --export-platform (and --serve-collateral) only
  bool accept;                          // expect: accept (pass or warn, exit 0) or reject
  std::string_view check;               // check a correct verifier fails on; for accept the check with the named outcome ("" none)
  std::string_view outcome;             // of that check: "fail" or "error" for reject, "warn" or "pass" for accept ("" none)
  ExitCode exit;
  std::span<const std::string_view> consequences;   // further checks that may fail because of it
  std::string_view needs;               // what must be so for it to show, one of:
                                        //   ""                          nothing
                                        //   "mutual"                    the server verifies its client
                                        //   "vcek"                      the platform signs with its VCEK
                                        //   "milan-or-genoa"            the product is not Turin
                                        //   "version-3"                 the report is of version 3 or later, so it names the product
                                        //   "policy-provisional-forbid" the policy says firmware.provisional "forbid"
                                        //   "policy-without-chip-id"    the policy pins no chip id
                                        //   "collateral-dir"            no CRL but that of the export: --trust-anchor and --collateral-dir
                                        // (the policy.json of an export with the fault is already of the form needed)
  std::string_view reference;           // public document
  std::string_view artifact = {};       // the file or folder of an export that carries it, when no handshake does
  bool client = false;                  // also for a client: atls-connect --attest-as ... --fault
};
std::span<const Fault> faults();
const Fault* find_fault(std::string_view name);

}  // namespace atls::sim
