// What a simulated Intel machine and its guest are: fixed facts of one kind of machine, and values derived from the seed.
#pragma once

#include <array>

#include "intel/pck.hpp"
#include "intel/quote.hpp"
#include "sim/intel_platform.hpp"
#include "sim/keys.hpp"

namespace atls::sim {

// Security version numbers of the machine: those of the first level of its TCB info.
inline constexpr std::array<std::uint8_t, 16> kSgxComponents{4, 4, 2, 2, 4, 1, 0, 5};
inline constexpr std::uint16_t kPceSvn = 13;
// TDX module 1.5.7 with late microcode 4: TEE_TCB_SVN is minor, major and microcode.
inline constexpr std::array<std::uint8_t, 16> kTeeTcbSvn{7, 1, 4};
inline constexpr std::uint16_t kTdQeSvn = 6, kTdQeProdId = 2, kQeSvn = 10, kQeProdId = 1;

struct IntelIdentity {
  intel::PckExtension pck;                     // FMSPC, PPID and platform instance id carry the mark of simulated platforms
  std::array<std::uint8_t, 16> qe_id{};        // header user_data
  std::array<std::uint8_t, 32> qe_mr_enclave{};
  std::array<std::uint8_t, 48> mr_td{}, mr_config_id{}, mr_seam{};
  std::array<std::uint8_t, 32> mr_enclave{}, mr_signer{};
  crypto::PkeyPtr pck_key, attestation_key;
};
Result<IntelIdentity> derive_intel_identity(const IntelOptions& options);

std::array<std::uint8_t, 32> quoting_enclave_signer(bool sgx);   // MRSIGNER of the simulated quoting enclaves, the same for all seeds
std::array<std::uint8_t, 6> simulated_fmspc();

}  // namespace atls::sim
