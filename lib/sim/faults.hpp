// Named deviations. One table drives atls-serve --fault, --list-faults and the tests.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "report/exit_code.hpp"

namespace atls::sim {

enum class FaultLayer { report, certificate, table, crl, hcl, quote, pck, collateral, http, eventlog, handshake };
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
                                        //   "quote-version-4"           the quote is of version 4 or later
                                        //   "quote-version-5"           the quote is of version 5, with a TD 1.5 body
                                        //   "policy-tcb-eval-number"    the policy demands a newer TCB evaluation data number than the collateral of the export has
                                        //   "collateral-dir"            no CRL and collateral but those of the export: --trust-anchor and --collateral-dir
                                        //   "tls1.2"                    the client speaks TLS 1.2
                                        //   "tls1.2-p224"               the client speaks TLS 1.2 and offers the group P-224 (--groups P-256:P-224)
                                        //   "pcs"                       collateral comes from --serve-collateral: --trust-anchor and --pcs-url
                                        // (the policy.json of an export with the fault is already of the form needed)
  std::string_view reference;           // public document
  std::string_view artifact = {};       // the file or folder of an export that carries it, when no handshake does
  bool client = false;                  // also for a client: atls-connect --attest-as ... --fault
  std::span<const std::string_view> platforms = {};   // formats of evidence that it exists for: "snp", "tdx", "sgx"
  std::string_view intel_check = {};    // for tdx and sgx, where the check is another one than for snp
};
std::span<const Fault> faults();
const Fault* find_fault(std::string_view name);
bool applies_to(const Fault& fault, std::string_view format);
// The check that it must trip in evidence of this format.
std::string_view check_of(const Fault& fault, std::string_view format);

}  // namespace atls::sim
