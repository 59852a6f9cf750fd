// Keys of the section "snp".
#include "policy/shapes.hpp"

namespace atls::policy {
namespace {

template <auto Member>
constexpr Target kTo = &reach<&Sections::snp, Member>;

constexpr Words kProducts[] = {"Milan", "Genoa", "Turin", "Bergamo", "Siena"};
constexpr Shape kProduct{.kind = Kind::word, .words = kProducts};
constexpr Words kSigners[] = {"vcek", "vlek"};
constexpr Shape kSigner{.kind = Kind::word, .words = kSigners};

// Guest policy and platform info. Ceiling bits may be listed in "allow", the others in "require"; SEV-SNP ABI (AMD 56860),
// structures GUEST_POLICY and PLATFORM_INFO.
constexpr Words kPolicyCeiling[] = {"smt", "migrate_ma", "debug", "cxl"};
constexpr Words kPolicyRequired[] = {"single_socket", "mem_aes_256_xts", "rapl_dis", "ciphertext_hiding_dram", "page_swap_disable"};
constexpr Words kPolicyAll[] = {"smt", "migrate_ma", "debug", "cxl", "single_socket", "mem_aes_256_xts", "rapl_dis", "ciphertext_hiding_dram", "page_swap_disable"};
constexpr Words kPlatformCeiling[] = {"smt", "tsme", "tio"};
constexpr Words kPlatformRequired[] = {"ecc", "rapl_dis", "ciphertext_hiding_dram", "alias_check_complete"};
constexpr Words kPlatformAll[] = {"smt", "tsme", "tio", "ecc", "rapl_dis", "ciphertext_hiding_dram", "alias_check_complete"};

constexpr Shape kU64{.kind = Kind::integer, .max = UINT64_MAX};
constexpr Shape kAbiVersion{.kind = Kind::version};
constexpr Field kAbiFields[] = {{"min", &kAbiVersion, "the smallest accepted \"major.minor\"", true}};
constexpr Shape kAbi{.kind = Kind::object, .members = kAbiFields};
constexpr std::string_view kAllowHelp = "of the bits smt, migrate_ma, debug and cxl, only these may be set";
constexpr Field kPolicyBits[] = {
    {"abi", &kAbi, "firmware ABI version that the guest demands"},
    {"allow", &NamesShape<kPolicyCeiling>::list, kAllowHelp},
    {"require", &NamesShape<kPolicyRequired>::list, "these bits must be set"},
    {"forbid", &NamesShape<kPolicyAll>::list, "these bits must be clear"},
    {"equals", &kU64, "the whole 64-bit value"},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Words kPolicyOneOf[] = {"abi", "allow", "require", "forbid", "equals"};
constexpr Shape kPolicy{.kind = Kind::object, .members = kPolicyBits, .one_of = kPolicyOneOf};
constexpr Field kPlatformBits[] = {
    {"allow", &NamesShape<kPlatformCeiling>::list, "of the bits smt, tsme and tio, only these may be set"},
    {"require", &NamesShape<kPlatformRequired>::list, "these bits must be set"},
    {"forbid", &NamesShape<kPlatformAll>::list, "these bits must be clear"},
    {"equals", &kU64, "the whole 64-bit value, unnamed bits included"},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Words kPlatformOneOf[] = {"allow", "require", "forbid", "equals"};
constexpr Shape kPlatform{.kind = Kind::object, .members = kPlatformBits, .one_of = kPlatformOneOf};

// TCB versions: components by name, because the byte layout depends on the product line.
constexpr Shape kSvn{.kind = Kind::integer, .max = 255};
constexpr Field kComponents[] = {
    {"fmc", &kSvn, "firmware management controller (Turin only)"}, {"bootloader", &kSvn, "boot loader"},      {"tee", &kSvn, "TEE"},
    {"snp", &kSvn, "SNP firmware"},                     {"microcode", &kSvn, "microcode patch level"},
};
constexpr const Shape& kComponentMinimums = GroupShape<kComponents>::shape;
constexpr Shape kTcbHex{.kind = Kind::hex, .width = 8};
constexpr Field kTcbOperators[] = {
    {"min", &kComponentMinimums, "each named component must be at least this"},
    {"equals", &kTcbHex, "the 8 bytes as in the report"},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Words kTcbOneOf[] = {"min", "equals"};
constexpr Shape kTcb{.kind = Kind::object, .members = kTcbOperators, .one_of = kTcbOneOf};
constexpr Field kTcbs[] = {
    {"reported", &kTcb, "REPORTED_TCB, the one the endorsement key is derived from", false, kTo<&SnpPolicy::tcb_reported>, "snp-policy-minimum-tcb"},
    {"launch", &kTcb, "LAUNCH_TCB, at guest launch", false, kTo<&SnpPolicy::tcb_launch>, "snp-policy-minimum-launch-tcb"},
    {"current", &kTcb, "CURRENT_TCB, what runs now", false, kTo<&SnpPolicy::tcb_current>, "snp-policy-tcb-current"},
    {"committed", &kTcb, "COMMITTED_TCB, cannot be rolled back", false, kTo<&SnpPolicy::tcb_committed>, "snp-policy-tcb-committed"},
    {"cert", &kTcb, "the TCB in the extensions of the endorsement key certificate", false, kTo<&SnpPolicy::tcb_cert>, "snp-policy-tcb-cert"},
};
constexpr const Shape& kTcbSection = GroupShape<kTcbs>::shape;

constexpr Shape kFirmwareVersion{.kind = Kind::firmware};
constexpr Field kVersionOperators[] = {
    {"min", &kFirmwareVersion, "the smallest accepted \"major.minor\" or \"major.minor.build\"", true},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Shape kVersionRule{.kind = Kind::object, .members = kVersionOperators};
constexpr Field kFirmware[] = {
    {"version", &kVersionRule, "CURRENT_MAJOR.CURRENT_MINOR[.CURRENT_BUILD]", false, kTo<&SnpPolicy::firmware_version>, "snp-policy-minimum-version"},
    {"build", &UintShape<255>::shape, "CURRENT_BUILD alone", false, kTo<&SnpPolicy::firmware_build>, "snp-policy-minimum-build"},
    {"provisional", &kAllow, "forbid: committed and current firmware must be equal", false, kTo<&SnpPolicy::provisional>, "snp-tcb-committed-equals-current snp-version-committed-equals-current"},
};
constexpr const Shape& kFirmwareSection = GroupShape<kFirmware>::shape;

constexpr Field kIdBlock[] = {
    {"require", &kFlag, "the guest was launched with a signed ID block", false, kTo<&SnpPolicy::id_block_required>, "snp-policy-id-key"},
    {"author_required", &kFlag, "the ID key was signed by an author key", false, kTo<&SnpPolicy::author_required>, "snp-policy-author-key"},
};
constexpr const Shape& kIdBlockSection = GroupShape<kIdBlock>::shape;

constexpr Shape kMaskNumber{.kind = Kind::hex_number};
constexpr Field kMaskOperators[] = {
    {"require_mask", &kMaskNumber, "hexadecimal number, most significant digit first: these bits must be set", true},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Shape kMask{.kind = Kind::object, .members = kMaskOperators};
constexpr Field kMitigation[] = {
    {"launch", &kMask, "LAUNCH_MIT_VECTOR (report version 5)", false, kTo<&SnpPolicy::mit_launch>, "snp-policy-launch-mitigations"},
    {"current", &kMask, "CURRENT_MIT_VECTOR (report version 5)", false, kTo<&SnpPolicy::mit_current>, "snp-policy-current-mitigations"},
};
constexpr const Shape& kMitigationSection = GroupShape<kMitigation>::shape;

constexpr Shape kGuid{.kind = Kind::guid};
constexpr Shape kSha256{.kind = Kind::hex, .width = 32};
constexpr Field kEntryFields[] = {
    {"guid", &kGuid, "GUID of the entry", true},
    {"sha256", &kSha256, "SHA-256 of its content"},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Shape kEntry{.kind = Kind::object, .members = kEntryFields};
constexpr Shape kEntries{.kind = Kind::list, .item = &kEntry};

constexpr Field kSnp[] = {
    {"product", &TextShape<kProduct>::shape, "processor line; Bergamo and Siena count as Genoa", false, kTo<&SnpPolicy::product>, "snp-policy-product"},
    {"signer", &TextShape<kSigner>::shape, "kind of the endorsement key", false, kTo<&SnpPolicy::signer>, "snp-policy-signing-key"},
    {"version", &UintShape<UINT32_MAX>::shape, "VERSION of the report", false, kTo<&SnpPolicy::version>, "snp-policy-report-version"},
    {"guest_svn", &UintShape<UINT32_MAX>::shape, "GUEST_SVN", false, kTo<&SnpPolicy::guest_svn>, "snp-policy-guest-svn"},
    {"policy", &kPolicy, "guest policy POLICY", false, kTo<&SnpPolicy::guest_policy>, "snp-policy-guest snp-policy-abi"},
    {"platform_info", &kPlatform, "PLATFORM_INFO", false, kTo<&SnpPolicy::platform_info>, "snp-policy-platform-info"},
    {"vmpl", &UintShape<3>::shape, "VMPL that asked for the report", false, kTo<&SnpPolicy::vmpl>, "snp-policy-vmpl"},
    {"family_id", &BytesShape<16>::shape, "FAMILY_ID", false, kTo<&SnpPolicy::family_id>, "snp-policy-family-id"},
    {"image_id", &BytesShape<16>::shape, "IMAGE_ID", false, kTo<&SnpPolicy::image_id>, "snp-policy-image-id"},
    {"measurement", &BytesShape<48, true>::shape, "MEASUREMENT, the launch digest; identifies the guest", false, kTo<&SnpPolicy::measurement>, "snp-policy-measurement"},
    {"host_data", &BytesShape<32>::shape, "HOST_DATA, chosen by the host", false, kTo<&SnpPolicy::host_data>, "snp-policy-host-data"},
    {"report_id", &BytesShape<32>::shape, "REPORT_ID", false, kTo<&SnpPolicy::report_id>, "snp-policy-report-id"},
    {"report_id_ma", &BytesShape<32>::shape, "REPORT_ID_MA", false, kTo<&SnpPolicy::report_id_ma>, "snp-policy-report-id-ma"},
    {"chip_id", &BytesShape<64>::shape, "CHIP_ID", false, kTo<&SnpPolicy::chip_id>, "snp-policy-chip-id"},
    {"id_key_digest", &BytesShape<48>::shape, "ID_KEY_DIGEST; identifies any guest that this key signed", false, kTo<&SnpPolicy::id_key_digest>, "snp-policy-id-key"},
    {"author_key_digest", &BytesShape<48>::shape, "AUTHOR_KEY_DIGEST; identifies any guest whose ID key this key signed", false, kTo<&SnpPolicy::author_key_digest>, "snp-policy-author-key"},
    {"report_data", &BytesShape<64, true>::shape, "REPORT_DATA, in addition to the binding of the profile", false, kTo<&SnpPolicy::report_data>, "snp-policy-report-data"},
    {"tcb", &kTcbSection, "minimums of the TCB versions, component by component"},
    {"firmware", &kFirmwareSection, "version of the SNP firmware"},
    {"id_block", &kIdBlockSection, "ID block of the launch"},
    {"mitigation_vector", &kMitigationSection, "mitigations that must be in place"},
    {"debug", &kAllow, "bit DEBUG of the guest policy; absent: forbid", false, kTo<&SnpPolicy::debug>, "snp-policy-debug"},
    {"csp_id", &TextShape<kText>::shape, "cloud provider named by the VLEK certificate", false, kTo<&SnpPolicy::csp_id>, "snp-vlek-csp-id"},
    {"cert_table_entry", &kEntries, "entries that the certificate table must have", false, kTo<&SnpPolicy::cert_table_entry>, "snp-policy-extra-entry"},
};

}  // namespace

constinit const Shape kSnpSection = GroupShape<kSnp>::shape;

std::string_view product_alias(std::string_view word) { return word == "Bergamo" || word == "Siena" ? "Genoa" : word; }

}  // namespace atls::policy
