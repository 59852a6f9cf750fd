// Intel ECDSA quotes: SGX v3, TDX (and SGX) v4 and v5. Intel TDX DCAP Quoting Library API and SGX ECDSA Quote Library
// reference. Integers are little-endian; keys and signatures are big-endian byte strings.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bits.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::intel {

inline constexpr std::size_t kHeaderSize = 48, kSgxReportSize = 384, kTdReport10Size = 584, kTdReport15Size = 648, kTdReportExtendedSize = 885;
inline constexpr std::size_t kMinQuoteSize = 1020;
inline constexpr std::size_t kMaxSignedData = 1024 * 1024;   // real ones are below 5 KiB
inline constexpr std::uint32_t kTeeSgx = 0, kTeeTdx = 0x81;
inline constexpr std::uint16_t kEcdsaP256 = 2;                                                     // attestation key types
inline constexpr std::uint16_t kPckCleartext = 4, kPckCertChain = 5, kQeReportCertification = 6;   // certification data types
inline constexpr std::array<std::uint8_t, 16> kVendorId{0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C, 0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3, 0x95, 0x7F, 0x06, 0x07};   // Intel's QE

struct QuoteHeader {
  std::uint16_t version = 0, att_key_type = 0;
  std::uint32_t tee_type = 0;
  std::uint16_t qe_svn = 0, pce_svn = 0;      // reserved and zero in TDX quotes
  std::array<std::uint8_t, 16> qe_vendor_id{};
  std::array<std::uint8_t, 20> user_data{};   // first 16: QE id
};

// SGX report body: the enclave of a v3 quote, and the QE report of every quote.
struct SgxReport {
  Buffer raw;                                  // kSgxReportSize
  std::array<std::uint8_t, 16> cpu_svn{};
  std::uint32_t misc_select = 0;
  std::array<std::uint8_t, 16> isv_ext_prod_id{};
  std::array<std::uint8_t, 16> attributes{};   // flags u64 || xfrm u64
  std::array<std::uint8_t, 32> mr_enclave{}, mr_signer{};
  std::array<std::uint8_t, 64> config_id{};
  std::uint16_t isv_prod_id = 0, isv_svn = 0, config_svn = 0;
  std::array<std::uint8_t, 16> isv_family_id{};
  std::array<std::uint8_t, 64> report_data{};
  std::uint64_t flags() const, xfrm() const;
};
Result<SgxReport> parse_sgx_report(Bytes input);   // exactly 384 bytes
Buffer encode_sgx_report(const SgxReport& report);

struct TdReport {                              // TD report body 1.0, 1.5 or extended
  Buffer raw;
  std::array<std::uint8_t, 16> tee_tcb_svn{};
  std::array<std::uint8_t, 48> mr_seam{}, mr_signer_seam{};
  std::uint64_t seam_attributes = 0, td_attributes = 0, xfam = 0;
  std::array<std::uint8_t, 48> mr_td{}, mr_config_id{}, mr_owner{}, mr_owner_config{};
  std::array<std::array<std::uint8_t, 48>, 4> rtmr{};
  std::array<std::uint8_t, 64> report_data{};
  std::optional<std::array<std::uint8_t, 16>> tee_tcb_svn2;   // 1.5 and later
  std::optional<std::array<std::uint8_t, 48>> mr_servicetd;
};
Result<TdReport> parse_td_report(Bytes input); // 584, 648 or 885 bytes
Buffer encode_td_report(const TdReport& report);

struct CertificationData {
  std::uint16_t type = 0;                      // 1..7
  std::uint32_t size = 0;                      // as declared
  Buffer data;
};

struct Quote {
  Buffer raw;                                  // as received, with trailing bytes
  QuoteHeader header;
  std::uint16_t body_type = 0;                 // v5: 1..4; 0 in v3, v4
  std::uint32_t body_size = 0;
  std::size_t body_offset = 0;
  std::variant<SgxReport, TdReport> body;
  std::size_t signed_size = 0;                 // bytes [0, signed_size) are signed
  std::uint32_t signature_data_size = 0;
  std::size_t signature_data_offset = 0;
  std::array<std::uint8_t, 64> signature{}, attestation_key{};   // r||s, X||Y
  std::uint16_t outer_type = 0;                // v4, v5: 6; 0 in v3
  std::uint32_t outer_size = 0;                // v4, v5
  SgxReport qe_report;
  std::size_t qe_report_offset = 0;
  std::array<std::uint8_t, 64> qe_report_signature{};
  Buffer auth_data;
  std::size_t auth_data_offset = 0;
  CertificationData certification;             // the inner one
  std::size_t certification_offset = 0;        // of its data
  std::size_t unused_in_signature_data = 0;    // bytes that no field covers: quote-size-consistency
  std::size_t trailing = 0;
  bool trailing_nonzero = false;

  bool is_tdx() const { return std::holds_alternative<TdReport>(body); }
  Bytes signed_bytes() const { return Bytes(raw).first(signed_size); }
};

// Errors only where the layout cannot be determined: truncated, unknown version, v5 body type or size, EPID key types.
// Other odd values are kept, for whoever judges the quote.
Result<Quote> parse_quote(Bytes input);
Buffer encode_quote(const Quote& quote);       // from the fields, sizes computed, without trailing bytes
bool looks_like_quote(Bytes input);            // version 3..5, key type and tee_type plausible; minimum size, or Intel's vendor id

// Names of the bits that are set, "INIT"; a bit without a name is "bit 12".
std::vector<std::string> td_attribute_names(std::uint64_t bits);
std::vector<std::string> xfam_names(std::uint64_t bits);        // also the xfrm of SGX
std::vector<std::string> sgx_flag_names(std::uint64_t bits);
std::string_view certification_type_name(std::uint16_t type);   // "PCK_CERT_CHAIN"; empty when unknown
// The same names bit by bit, for claims.
using atls::NamedBit;
std::span<const NamedBit> td_attribute_bits();
std::span<const NamedBit> xfam_bits();
std::span<const NamedBit> sgx_flag_bits();

// Certification data types 1 to 3: PPID (clear or encrypted), CPUSVN, PCESVN, PCEID (absent in one old form).
struct PpidData { Buffer ppid; std::array<std::uint8_t, 16> cpu_svn{}; std::uint16_t pce_svn = 0; std::optional<std::uint16_t> pce_id; };
Result<PpidData> parse_ppid_data(const CertificationData& data);

// TDREPORT_STRUCT, 1024 bytes (input of quoting; found in Azure HCL reports). Only its own machine can check the MAC.
struct TdReportStruct {
  Buffer raw;
  std::uint8_t type = 0, subtype = 0, version = 0;
  std::array<std::uint8_t, 16> cpu_svn{};
  std::array<std::uint8_t, 48> tee_tcb_info_hash{}, tee_info_hash{};
  std::array<std::uint8_t, 64> report_data{};
  std::array<std::uint8_t, 32> mac{};
  std::uint64_t valid = 0;
  TdReport body;                               // fields from TEE_TCB_INFO and TDINFO; raw empty
  std::size_t trailing = 0;
};
inline constexpr std::size_t kTdReportStructSize = 1024;
Result<TdReportStruct> parse_td_report_struct(Bytes input);   // at least 1024 bytes; what follows is counted
Buffer encode_td_report_struct(const TdReportStruct& report);
bool looks_like_td_report(Bytes input);       // type 0x81 and the reserved bytes behind it, of a cut one too

}  // namespace atls::intel
