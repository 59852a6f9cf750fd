// SEV-SNP ATTESTATION_REPORT, 1184 bytes in every version (2 to 5). SEV-SNP ABI (AMD 56860).
// Integers are little-endian. The first 672 bytes are signed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bits.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "snp/tcb.hpp"

namespace atls::snp {

inline constexpr std::size_t kReportSize = 1184;
inline constexpr std::size_t kSignedSize = 0x2A0;     // 672
inline constexpr std::size_t kSignatureOffset = 0x2A0;

// Guest policy, SEV-SNP ABI (AMD 56860) GUEST_POLICY.
struct GuestPolicy {
  std::uint64_t bits = 0;
  std::uint8_t abi_minor() const { return static_cast<std::uint8_t>(bits); }
  std::uint8_t abi_major() const { return static_cast<std::uint8_t>(bits >> 8); }
  bool bit(unsigned n) const { return (bits >> n & 1) != 0; }
  bool debug_allowed() const { return bit(19); }
  bool migrate_ma_allowed() const { return bit(18); }
  bool reserved_ok() const { return bit(17) && bits >> 26 == 0; }
};
using atls::NamedBit;
std::span<const NamedBit> guest_policy_bits();    // smt 16, migrate_ma 18, debug 19, single_socket 20, cxl 21, mem_aes_256_xts 22, rapl_dis 23, ciphertext_hiding_dram 24, page_swap_disable 25
std::span<const NamedBit> platform_info_bits();   // smt 0, tsme 1, ecc 2, rapl_dis 3, ciphertext_hiding_dram 4, alias_check_complete 5, tio 7

enum class SigningKey : std::uint8_t { vcek = 0, vlek = 1, none = 7 };  // 2..6 are reserved and kept as they are
std::string signing_key_name(std::uint8_t raw);   // "vcek", "vlek", "none", "reserved (3)"

// Product line from combined CPUID family and model; Bergamo and Siena (family 0x19, model 0xA0..0xAF) are Genoa.
ProductLine product_line_from_cpuid(std::uint8_t family, std::uint8_t model);

struct FirmwareVersion { std::uint8_t major = 0, minor = 0, build = 0; auto operator<=>(const FirmwareVersion&) const = default; std::string text() const; };

struct AttestationReport {
  Buffer raw;                       // exactly as received, kReportSize bytes; the first kSignedSize are signed
  std::uint32_t version = 0, guest_svn = 0;
  GuestPolicy policy;
  std::array<std::uint8_t, 16> family_id{}, image_id{};
  std::uint32_t vmpl = 0, signature_algo = 0;
  TcbVersion current_tcb;
  std::uint64_t platform_info = 0;
  std::uint32_t signer_info = 0;
  std::array<std::uint8_t, 64> report_data{};
  std::array<std::uint8_t, 48> measurement{};
  std::array<std::uint8_t, 32> host_data{};
  std::array<std::uint8_t, 48> id_key_digest{}, author_key_digest{};
  std::array<std::uint8_t, 32> report_id{}, report_id_ma{};
  TcbVersion reported_tcb;
  std::uint8_t cpuid_fam_id = 0, cpuid_mod_id = 0, cpuid_step = 0;   // version 3 and later; raw bytes always
  std::array<std::uint8_t, 64> chip_id{};
  TcbVersion committed_tcb;
  FirmwareVersion current_version, committed_version;
  TcbVersion launch_tcb;
  std::uint64_t launch_mit_vector = 0, current_mit_vector = 0;       // version 5 and later; raw bytes always
  std::array<std::uint8_t, 72> signature_r{}, signature_s{};         // little-endian
  std::size_t trailing = 0;         // bytes after the report in the input handed to parse_report

  Bytes signed_bytes() const { return Bytes(raw).first(kSignedSize); }
  bool author_key_en() const { return (signer_info & 1) != 0; }
  bool mask_chip_key() const { return (signer_info & 2) != 0; }
  std::uint8_t signing_key_raw() const { return static_cast<std::uint8_t>(signer_info >> 2 & 7); }
  // Product line from CPUID family and model; unknown for version 2, which carries none.
  ProductLine product_from_cpuid() const;
  // Signed areas that must be zero in this version and are not, as "0x04C..0x050"; empty when all are zero.
  std::vector<std::string> reserved_nonzero() const;
};

// Fails only with Errc::truncated (input shorter than 1184 bytes); versions and reserved bytes are judged by checks.
Result<AttestationReport> parse_report(Bytes input);
Buffer encode_report(const AttestationReport& report);   // from the fields, reserved bytes zero; 1184 bytes

// One row per field in layout order, for dumps of damaged input and annotated hex.
enum class FieldKind { u8, u32, u64, tcb, bytes, reserved, policy, platform_info, signer_info, signature };
struct Field { std::string_view name; std::size_t offset, size; FieldKind kind; std::string_view note; };
std::span<const Field> report_fields(std::uint32_t version);   // "guest_svn", "signature.r"

}  // namespace atls::snp
