// Simulated platforms, deterministic from a seed: what they all have, and the AMD SEV-SNP one with its chips, endorsement keys and
// measurements. Layouts: SEV-SNP ABI (AMD 56860) for reports, AMD 57230 for certificates, GHCB specification for the certificate
// table. The Intel one is in sim/intel_platform.hpp.
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

struct ExportFile { std::string path, about; Buffer content; };   // path: below the export, with '/'

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/x-x509-ca-cert";
  Buffer body;
  std::vector<std::pair<std::string, std::string>> headers;       // beside content type and length
};

HttpAnswer refuse(int status, std::string_view why);               // a line of text
std::string certificate_pem(Bytes der);

class Platform {
 public:
  virtual ~Platform() = default;
  virtual std::string_view format() const = 0;                     // of its evidence: "snp", "tdx", "sgx"
  virtual const std::string& seed() const = 0;
  virtual const std::vector<std::string>& faults() const = 0;
  virtual std::string matching_policy() const = 0;                 // atls-policy/1 JSON that pins everything of the platform without faults
  virtual std::vector<ExportFile> export_files() const = 0;        // without README.txt and the marker
  virtual std::string export_title() const = 0;                    // "AMD SEV-SNP, Milan, report version 5, signed with the VCEK"
  virtual std::vector<std::string> export_examples() const = 0;    // command lines for README.txt
  virtual HttpAnswer answer(std::string_view target) const = 0;    // what its key distribution service says to path and query
  // The same kind of object, whatever is asked for: of another kind of machine, and from a service whose lists have expired.
  virtual HttpAnswer answer_of_other_machine(std::string_view target) const = 0;
  virtual HttpAnswer answer_with_expired_lists(std::string_view target) const = 0;
};

struct SnpOptions {
  std::string seed = "atls";
  snp::ProductLine product = snp::ProductLine::milan;
  bool vlek = false;                       // sign with the VLEK, chip_id masked
  std::uint32_t report_version = 5;        // 2..5
  std::vector<std::string> faults;         // names of sim/faults.hpp that apply to evidence, certificates, table, CRL, HCL
  std::optional<Buffer> measurement, host_data;   // overrides
};

class SnpPlatform : public Platform {
 public:
  static Result<std::unique_ptr<SnpPlatform>> create(SnpOptions options);
  virtual const SnpOptions& options() const = 0;
  virtual Buffer report(const std::array<std::uint8_t, 64>& report_data) const = 0;      // signed, faults applied
  virtual Buffer cert_table() const = 0;                                                 // VEK, ASK/ASVK, ARK; faults applied
  virtual Buffer hcl(Bytes claims_json) const = 0;                                       // Azure HCL form
  virtual Buffer vek_der() const = 0, ask_der() const = 0, ark_der() const = 0, crl_der() const = 0;
  virtual std::array<std::uint8_t, 64> chip_id() const = 0;                              // of the chip, also when the report masks it
  virtual snp::TcbVersion reported_tcb() const = 0;                                      // without faults: what the KDS is asked by
};

std::unique_ptr<Attester> sim_snp_attester(std::shared_ptr<const SnpPlatform> platform);

// Writes the platform in the layouts other tools read: see atls-serve(1). Refuses a directory that is not empty unless it is
// an earlier export.
Status export_platform(const Platform& platform, const std::filesystem::path& directory);

}  // namespace atls::sim
