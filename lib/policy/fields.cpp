// The document atls-policy/1: every key that this version can judge. The sections about evidence have files of their own.
#include "policy/shapes.hpp"

namespace atls::policy {
namespace {

constexpr Shape kFiles{.kind = Kind::list, .unique = true, .item = &kText};
constexpr Field kRoots[] = {
    {"amd_ark", &kFiles, "files, or PEM text, that replace the built-in AMD roots"},
    {"intel", &kFiles, "files, or PEM text, that replace the built-in Intel root"},
};
constexpr Words kRootNames[] = {"amd_ark", "intel"};
constexpr Words kOtherRoots[] = {"azure_vtpm", "google_ek", "nitro"};
constexpr Shape kRootsSection{.kind = Kind::object, .members = kRoots, .one_of = kRootNames, .unsupported = kOtherRoots};
constexpr Words kCrlWords[] = {"require", "if-available", "off"};
constexpr Shape kCrl{.kind = Kind::word, .words = kCrlWords};
constexpr Field kTrust[] = {
    {"roots", &kRootsSection, "trust anchors"},
    {"crl", &kCrl, "revocation lists; absent: require"},
    {"offline", &kFlag, "true: never ask the network"},
    {"tcb_evaluation_data_number", &UintShape<UINT32_MAX>::shape, "Intel: the smaller evaluation number of TCB info and QE identity", false, {}, "collateral-eval-number"},
};
constexpr Words kTrustNames[] = {"roots", "crl", "offline", "tcb_evaluation_data_number"};
constexpr Words kOtherTrust[] = {"collateral_max_age_days"};
constexpr Shape kTrustSection{.kind = Kind::object, .members = kTrust, .one_of = kTrustNames, .unsupported = kOtherTrust};

constexpr Words kOtherSections[] = {"nitro", "vtpm", "azure", "gce", "tokens", "jwt", "maa", "ear"};
constexpr Field kSnpField{"snp", &kSnpSection, "constraints on a SEV-SNP report"};
constexpr Field kTdxField{"tdx", &kTdxSection, "constraints on a TDX quote"};
constexpr Field kSgxField{"sgx", &kSgxSection, "constraints on an SGX quote"};
constexpr Field kTrustField{"trust", &kTrustSection, "trust anchors and revocation; the same in every alternative"};
constexpr Field kEvidenceFields[] = {kSnpField, kTdxField, kSgxField};
constexpr Field kDefaultFields[] = {kSnpField, kTdxField, kSgxField, kTrustField};
constexpr Shape kDefaults{.kind = Kind::object, .members = kDefaultFields, .unsupported = kOtherSections};

constexpr Words kKinds[] = {"snp", "tdx", "sgx"};
constexpr Words kOtherKinds[] = {"nitro", "vtpm", "azure-hcl", "maa", "none"};
constexpr Shape kKindWord{.kind = Kind::word, .words = kKinds, .unsupported = kOtherKinds};
constexpr Shape kKindList{.kind = Kind::list, .unique = true, .item = &kKindWord};
constexpr Field kAlternativeFields[] = {
    {"name", &kText, "for messages"},
    {"comment", &kText, kCommentHelp},
    {"evidence", &kKindList, "the kind of evidence that this alternative is about", true},
    kSnpField, kTdxField, kSgxField, kTrustField,
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
std::span<const Field> sections() { return kEvidenceFields; }

std::span<const Field> fields_of(std::string_view section) {
  for (const Field& field : kEvidenceFields)
    if (field.key == section) return field.shape->members;
  return {};
}

bool is_group(const Field& field) { return field.shape->kind == Kind::object && std::holds_alternative<std::monostate>(field.target); }

void for_each_target(std::span<const Field> fields, const std::function<void(const Field&)>& f) {
  for (const Field& field : fields) {
    if (is_group(field)) for_each_target(field.shape->members, f);
    else f(field);
  }
}

std::vector<std::string_view> evidence_sections() {
  std::vector<std::string_view> out;
  for (const Field& field : kEvidenceFields) out.push_back(field.key);
  return out;
}

}  // namespace atls::policy
