// The TCB algorithm of Intel's attestation: which level of TCB info and QE identity a platform reaches, as each known verifier
// computes it. Pure functions of decoded inputs; nothing here trusts or fetches anything. Intel PCS API v4; Intel DCAP quote
// verification library, EvaluateTcb.
#pragma once

#include <array>
#include <memory>
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

// qvl_2026: Intel's library of that year, what the suite decides by. qvl_2024: its predecessor, with another relaunch rule.
// go_tdx_guest: google/go-tdx-guest. dcap_qvl: the Rust crate dcap-qvl 0.5 (0.7 follows Intel's library).
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
  const intel::QeIdentity* qe_identity = nullptr;                 // null: missing, and that is allowed; the QE is not judged then
};

// Which levels matched. Indices are into the vectors of the documents, in document order; empty: none did.
struct TcbMatch {
  std::optional<std::size_t> platform_level, module_level, qe_level;
  const intel::TdxModuleIdentity* module = nullptr;               // the identity that was used; null: base module, or none
};

// What a verifier's own library answers to its caller: success, a status that the caller must judge, or an error.
enum class LibraryAnswer { accepts, leaves_to_caller, refuses };
std::string_view library_answer_name(LibraryAnswer answer);       // "accepts", "leaves-to-caller", "refuses"

// What one verifier says.
struct TcbEvaluation : TcbMatch {
  TcbStatus status = TcbStatus::not_supported;
  std::string why;                                                // for NOT_SUPPORTED, and where the library refuses what the status alone would not
  LibraryAnswer library = LibraryAnswer::refuses;
  std::string tcb_date;                                           // the oldest of the levels that matched, whether the verifier looks at it or not
  std::vector<std::string> advisories;                            // of platform, QE, module; no id twice
  std::optional<TcbStatus> current;                               // relaunch: what the module that runs now would get (qvl_2026 only)
  TcbMatch current_match;
  std::string current_why, current_date;
  std::vector<std::string> current_advisories;
};
// The documents of `input` must outlive the result.
TcbEvaluation evaluate_tcb(TcbProfile profile, const TcbInput& input);

// What check_tcb found, for the policy that follows it.
struct TcbVerdict {
  std::optional<TcbEvaluation> evaluation;                        // by the chosen profile; empty: could not be evaluated
  std::string why_not;                                            // why
  bool missing_allowed = false;                                   // ... and that was allowed: there is no TCB info
  bool without_qe = false;                                        // evaluated without a QE identity, which is allowed to be missing
  std::optional<TcbStatus> qe_alone;                              // no TCB info, but this is what the QE identity says
  std::vector<std::string> qe_advisories;
  std::string failed_check;                                       // id of the check that failed where NOT_SUPPORTED follows from it
  TcbProfile profile = TcbProfile::qvl_2026;
  std::vector<std::pair<TcbProfile, TcbEvaluation>> all;          // of every profile, the chosen one included
  std::shared_ptr<const intel::TcbInfo> tcb_info;                 // what was evaluated: as signed, or with --allow-tcb-override
};

// The pieces that checks and explanations need, too.

// Order in which the levels are tried: descending by SGX components, PCESVN, TDX components; stable.
std::vector<std::size_t> sorted_levels(const intel::TcbInfo& tcb_info);
// The identity for a module version, "TDX_03"; letter case does not count. Null when there is none.
const intel::TdxModuleIdentity* find_module_identity(const intel::TcbInfo& tcb_info, std::uint8_t version);
std::string module_identity_id(std::uint8_t version);

}  // namespace atls::evidence
