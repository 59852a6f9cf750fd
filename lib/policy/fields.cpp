// Every key of atls-policy/1 that this version can judge.
#include <array>

#include "policy/shape.hpp"

namespace atls::policy {
namespace {

using Words = std::string_view;

constexpr Shape kText{.kind = Kind::text};
constexpr Shape kFlag{.kind = Kind::flag};
constexpr Shape kTrue{.kind = Kind::only_true};
constexpr Shape kTime{.kind = Kind::time};
constexpr Words kSeverities[] = {"fail", "warn"};
constexpr Shape kSeverity{.kind = Kind::word, .words = kSeverities};
constexpr Words kAllowForbid[] = {"allow", "forbid"};
constexpr Shape kAllow{.kind = Kind::word, .words = kAllowForbid};

constexpr std::string_view kSeverityHelp = "warn: a value that does not match is reported as a warning";
constexpr std::string_view kCommentHelp = "free text";
constexpr std::string_view kUncheckedHelp = "documents that every value is accepted";

// Byte strings: short form "<hex>", or operators.
template <std::size_t Width, bool NotZero = false>
struct BytesShape {
  static constexpr Shape hex{.kind = Kind::hex, .width = Width, .not_zero = NotZero};
  static constexpr Shape mask{.kind = Kind::hex, .width = Width, .not_zero = true};
  static constexpr Shape list{.kind = Kind::list, .item = &hex};
  static constexpr Field operators[] = {
      {"equals", &hex, "the only accepted value"},
      {"any_of", &list, "the accepted values"},
      {"none_of", &list, "values that are refused"},
      {"mask", &mask, "only these bits are compared"},
      {"unchecked", &kTrue, kUncheckedHelp},
      {"severity", &kSeverity, kSeverityHelp},
      {"comment", &kText, kCommentHelp},
  };
  static constexpr Words one_of[] = {"equals", "any_of", "none_of", "unchecked"};
  static constexpr Words exclusive[] = {"equals", "any_of"};
  static constexpr Shape shape{.kind = Kind::either, .item = &hex, .members = operators, .one_of = one_of, .exclusive = exclusive, .alone = "unchecked"};
};

template <std::uint64_t Max>
struct UintShape {
  static constexpr Shape number{.kind = Kind::integer, .max = Max};
  static constexpr Shape list{.kind = Kind::list, .item = &number};
  static constexpr Field operators[] = {
      {"equals", &number, "the only accepted value"},
      {"any_of", &list, "the accepted values"},
      {"none_of", &list, "values that are refused"},
      {"min", &number, "the smallest accepted value"},
      {"max", &number, "the largest accepted value"},
      {"unchecked", &kTrue, kUncheckedHelp},
      {"severity", &kSeverity, kSeverityHelp},
      {"comment", &kText, kCommentHelp},
  };
  static constexpr Words one_of[] = {"equals", "any_of", "none_of", "min", "max", "unchecked"};
  static constexpr Words exclusive[] = {"equals", "any_of"};
  static constexpr Shape shape{.kind = Kind::either, .item = &number, .members = operators, .one_of = one_of, .exclusive = exclusive, .alone = "unchecked"};
};

// Text: short form or any_of.
constexpr Words kTextOneOf[] = {"equals", "any_of", "unchecked"};
constexpr Words kTextExclusive[] = {"equals", "any_of"};
template <const Shape& Item>
struct TextShape {
  static constexpr Shape list{.kind = Kind::list, .unique = true, .item = &Item};
  static constexpr Field operators[] = {
      {"equals", &Item, "the only accepted value"},
      {"any_of", &list, "the accepted values"},
      {"unchecked", &kTrue, kUncheckedHelp},
      {"severity", &kSeverity, kSeverityHelp},
      {"comment", &kText, kCommentHelp},
  };
  static constexpr Shape shape{.kind = Kind::either, .item = &Item, .members = operators, .one_of = kTextOneOf, .exclusive = kTextExclusive, .alone = "unchecked"};
};
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

template <const auto& Names>
struct NamesShape {
  static constexpr Shape word{.kind = Kind::word, .words = Names};
  static constexpr Shape list{.kind = Kind::list, .unique = true, .item = &word};
};
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
constexpr Words kComponentNames[] = {"fmc", "bootloader", "tee", "snp", "microcode"};
constexpr Shape kComponentMinimums{.kind = Kind::object, .members = kComponents, .one_of = kComponentNames};
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
    {"reported", &kTcb, "REPORTED_TCB, the one the endorsement key is derived from", false, &SnpPolicy::tcb_reported, "snp-policy-minimum-tcb"},
    {"launch", &kTcb, "LAUNCH_TCB, at guest launch", false, &SnpPolicy::tcb_launch, "snp-policy-minimum-launch-tcb"},
    {"current", &kTcb, "CURRENT_TCB, what runs now", false, &SnpPolicy::tcb_current, "snp-policy-tcb-current"},
    {"committed", &kTcb, "COMMITTED_TCB, cannot be rolled back", false, &SnpPolicy::tcb_committed, "snp-policy-tcb-committed"},
    {"cert", &kTcb, "the TCB in the extensions of the endorsement key certificate", false, &SnpPolicy::tcb_cert, "snp-policy-tcb-cert"},
};
constexpr Words kTcbNames[] = {"reported", "launch", "current", "committed", "cert"};
constexpr Shape kTcbSection{.kind = Kind::object, .members = kTcbs, .one_of = kTcbNames};

constexpr Shape kFirmwareVersion{.kind = Kind::firmware};
constexpr Field kVersionOperators[] = {
    {"min", &kFirmwareVersion, "the smallest accepted \"major.minor\" or \"major.minor.build\"", true},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Shape kVersionRule{.kind = Kind::object, .members = kVersionOperators};
constexpr Field kFirmware[] = {
    {"version", &kVersionRule, "CURRENT_MAJOR.CURRENT_MINOR[.CURRENT_BUILD]", false, &SnpPolicy::firmware_version, "snp-policy-minimum-version"},
    {"build", &UintShape<255>::shape, "CURRENT_BUILD alone", false, &SnpPolicy::firmware_build, "snp-policy-minimum-build"},
    {"provisional", &kAllow, "forbid: committed and current firmware must be equal", false, &SnpPolicy::provisional, "snp-tcb-committed-equals-current snp-version-committed-equals-current"},
};
constexpr Words kFirmwareNames[] = {"version", "build", "provisional"};
constexpr Shape kFirmwareSection{.kind = Kind::object, .members = kFirmware, .one_of = kFirmwareNames};

constexpr Field kIdBlock[] = {
    {"require", &kFlag, "the guest was launched with a signed ID block", false, &SnpPolicy::id_block_required, "snp-policy-id-key"},
    {"author_required", &kFlag, "the ID key was signed by an author key", false, &SnpPolicy::author_required, "snp-policy-author-key"},
};
constexpr Words kIdBlockNames[] = {"require", "author_required"};
constexpr Shape kIdBlockSection{.kind = Kind::object, .members = kIdBlock, .one_of = kIdBlockNames};

constexpr Shape kMaskNumber{.kind = Kind::hex_number};
constexpr Field kMaskOperators[] = {
    {"require_mask", &kMaskNumber, "hexadecimal number, most significant digit first: these bits must be set", true},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Shape kMask{.kind = Kind::object, .members = kMaskOperators};
constexpr Field kMitigation[] = {
    {"launch", &kMask, "LAUNCH_MIT_VECTOR (report version 5)", false, &SnpPolicy::mit_launch, "snp-policy-launch-mitigations"},
    {"current", &kMask, "CURRENT_MIT_VECTOR (report version 5)", false, &SnpPolicy::mit_current, "snp-policy-current-mitigations"},
};
constexpr Words kMitigationNames[] = {"launch", "current"};
constexpr Shape kMitigationSection{.kind = Kind::object, .members = kMitigation, .one_of = kMitigationNames};

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
    {"product", &TextShape<kProduct>::shape, "processor line; Bergamo and Siena count as Genoa", false, &SnpPolicy::product, "snp-policy-product"},
    {"signer", &TextShape<kSigner>::shape, "kind of the endorsement key", false, &SnpPolicy::signer, "snp-policy-signing-key"},
    {"version", &UintShape<UINT32_MAX>::shape, "VERSION of the report", false, &SnpPolicy::version, "snp-policy-report-version"},
    {"guest_svn", &UintShape<UINT32_MAX>::shape, "GUEST_SVN", false, &SnpPolicy::guest_svn, "snp-policy-guest-svn"},
    {"policy", &kPolicy, "guest policy POLICY", false, &SnpPolicy::guest_policy, "snp-policy-guest snp-policy-abi"},
    {"platform_info", &kPlatform, "PLATFORM_INFO", false, &SnpPolicy::platform_info, "snp-policy-platform-info"},
    {"vmpl", &UintShape<3>::shape, "VMPL that asked for the report", false, &SnpPolicy::vmpl, "snp-policy-vmpl"},
    {"family_id", &BytesShape<16>::shape, "FAMILY_ID", false, &SnpPolicy::family_id, "snp-policy-family-id"},
    {"image_id", &BytesShape<16>::shape, "IMAGE_ID", false, &SnpPolicy::image_id, "snp-policy-image-id"},
    {"measurement", &BytesShape<48, true>::shape, "MEASUREMENT, the launch digest; identifies the guest", false, &SnpPolicy::measurement, "snp-policy-measurement"},
    {"host_data", &BytesShape<32>::shape, "HOST_DATA, chosen by the host", false, &SnpPolicy::host_data, "snp-policy-host-data"},
    {"report_id", &BytesShape<32>::shape, "REPORT_ID", false, &SnpPolicy::report_id, "snp-policy-report-id"},
    {"report_id_ma", &BytesShape<32>::shape, "REPORT_ID_MA", false, &SnpPolicy::report_id_ma, "snp-policy-report-id-ma"},
    {"chip_id", &BytesShape<64>::shape, "CHIP_ID", false, &SnpPolicy::chip_id, "snp-policy-chip-id"},
    {"id_key_digest", &BytesShape<48>::shape, "ID_KEY_DIGEST; identifies the guest", false, &SnpPolicy::id_key_digest, "snp-policy-id-key"},
    {"author_key_digest", &BytesShape<48>::shape, "AUTHOR_KEY_DIGEST; identifies the guest", false, &SnpPolicy::author_key_digest, "snp-policy-author-key"},
    {"report_data", &BytesShape<64, true>::shape, "REPORT_DATA, in addition to the binding of the profile", false, &SnpPolicy::report_data, "snp-policy-report-data"},
    {"tcb", &kTcbSection, "minimums of the TCB versions, component by component"},
    {"firmware", &kFirmwareSection, "version of the SNP firmware"},
    {"id_block", &kIdBlockSection, "ID block of the launch"},
    {"mitigation_vector", &kMitigationSection, "mitigations that must be in place"},
    {"debug", &kAllow, "bit DEBUG of the guest policy; absent: forbid", false, &SnpPolicy::debug, "snp-policy-debug"},
    {"csp_id", &TextShape<kText>::shape, "cloud provider named by the VLEK certificate", false, &SnpPolicy::csp_id, "snp-vlek-csp-id"},
    {"cert_table_entry", &kEntries, "entries that the certificate table must have", false, &SnpPolicy::cert_table_entry, "snp-policy-extra-entry"},
};
constexpr auto kSnpNames = [] {
  std::array<Words, std::size(kSnp)> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kSnp[i].key;
  return names;
}();
constexpr Shape kSnpSection{.kind = Kind::object, .members = kSnp, .one_of = kSnpNames};

constexpr Shape kFiles{.kind = Kind::list, .unique = true, .item = &kText};
constexpr Field kRoots[] = {{"amd_ark", &kFiles, "files, or PEM text, that replace the built-in AMD roots", true}};
constexpr Words kOtherRoots[] = {"intel", "azure_vtpm", "google_ek", "nitro"};
constexpr Shape kRootsSection{.kind = Kind::object, .members = kRoots, .unsupported = kOtherRoots};
constexpr Words kCrlWords[] = {"require", "if-available", "off"};
constexpr Shape kCrl{.kind = Kind::word, .words = kCrlWords};
constexpr Field kTrust[] = {
    {"roots", &kRootsSection, "trust anchors"},
    {"crl", &kCrl, "revocation lists; absent: require"},
    {"offline", &kFlag, "true: never ask the network"},
};
constexpr Words kTrustNames[] = {"roots", "crl", "offline"};
constexpr Words kOtherTrust[] = {"collateral_max_age_days", "tcb_evaluation_data_number"};
constexpr Shape kTrustSection{.kind = Kind::object, .members = kTrust, .one_of = kTrustNames, .unsupported = kOtherTrust};

constexpr Words kOtherSections[] = {"tdx", "sgx", "nitro", "vtpm", "azure", "gce", "tokens", "jwt", "maa", "ear"};
constexpr Field kSections[] = {
    {"snp", &kSnpSection, "constraints on a SEV-SNP report"},
    {"trust", &kTrustSection, "trust anchors and revocation; the same in every alternative"},
};
constexpr Shape kDefaults{.kind = Kind::object, .members = kSections, .unsupported = kOtherSections};

constexpr Words kKinds[] = {"snp"};
constexpr Words kOtherKinds[] = {"tdx", "sgx", "nitro", "vtpm", "azure-hcl", "maa", "none"};
constexpr Shape kKindWord{.kind = Kind::word, .words = kKinds, .unsupported = kOtherKinds};
constexpr Shape kKindList{.kind = Kind::list, .unique = true, .item = &kKindWord};
constexpr Field kAlternativeFields[] = {
    {"name", &kText, "for messages"},
    {"comment", &kText, kCommentHelp},
    {"evidence", &kKindList, "kinds of evidence that must be present", true},
    {"snp", &kSnpSection, "constraints on a SEV-SNP report"},
    {"trust", &kTrustSection, "trust anchors and revocation; the same in every alternative"},
};
constexpr Shape kAlternative{.kind = Kind::object, .members = kAlternativeFields, .unsupported = kOtherSections};
constexpr Shape kAlternatives{.kind = Kind::list, .item = &kAlternative};

constexpr Words kSchemaName[] = {"atls-policy/1"};
constexpr Shape kSchema{.kind = Kind::constant, .words = kSchemaName};
constexpr Words kWarningWords[] = {"allow", "fail"};
constexpr Shape kWarnings{.kind = Kind::word, .words = kWarningWords};
constexpr Words kLevels[] = {"none", "key", "handshake", "application"};
constexpr Shape kLevel{.kind = Kind::word, .words = kLevels};
constexpr Field kBinding[] = {
    {"required", &kFlag, "false only together with insecure_optional"},
    {"min", &kLevel, "the smallest accepted binding level; absent: key"},
    {"insecure_optional", &kFlag, "true: evidence that is not bound to the TLS key is accepted"},
};
constexpr Words kBindingNames[] = {"required", "min", "insecure_optional"};
constexpr Shape kBindingSection{.kind = Kind::object, .members = kBinding, .one_of = kBindingNames};
constexpr Field kFreshness[] = {{"required", &kFlag, "true: recordings are refused as well", true}};
constexpr Shape kFreshnessSection{.kind = Kind::object, .members = kFreshness};

constexpr Field kDocument[] = {
    {"schema", &kSchema, "names this format", true},
    {"name", &kText, "for messages"},
    {"comment", &kText, kCommentHelp},
    {"not_before", &kTime, "the policy must not be used earlier"},
    {"not_after", &kTime, "the policy must not be used later"},
    {"warnings", &kWarnings, "fail: a warning spoils the verdict"},
    {"insecure_allow_vacuous", &kFlag, "true: a policy that identifies no guest is intended"},
    {"binding", &kBindingSection, "tie between evidence and TLS channel"},
    {"freshness", &kFreshnessSection, "nonce of this connection"},
    {"defaults", &kDefaults, "merged under each alternative, constraint by constraint"},
    {"alternatives", &kAlternatives, "evidence passes when one alternative passes completely", true},
};
constexpr Shape kDocumentShape{.kind = Kind::object, .members = kDocument};

}  // namespace

const Shape& document_shape() { return kDocumentShape; }
std::span<const Field> snp_fields() { return kSnp; }
std::string_view product_alias(std::string_view word) { return word == "Bergamo" || word == "Siena" ? "Genoa" : word; }

}  // namespace atls::policy
