#include "snp/report.hpp"

#include <algorithm>

#include "base/cursor.hpp"
#include "base/writer.hpp"

namespace atls::snp {
namespace {

constexpr NamedBit kGuestPolicyBits[] = {
    {16, "smt", "simultaneous multithreading is allowed"},
    {18, "migrate_ma", "association with a migration agent is allowed"},
    {19, "debug", "the host may decrypt the guest's memory for debugging"},
    {20, "single_socket", "the guest may run on one socket only"},
    {21, "cxl", "CXL devices may be attached"},
    {22, "mem_aes_256_xts", "AES-256-XTS memory encryption is required"},
    {23, "rapl_dis", "RAPL must be disabled"},
    {24, "ciphertext_hiding_dram", "ciphertext hiding must be enabled"},
    {25, "page_swap_disable", "guest page swap and move operations are disabled"},
};
constexpr NamedBit kPlatformInfoBits[] = {
    {0, "smt", "simultaneous multithreading is enabled"},
    {1, "tsme", "transparent memory encryption is enabled"},
    {2, "ecc", "memory uses error-correcting codes"},
    {3, "rapl_dis", "RAPL is disabled"},
    {4, "ciphertext_hiding_dram", "ciphertext hiding is enabled"},
    {5, "alias_check_complete", "the memory alias check was completed"},
    {7, "tio", "SEV-TIO is enabled"},
};

// The names and offsets of ATTESTATION_REPORT. `since` and `until` bound the report versions that have the row.
struct Row { Field field; std::uint32_t since, until; };
constexpr std::uint32_t kAny = 0xFFFFFFFF;
constexpr Row kRows[] = {
    {{"version", 0x000, 4, FieldKind::u32, "layout version"}, 0, kAny},
    {{"guest_svn", 0x004, 4, FieldKind::u32, "security version of the guest, from the ID block"}, 0, kAny},
    {{"policy", 0x008, 8, FieldKind::policy, "guest policy given at launch"}, 0, kAny},
    {{"family_id", 0x010, 16, FieldKind::bytes, "from the ID block"}, 0, kAny},
    {{"image_id", 0x020, 16, FieldKind::bytes, "from the ID block"}, 0, kAny},
    {{"vmpl", 0x030, 4, FieldKind::u32, "privilege level of the requester"}, 0, kAny},
    {{"signature_algo", 0x034, 4, FieldKind::u32, "1 is ECDSA P-384 with SHA-384"}, 0, kAny},
    {{"current_tcb", 0x038, 8, FieldKind::tcb, "TCB running now"}, 0, kAny},
    {{"platform_info", 0x040, 8, FieldKind::platform_info, "facts about the platform"}, 0, kAny},
    {{"signer_info", 0x048, 4, FieldKind::signer_info, "author key flag, chip key mask, signing key"}, 0, kAny},
    {{"reserved_04c", 0x04C, 4, FieldKind::reserved, "must be zero"}, 0, kAny},
    {{"report_data", 0x050, 64, FieldKind::bytes, "chosen by the guest"}, 0, kAny},
    {{"measurement", 0x090, 48, FieldKind::bytes, "launch digest"}, 0, kAny},
    {{"host_data", 0x0C0, 32, FieldKind::bytes, "chosen by the host at launch"}, 0, kAny},
    {{"id_key_digest", 0x0E0, 48, FieldKind::bytes, "SHA-384 of the ID key"}, 0, kAny},
    {{"author_key_digest", 0x110, 48, FieldKind::bytes, "SHA-384 of the author key, valid when author_key_en is set"}, 0, kAny},
    {{"report_id", 0x140, 32, FieldKind::bytes, "random per launch"}, 0, kAny},
    {{"report_id_ma", 0x160, 32, FieldKind::bytes, "report id of the migration agent, all ones without one"}, 0, kAny},
    {{"reported_tcb", 0x180, 8, FieldKind::tcb, "TCB that the signing key was derived for"}, 0, kAny},
    {{"reserved_188", 0x188, 24, FieldKind::reserved, "must be zero"}, 0, 2},
    {{"cpuid_fam_id", 0x188, 1, FieldKind::u8, "CPU family, combined"}, 3, kAny},
    {{"cpuid_mod_id", 0x189, 1, FieldKind::u8, "CPU model, combined"}, 3, kAny},
    {{"cpuid_step", 0x18A, 1, FieldKind::u8, "CPU stepping"}, 3, kAny},
    {{"reserved_18b", 0x18B, 21, FieldKind::reserved, "must be zero"}, 3, kAny},
    {{"chip_id", 0x1A0, 64, FieldKind::bytes, "unique chip id, zero when masked"}, 0, kAny},
    {{"committed_tcb", 0x1E0, 8, FieldKind::tcb, "anti-rollback floor"}, 0, kAny},
    {{"current_build", 0x1E8, 1, FieldKind::u8, "firmware running now"}, 0, kAny},
    {{"current_minor", 0x1E9, 1, FieldKind::u8, "firmware running now"}, 0, kAny},
    {{"current_major", 0x1EA, 1, FieldKind::u8, "firmware running now"}, 0, kAny},
    {{"reserved_1eb", 0x1EB, 1, FieldKind::reserved, "must be zero"}, 0, kAny},
    {{"committed_build", 0x1EC, 1, FieldKind::u8, "firmware committed"}, 0, kAny},
    {{"committed_minor", 0x1ED, 1, FieldKind::u8, "firmware committed"}, 0, kAny},
    {{"committed_major", 0x1EE, 1, FieldKind::u8, "firmware committed"}, 0, kAny},
    {{"reserved_1ef", 0x1EF, 1, FieldKind::reserved, "must be zero"}, 0, kAny},
    {{"launch_tcb", 0x1F0, 8, FieldKind::tcb, "TCB at launch or import"}, 0, kAny},
    {{"reserved_1f8", 0x1F8, 168, FieldKind::reserved, "must be zero"}, 0, 4},
    {{"launch_mit_vector", 0x1F8, 8, FieldKind::u64, "mitigations verified at launch"}, 5, kAny},
    {{"current_mit_vector", 0x200, 8, FieldKind::u64, "mitigations verified now"}, 5, kAny},
    {{"reserved_208", 0x208, 152, FieldKind::reserved, "must be zero"}, 5, kAny},
    {{"signature.r", 0x2A0, 72, FieldKind::signature, "little-endian, 48 significant bytes"}, 0, kAny},
    {{"signature.s", 0x2E8, 72, FieldKind::signature, "little-endian, 48 significant bytes"}, 0, kAny},
    {{"reserved_330", 0x330, 368, FieldKind::reserved, "not signed, zero in practice"}, 0, kAny},
};

std::vector<Field> fields_of(std::uint32_t version) {
  std::vector<Field> out;
  for (const Row& row : kRows)
    if (version >= row.since && version <= row.until) out.push_back(row.field);
  return out;
}

std::string area(std::size_t from, std::size_t end) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const auto three = [](std::size_t v) { return std::string("0x") + kDigits[v >> 8 & 15] + kDigits[v >> 4 & 15] + kDigits[v & 15]; };
  return three(from) + ".." + three(end);
}

FirmwareVersion read_firmware(Cursor& in) {
  FirmwareVersion v;
  v.build = in.u8("BUILD");
  v.minor = in.u8("MINOR");
  v.major = in.u8("MAJOR");
  return v;
}

}  // namespace

std::span<const NamedBit> guest_policy_bits() { return kGuestPolicyBits; }
std::span<const NamedBit> platform_info_bits() { return kPlatformInfoBits; }

std::string signing_key_name(std::uint8_t raw) {
  if (raw == static_cast<std::uint8_t>(SigningKey::vcek)) return "vcek";
  if (raw == static_cast<std::uint8_t>(SigningKey::vlek)) return "vlek";
  if (raw == static_cast<std::uint8_t>(SigningKey::none)) return "none";
  return "reserved (" + std::to_string(raw) + ")";
}

std::string FirmwareVersion::text() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(build);
}

ProductLine product_line_from_cpuid(std::uint8_t family, std::uint8_t model) {
  if (family == 0x19 && model <= 0x0F) return ProductLine::milan;
  if (family == 0x19 && model >= 0x10 && model <= 0x1F) return ProductLine::genoa;
  if (family == 0x19 && model >= 0xA0 && model <= 0xAF) return ProductLine::genoa;  // Bergamo and Siena
  if (family == 0x1A && model <= 0x11) return ProductLine::turin;
  return ProductLine::unknown;
}

ProductLine AttestationReport::product_from_cpuid() const {
  return version < 3 ? ProductLine::unknown : product_line_from_cpuid(cpuid_fam_id, cpuid_mod_id);
}

std::vector<std::string> AttestationReport::reserved_nonzero() const {
  std::vector<std::string> out;
  if (raw.size() < kReportSize) return out;
  for (const Field& field : report_fields(version)) {
    if (field.kind != FieldKind::reserved || field.offset >= kSignatureOffset) continue;
    if (!is_zero(Bytes(raw).subspan(field.offset, field.size))) out.push_back(area(field.offset, field.offset + field.size));
  }
  return out;
}

std::span<const Field> report_fields(std::uint32_t version) {
  static const std::vector<Field> kBase = fields_of(2), kCpuid = fields_of(3), kMitigations = fields_of(5);
  if (version <= 2) return kBase;
  return version <= 4 ? kCpuid : kMitigations;
}

Result<AttestationReport> parse_report(Bytes input) {
  Cursor in(input, "snp.report");
  AttestationReport r;
  r.version = in.at(0x000).u32le("VERSION");
  r.guest_svn = in.at(0x004).u32le("GUEST_SVN");
  r.policy.bits = in.at(0x008).u64le("POLICY");
  r.family_id = in.at(0x010).array<16>("FAMILY_ID");
  r.image_id = in.at(0x020).array<16>("IMAGE_ID");
  r.vmpl = in.at(0x030).u32le("VMPL");
  r.signature_algo = in.at(0x034).u32le("SIGNATURE_ALGO");
  r.current_tcb.raw = in.at(0x038).array<8>("CURRENT_TCB");
  r.platform_info = in.at(0x040).u64le("PLATFORM_INFO");
  r.signer_info = in.at(0x048).u32le("KEY_INFO");
  in.at(0x04C).bytes(4, "RESERVED_04C");
  r.report_data = in.at(0x050).array<64>("REPORT_DATA");
  r.measurement = in.at(0x090).array<48>("MEASUREMENT");
  r.host_data = in.at(0x0C0).array<32>("HOST_DATA");
  r.id_key_digest = in.at(0x0E0).array<48>("ID_KEY_DIGEST");
  r.author_key_digest = in.at(0x110).array<48>("AUTHOR_KEY_DIGEST");
  r.report_id = in.at(0x140).array<32>("REPORT_ID");
  r.report_id_ma = in.at(0x160).array<32>("REPORT_ID_MA");
  r.reported_tcb.raw = in.at(0x180).array<8>("REPORTED_TCB");
  r.cpuid_fam_id = in.at(0x188).u8("CPUID_FAM_ID");
  r.cpuid_mod_id = in.at(0x189).u8("CPUID_MOD_ID");
  r.cpuid_step = in.at(0x18A).u8("CPUID_STEP");
  in.at(0x18B).bytes(21, "RESERVED_18B");
  r.chip_id = in.at(0x1A0).array<64>("CHIP_ID");
  r.committed_tcb.raw = in.at(0x1E0).array<8>("COMMITTED_TCB");
  r.current_version = read_firmware(in.at(0x1E8));
  in.at(0x1EB).bytes(1, "RESERVED_1EB");
  r.committed_version = read_firmware(in.at(0x1EC));
  in.at(0x1EF).bytes(1, "RESERVED_1EF");
  r.launch_tcb.raw = in.at(0x1F0).array<8>("LAUNCH_TCB");
  r.launch_mit_vector = in.at(0x1F8).u64le("LAUNCH_MIT_VECTOR");
  r.current_mit_vector = in.at(0x200).u64le("CURRENT_MIT_VECTOR");
  in.at(0x208).bytes(152, "RESERVED_208");
  r.signature_r = in.at(0x2A0).array<72>("SIGNATURE.R");
  r.signature_s = in.at(0x2E8).array<72>("SIGNATURE.S");
  in.at(0x330).bytes(368, "RESERVED_330");
  r.trailing = in.at(kReportSize).rest().size();
  if (in.error()) return *in.error();
  r.raw = to_buffer(input.first(kReportSize));
  return r;
}

Buffer encode_report(const AttestationReport& r) {
  Writer out;
  out.u32le(r.version).u32le(r.guest_svn).u64le(r.policy.bits).bytes(r.family_id).bytes(r.image_id);
  out.u32le(r.vmpl).u32le(r.signature_algo).bytes(r.current_tcb.raw).u64le(r.platform_info).u32le(r.signer_info).zeros(4);
  out.bytes(r.report_data).bytes(r.measurement).bytes(r.host_data).bytes(r.id_key_digest).bytes(r.author_key_digest);
  out.bytes(r.report_id).bytes(r.report_id_ma).bytes(r.reported_tcb.raw);
  out.u8(r.cpuid_fam_id).u8(r.cpuid_mod_id).u8(r.cpuid_step).zeros(21);
  out.bytes(r.chip_id).bytes(r.committed_tcb.raw);
  for (const FirmwareVersion& v : {r.current_version, r.committed_version}) out.u8(v.build).u8(v.minor).u8(v.major).zeros(1);
  out.bytes(r.launch_tcb.raw).u64le(r.launch_mit_vector).u64le(r.current_mit_vector).zeros(152);
  out.bytes(r.signature_r).bytes(r.signature_s).zeros(368);
  return out.take();
}

}  // namespace atls::snp
