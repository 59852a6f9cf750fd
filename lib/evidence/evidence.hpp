// Evidence as taken out of its container, and what is expected of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "collateral/collateral.hpp"
#include "report/model.hpp"

namespace atls::evidence {

inline constexpr std::size_t kMaxEvidence = 10 * 1024 * 1024;   // product limit: larger than any vTPM document with event log
inline constexpr std::size_t kMaxChainBytes = 1024 * 1024;
inline constexpr std::size_t kMaxChain = 16;

struct Evidence {
  std::string format;               // registry id: "snp", "tdx", "sgx"; "dummy" for documents without hardware; decoded, not judged: "td-report"
  std::string container = "raw";    // "raw", "extended", "hcl", "tsm", "constellation", "directory", "dstack", ...
  Buffer data;                      // the hardware-signed structure, with any bytes that follow it in the input
  std::optional<Buffer> aux;        // certificate table (configfs-tsm auxblob)
  std::optional<Buffer> hcl;        // whole HCL report when it was the container
  std::optional<std::string> provider;       // configfs-tsm provider, trimmed
  std::vector<CollateralItem> endorsements;  // certificates that came with it (document, directory, bundle)
  std::optional<Buffer> event_log;           // crypto-agile log (CCEL) or JSON event log that came with it
  std::optional<Buffer> td_hcl;              // whole Azure HCL report of TDX that came beside the quote: hcl-binding
  std::optional<std::string> decode_error;   // the container could not be decoded: nothing to judge (exit 7)
};

// What the TLS layer demands of the evidence. Empty report_data: raw evidence without a certificate.
struct ExpectedBinding {
  Buffer report_data;               // 64 bytes
  BindingInfo info;                 // formula and inputs; level is what a match proves
};

CollateralSource supplied_by(const Evidence& evidence);   // the source that objects inside `evidence` count as

}  // namespace atls::evidence
