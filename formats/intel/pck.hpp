// SGX extension of PCK certificates, OID 1.2.840.113741.1.13.1. Intel SGX PCK Certificate and CRL Profile Specification.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::intel {

inline constexpr std::string_view kPckExtensionOid = "1.2.840.113741.1.13.1";

struct PckExtension {
  std::array<std::uint8_t, 16> ppid{};
  std::array<std::uint8_t, 16> components{};   // SGX TCB Comp 01..16 SVN
  std::uint16_t pce_svn = 0;
  std::array<std::uint8_t, 16> cpu_svn{};
  std::array<std::uint8_t, 2> pce_id{};
  std::array<std::uint8_t, 6> fmspc{};
  std::uint8_t sgx_type = 0;                   // 0 Standard, 1 Scalable, 2 Scalable with Integrity
  std::optional<std::array<std::uint8_t, 16>> platform_instance_id;
  std::optional<bool> dynamic_platform, cached_keys, smt_enabled;
  std::size_t entries = 0, tcb_entries = 0;    // 5 or 7; 18
  struct Place { std::string name; std::size_t offset = 0, size = 0; };
  std::vector<Place> places;                   // where each value's content is, "tcb.comp01", "fmspc"
};
// `value`: content of extnValue. Strict DER; each required entry exactly once; 18 TCB entries.
Result<PckExtension> parse_pck_extension(Bytes value);
Buffer encode_pck_extension(const PckExtension& extension);

}  // namespace atls::intel
