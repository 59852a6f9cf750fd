// The TCB algorithm of Intel's attestation: which level of TCB info and QE identity a platform reaches, as each known verifier
// computes it. Pure functions of decoded inputs; nothing here trusts or fetches anything. Intel PCS API v4; Intel DCAP quote
// verification library, EvaluateTcb.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "intel/collateral.hpp"
#include "intel/pck.hpp"

namespace atls::evidence {

enum class TcbStatus {
  up_to_date, sw_hardening_needed, configuration_needed, configuration_and_sw_hardening_needed, out_of_date,
  out_of_date_configuration_needed, td_relaunch_advised, td_relaunch_advised_configuration_needed, revoked, not_supported,
};
std::string_view tcb_status_name(TcbStatus status);               // "UpToDate", ..., "NOT_SUPPORTED"
std::optional<TcbStatus> tcb_status_from(std::string_view name);

enum class TcbProfile { qvl_2026, qvl_2024, go_tdx_guest, dcap_qvl };
std::string_view tcb_profile_name(TcbProfile profile);            // "qvl-2026"
std::optional<TcbProfile> tcb_profile_from(std::string_view name);
std::span<const TcbProfile> tcb_profiles();

struct TcbInput {
  const intel::PckExtension& pck;
  std::uint16_t qe_isv_svn = 0;
  bool tdx = false;
  std::array<std::uint8_t, 16> tee_tcb_svn{};                     // TDX
  std::optional<std::array<std::uint8_t, 16>> tee_tcb_svn2;       // version 5, body type 3 and later
  std::array<std::uint8_t, 48> mr_signer_seam{};
  std::uint64_t seam_attributes = 0;
  const intel::TcbInfo& tcb_info;
  const intel::QeIdentity& qe_identity;
};

// What one verifier says. Indices are into the vectors of the documents, in document order; empty: no level matched.
struct TcbEvaluation {
  TcbStatus status = TcbStatus::not_supported;
  std::string why;                                                // for NOT_SUPPORTED and for refusals of the library itself
  bool library_accepts = false;                                   // the verifier's own library would return success
  std::optional<std::size_t> platform_level, module_level, qe_level;
  const intel::TdxModuleIdentity* module = nullptr;               // the identity that was used; null: base module, or none
  std::string tcb_date;                                           // the oldest of the levels used
  std::vector<std::string> advisories;                            // of platform, QE, module; no id twice
  std::optional<TcbStatus> current;                               // relaunch: what the module that runs now would get
  std::string current_date;
  std::vector<std::string> current_advisories;
};
TcbEvaluation evaluate_tcb(TcbProfile profile, const TcbInput& input);

// What check_tcb found, for the policy that follows it.
struct TcbVerdict {
  std::optional<TcbEvaluation> evaluation;                        // empty: could not be evaluated
};

}  // namespace atls::evidence
