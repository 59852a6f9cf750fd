// Matching levels and merging statuses: what the four algorithms are made of.
#pragma once

#include <initializer_list>
#include <string>

#include "evidence/intel_tcb.hpp"
#include "policy/tcb_override.hpp"

namespace atls::evidence {

using Svn = std::array<std::uint8_t, 16>;

// What one verifier compares. A component below the level's spoils the match.
struct LevelRule {
  Svn sgx{};                                   // components of the PCK certificate, or the octets of its CPUSVN
  std::uint16_t pce_svn = 0;
  const Svn* tdx = nullptr;                    // null: SGX, or the SGX half alone
  std::size_t tdx_start = 0;                   // 2 where the first two are left to the module identity
};
bool reaches(const LevelRule& rule, const intel::TcbLevel& level);
std::optional<std::size_t> match_platform(const LevelRule& rule, const intel::TcbInfo& tcb_info, const std::vector<std::size_t>& order);
std::optional<std::size_t> match_isv(const std::vector<intel::IsvLevel>& levels, std::uint16_t svn);

// The status of a level, when it is one that such levels may have.
enum class LevelOf { platform, module, qe };
std::optional<TcbStatus> level_status(const std::string& name, LevelOf part);
// The name of any status that collateral may use (not those that only an evaluation gives).
bool is_collateral_status(const std::string& name);

TcbStatus converge(TcbStatus platform, std::initializer_list<std::optional<TcbStatus>> components);   // Intel's library
TcbStatus more_severe(TcbStatus a, TcbStatus b);                                                      // dcap-qvl
bool needs_configuration(TcbStatus status);

// Lowers what the levels demand. One sentence for each cap that changed a level.
std::vector<std::string> apply_caps(const std::vector<policy::TcbCap>& caps, intel::TcbInfo& tcb_info);

}  // namespace atls::evidence
