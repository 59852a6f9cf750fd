// A simulated Intel platform, deterministic from a seed: a TDX guest or an SGX enclave with its PCK certificate, and the
// collateral that fits. Layouts: Intel TDX DCAP quoting library API (quotes), Intel SGX PCK certificate and CRL profile, PCS API v4.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/anchors.hpp"
#include "sim/platform.hpp"

namespace atls::sim {

struct IntelOptions {
  std::string seed = "atls";
  bool sgx = false;                        // an enclave, quote version 3
  unsigned quote_version = 4;              // TDX: 4, or 5 with a TD 1.5 body
  std::vector<std::string> faults;         // names of sim/faults.hpp that apply to quotes, certificates, CRLs, collateral, event log
  std::optional<Buffer> mr_td, mr_config_id;          // TDX overrides
  std::optional<Buffer> mr_enclave;                   // SGX override
};

class IntelPlatform : public Platform {
 public:
  static Result<std::unique_ptr<IntelPlatform>> create(IntelOptions options);
  virtual const IntelOptions& options() const = 0;
  virtual Buffer quote(const std::array<std::uint8_t, 64>& report_data) const = 0;   // signed, faults applied
  virtual Buffer event_log() const = 0;                                              // CCEL; replays into the RTMRs of the quote
  virtual Buffer pck_der() const = 0, pck_ca_der() const = 0, root_der() const = 0, tcb_signer_der() const = 0;
  virtual bool processor_ca() const = 0;                                             // the PCK CA is the Processor CA, by fault
  virtual Buffer root_crl_der() const = 0, pck_crl_der() const = 0;
  virtual Buffer tcb_info() const = 0, qe_identity() const = 0;                      // whole JSON responses, for this TEE
};

// Format "tdx" or "sgx"; the event log travels beside the quote.
std::unique_ptr<Attester> sim_intel_attester(std::shared_ptr<const IntelPlatform> platform);

}  // namespace atls::sim
