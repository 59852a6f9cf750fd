// What a VCEK or VLEK certificate says about chip, TCB and product: the AMD extensions 1.3.6.1.4.1.3704.1.*, decoded.
// "VCEK Certificate and KDS Interface Specification" (AMD 57230).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/certificate.hpp"
#include "snp/tcb.hpp"

namespace atls::evidence {

inline constexpr std::string_view kVcekCn = "SEV-VCEK", kVlekCn = "SEV-VLEK";

struct VekFacts {
  bool is_vlek = false;      // by subject CN
  std::string product_name;  // "Milan-B0"; empty when absent or not decodable
  snp::ProductLine product = snp::ProductLine::unknown;
  snp::TcbLayout layout = snp::TcbLayout::legacy;
  std::optional<snp::TcbVersion> tcb;  // present when every SPL of the layout is
  Buffer hwid;                         // 64 bytes, on Turin 8; empty when absent
  bool hwid_wrapped = false;           // in an OCTET STRING, as in AMD's documentation; real ones are raw
  std::string csp_id;
  std::vector<std::string> problems;                                // missing, repeated or not decodable extensions
  std::vector<std::string> critical_unknown, unknown, amd_unknown;  // OIDs
};
VekFacts vek_facts(const crypto::Certificate& certificate);

}  // namespace atls::evidence
