// Azure HCL report from vTPM NV index 0x01400001: header, hardware report, runtime claims. Layout as published with
// Azure's confidential VM tooling.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::azure {

inline constexpr std::uint32_t kMagic = 0x414C4348;      // "HCLA", little-endian
inline constexpr std::size_t kHardwareReportOffset = 0x20, kRuntimeOffset = 0x4C0, kClaimsOffset = 0x4D4;
enum class HclReportType : std::uint32_t { snp = 2, tvm = 3, tdx = 4 };
enum class HclHash : std::uint32_t { sha256 = 1, sha384 = 2, sha512 = 3 };

struct HclReport {
  Buffer raw;
  std::uint32_t version = 0, report_size = 0, request_type = 0, status = 0;
  Buffer hardware_report;               // 1184 bytes for SNP; the TDREPORT is its first 1024 bytes for TDX
  std::uint32_t runtime_data_size = 0, runtime_version = 0, report_type = 0, hash_type = 0, claims_size = 0;
  Buffer claims;                        // runtime JSON exactly as stored; shorter than claims_size when cut
  bool claims_complete = false;
};
// Errors: truncated before the claims; bad_value for wrong magic, unknown report or hash type, report_size different from
// 32 + 1184 + runtime_data_size. Claims cut at the end are kept (claims_complete = false).
Result<HclReport> parse_hcl(Bytes input);
Buffer encode_hcl(const HclReport& report, std::size_t pad_to);
bool looks_like_hcl(Bytes input);       // magic only

struct HclKey { std::string kid, kty, n_hex, e_hex; };
struct HclClaims { std::vector<HclKey> keys; std::string user_data_hex; std::vector<std::string> members; };
Result<HclClaims> parse_hcl_claims(Bytes json);

}  // namespace atls::azure
