// A simulated AMD SEV-SNP platform, deterministic from a seed: chips, endorsement keys, measurements.
// Layouts: SEV-SNP ABI (AMD 56860) for reports, AMD 57230 for certificates, GHCB specification for the certificate table.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attester/attester.hpp"
#include "crypto/openssl.hpp"
#include "snp/cert_table.hpp"
#include "snp/report.hpp"

namespace atls::sim {

struct PlatformOptions {
  std::string seed = "atls";
  snp::ProductLine product = snp::ProductLine::milan;
  bool vlek = false;                       // sign with the VLEK, chip_id masked
  std::uint32_t report_version = 5;        // 2..5
  std::vector<std::string> faults;         // names of sim/faults.hpp that apply to evidence, certificates, table, CRL, HCL
  std::optional<Buffer> measurement, host_data;   // overrides
};

class Platform {
 public:
  static Result<std::unique_ptr<Platform>> create(PlatformOptions options);
  virtual ~Platform() = default;
  virtual const PlatformOptions& options() const = 0;
  virtual Buffer report(const std::array<std::uint8_t, 64>& report_data) const = 0;      // signed, faults applied
  virtual Buffer cert_table() const = 0;                                                 // VEK, ASK/ASVK, ARK; faults applied
  virtual Buffer hcl(Bytes claims_json) const = 0;                                       // Azure HCL form
  virtual Buffer vek_der() const = 0, ask_der() const = 0, ark_der() const = 0, crl_der() const = 0;
  virtual std::array<std::uint8_t, 64> chip_id() const = 0;                              // of the chip, also when the report masks it
  virtual snp::TcbVersion reported_tcb() const = 0;                                      // without faults: what the KDS is asked by
  virtual std::string matching_policy() const = 0;                                       // atls-policy/1 JSON: measurement, host data, chip, VMPL, product, signer, TCB
};

std::unique_ptr<Attester> sim_snp_attester(std::shared_ptr<const Platform> platform);

// Writes the platform in the layouts other tools read: see atls-serve(1). Refuses a directory that is not empty unless it is
// an earlier export.
Status export_platform(const Platform& platform, const std::filesystem::path& directory);

}  // namespace atls::sim
