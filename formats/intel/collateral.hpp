// Intel PCS documents: TCB info (v2, v3) and QE identity (v2), JSON. The signature covers the exact bytes of the member, so the
// raw substring is kept. Intel PCS API v4.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::intel {

struct TcbComponentEntry { std::uint8_t svn = 0; std::string category, type; };
struct TcbLevel {
  std::array<TcbComponentEntry, 16> sgx{};
  std::optional<std::array<TcbComponentEntry, 16>> tdx;
  std::uint16_t pce_svn = 0;
  std::string tcb_date, status;                // RFC 3339; status as written ("UpToDate")
  std::vector<std::string> advisories;
};
struct IsvLevel { std::uint16_t isv_svn = 0; std::string tcb_date, status; std::vector<std::string> advisories; };
struct TdxModuleIdentity {
  std::string id;                              // "TDX_03"; empty for the base tdxModule
  std::array<std::uint8_t, 48> mr_signer{};
  std::array<std::uint8_t, 8> attributes{}, attributes_mask{};
  std::vector<IsvLevel> levels;
};
struct TcbInfo {
  Buffer signed_bytes;                         // raw substring
  std::array<std::uint8_t, 64> signature{};
  std::string id;                              // "SGX", "TDX"; "SGX" for version 2
  std::uint32_t version = 0, tcb_type = 0, evaluation_number = 0;
  std::string issue_date, next_update, fmspc, pce_id;   // hex as written
  std::optional<TdxModuleIdentity> tdx_module;
  std::vector<TdxModuleIdentity> tdx_module_identities;
  std::vector<TcbLevel> levels;                // document order
  std::vector<std::string> unknown_members;    // signed but not understood: told, JSON pointers
};
struct QeIdentity {
  Buffer signed_bytes;
  std::array<std::uint8_t, 64> signature{};
  std::string id;                              // "QE", "TD_QE", "QVE"
  std::uint32_t version = 0, evaluation_number = 0;
  std::string issue_date, next_update;
  std::array<std::uint8_t, 4> misc_select{}, misc_select_mask{};
  std::array<std::uint8_t, 16> attributes{}, attributes_mask{};
  std::array<std::uint8_t, 32> mr_signer{};
  std::uint16_t isv_prod_id = 0;
  std::vector<IsvLevel> levels;
  std::vector<std::string> unknown_members;
};
// Whole responses {"tcbInfo":{...},"signature":"hex"} and {"enclaveIdentity":{...},"signature":"hex"}. The second forms take the
// signed text and its signature apart (bundles of other tools).
Result<TcbInfo> parse_tcb_info(Bytes response);
Result<TcbInfo> parse_tcb_info_parts(Bytes signed_text, Bytes signature);
Result<QeIdentity> parse_qe_identity(Bytes response);
Result<QeIdentity> parse_qe_identity_parts(Bytes signed_text, Bytes signature);
// The exact bytes of a top-level member's value inside a JSON object, found by a scanner that respects strings.
Result<Bytes> raw_member(Bytes json, std::string_view name);
// The exact bytes of every value of a JSON array.
Result<std::vector<Bytes>> raw_elements(Bytes json, std::size_t limit);

}  // namespace atls::intel
