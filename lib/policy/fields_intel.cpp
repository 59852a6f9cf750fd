// Keys of the sections "tdx" and "sgx".
#include "policy/shapes.hpp"
#include "policy/tcb_status.hpp"

namespace atls::policy {
namespace {

template <auto Member>
constexpr Target kTd = &reach<&Sections::tdx, Member>;
template <auto Member>
constexpr Target kEnclave = &reach<&Sections::sgx, Member>;

// Accepted TCB statuses: a name, or an object that says until when and why.
constexpr Shape kStatus{.kind = Kind::word, .words = kAcceptableTcbStatuses, .never = kNeverAcceptableTcbStatuses};
constexpr Shape kAdvisories{.kind = Kind::list, .unique = true, .item = &kText};
constexpr Field kStatusFields[] = {
    {"status", &kStatus, "the TCB status that is accepted", true},
    {"until", &kTime, "the last moment at which it is accepted"},
    {"reason", &kText, "why it is accepted; every report repeats it"},
    {"advisories", &kAdvisories, "it is accepted only while no other advisory is open"},
};
constexpr Shape kStatusItem{.kind = Kind::either, .item = &kStatus, .members = kStatusFields};
constexpr Shape kStatusList{.kind = Kind::list, .unique = true, .item = &kStatusItem};
constexpr Field kStatusOperators[] = {
    {"any_of", &kStatusList, "the accepted statuses, beside UpToDate", true},
    {"comment", &kText, kCommentHelp},
};
constexpr Shape kTcbStatus{.kind = Kind::either, .item = &kStatus, .members = kStatusOperators};

constexpr Field kAdvisoryOperators[] = {
    {"any_of", &kAdvisories, "only these advisories may be open"},
    {"none_of", &kAdvisories, "none of these advisories may be open"},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Words kAdvisoryOneOf[] = {"any_of", "none_of"};
constexpr Shape kAdvisoryIds{.kind = Kind::object, .members = kAdvisoryOperators, .one_of = kAdvisoryOneOf};

constexpr Field kDateOperators[] = {
    {"min", &kTime, "the earliest accepted time", true},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Shape kDate{.kind = Kind::object, .members = kDateOperators};

constexpr Field kPlatformFields[] = {
    {"smt_disabled", &kTrue, "simultaneous multithreading is off"},
    {"memory_integrity", &kTrue, "memory is protected against changes (SGX type Scalable with Integrity)"},
    {"static", &kTrue, "the platform's set of packages cannot change"},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Words kIntelPlatformOneOf[] = {"smt_disabled", "memory_integrity", "static"};
constexpr Shape kIntelPlatform{.kind = Kind::object, .members = kPlatformFields, .one_of = kIntelPlatformOneOf};

// What both sections have.
template <auto Section>
struct Shared {
  template <auto Member>
  static constexpr Target kTo = &reach<Section, Member>;
  static constexpr Field qe_svn{"qe_svn", &UintShape<UINT16_MAX>::shape, "SVN of the quoting enclave, of the header, or of the QE report where a TDX header has none", false, kTo<&IntelPolicy::qe_svn>, "policy-min-qe-svn"};
  static constexpr Field pce_svn{"pce_svn", &UintShape<UINT16_MAX>::shape, "SVN of the PCE, of the header, or of the PCK certificate where a TDX header has none", false, kTo<&IntelPolicy::pce_svn>, "policy-min-pce-svn"};
  static constexpr Field qe_vendor_id{"qe_vendor_id", &BytesShape<16>::shape, "vendor of the quoting enclave", false, kTo<&IntelPolicy::qe_vendor_id>, "policy-qe-vendor-id"};
  static constexpr Field tcb_status{"tcb_status", &kTcbStatus, "TCB statuses that are accepted, beside UpToDate", false, kTo<&IntelPolicy::tcb_status>, "tcb-status"};
  static constexpr Field tcb_eval_number{"tcb_eval_number", &UintShape<UINT32_MAX>::shape, "the smaller evaluation number of TCB info and QE identity", false, kTo<&IntelPolicy::tcb_eval_number>, "collateral-eval-number"};
  static constexpr Field advisory_ids{"advisory_ids", &kAdvisoryIds, "security advisories that are open at this TCB", false, kTo<&IntelPolicy::advisory_ids>, "policy-advisory-ids"};
  static constexpr Field tcb_date{"tcb_date", &kDate, "date of the TCB levels that the platform reaches, the oldest of them", false, kTo<&IntelPolicy::tcb_date>, "policy-tcb-date"};
  static constexpr Field fmspc{"fmspc", &BytesShape<6>::shape, "FMSPC of the PCK certificate: platform family and package", false, kTo<&IntelPolicy::fmspc>, "policy-fmspc"};
  static constexpr Field pce_id{"pce_id", &BytesShape<2>::shape, "PCE-ID of the PCK certificate", false, kTo<&IntelPolicy::pce_id>, "policy-pce-id"};
  static constexpr Field ppid{"ppid", &BytesShape<16>::shape, "PPID of the PCK certificate: the platform", false, kTo<&IntelPolicy::ppid>, "policy-ppid"};
  static constexpr Field piid{"piid", &BytesShape<16>::shape, "platform instance id of the PCK certificate", false, kTo<&IntelPolicy::piid>, "policy-platform-instance"};
  static constexpr Field report_data{"report_data", &BytesShape<64, true>::shape, "REPORTDATA, in addition to the binding of the profile", false, kTo<&IntelPolicy::report_data>, "policy-report-data"};
  static constexpr Field platform{"platform", &kIntelPlatform, "configuration of the platform, from the PCK certificate", false, kTo<&IntelPolicy::platform>, "policy-platform"};
};
using OfTd = Shared<&Sections::tdx>;
using OfEnclave = Shared<&Sections::sgx>;

template <std::size_t N>
std::optional<BytesRule>& rtmr(Sections& sections) { return sections.tdx.rtmr[N]; }
constexpr Field kRtmrs[] = {
    {"0", &BytesShape<48>::shape, "RTMR0: virtual hardware and firmware configuration", false, &rtmr<0>, "policy-rtmr-0"},
    {"1", &BytesShape<48>::shape, "RTMR1: boot loader and kernel", false, &rtmr<1>, "policy-rtmr-1"},
    {"2", &BytesShape<48>::shape, "RTMR2: kernel command line and initrd", false, &rtmr<2>, "policy-rtmr-2"},
    {"3", &BytesShape<48>::shape, "RTMR3: what the running system measured", false, &rtmr<3>, "policy-rtmr-3"},
};

// TD attributes: the value as in the quote, or bits by name; Intel TDX module ABI, TD ATTRIBUTES.
constexpr Words kTdCeiling[] = {"debug", "migratable", "pks", "kl", "perfmon"};
constexpr Words kTdAll[] = {"debug", "sept_ve_disable", "migratable", "pks", "kl", "perfmon"};
constexpr Field kTdAttributeOperators[] = {
    {"equals", &BytesShape<8>::hex, "the only accepted value, as in the quote (first byte first)"},
    {"any_of", &BytesShape<8>::list, "the accepted values, as in the quote"},
    {"none_of", &BytesShape<8>::list, "values that are refused"},
    {"mask", &BytesShape<8>::mask, "only these bits of the value are compared"},
    {"allow", &NamesShape<kTdCeiling>::list, "of the bits debug, migratable, pks, kl and perfmon, only these may be set"},
    {"require", &NamesShape<kTdAll>::list, "these bits must be set"},
    {"forbid", &NamesShape<kTdAll>::list, "these bits must be clear"},
    {"allow_reserved", &BytesShape<8>::mask, "reserved bits that may be set, for TDX modules that give them a meaning"},
    {"unchecked", &kTrue, kUncheckedHelp},
    {"severity", &kSeverity, kSeverityHelp},
    {"comment", &kText, kCommentHelp},
};
constexpr Words kTdAttributesOneOf[] = {"equals", "any_of", "none_of", "allow", "require", "forbid", "allow_reserved", "unchecked"};
constexpr Shape kTdAttributes{.kind = Kind::either, .item = &BytesShape<8>::hex, .members = kTdAttributeOperators, .one_of = kTdAttributesOneOf, .exclusive = BytesShape<8>::exclusive, .alone = "unchecked"};

constexpr Shape kEvents{.kind = Kind::map, .item = &BytesShape<0>::shape};
constexpr Field kCcel[] = {{"replay", &kFlag, "true: an event log must be there, and its replay must give all four registers", false, kTd<&TdxPolicy::ccel_replay>, "event-log-parse"}};

constexpr Field kTdx[] = {
    {"mr_td", &BytesShape<48, true>::shape, "MRTD, the digest of what the TD was built of; identifies the guest", false, kTd<&TdxPolicy::mr_td>, "policy-mr-td"},
    {"mr_seam", &BytesShape<48, true>::shape, "MRSEAM, the digest of the TDX module; changes with each release of it", false, kTd<&TdxPolicy::mr_seam>, "policy-mr-seam"},
    {"mr_signer_seam", &BytesShape<48>::shape, "MRSIGNERSEAM, the signer of the TDX module; zero for Intel", false, kTd<&TdxPolicy::mr_signer_seam>, "policy-mr-signer-seam"},
    {"mr_config_id", &BytesShape<48>::shape, "MRCONFIGID, chosen by the host", false, kTd<&TdxPolicy::mr_config_id>, "policy-mr-config-id"},
    {"mr_owner", &BytesShape<48>::shape, "MROWNER, chosen by the host", false, kTd<&TdxPolicy::mr_owner>, "policy-mr-owner"},
    {"mr_owner_config", &BytesShape<48>::shape, "MROWNERCONFIG, chosen by the host", false, kTd<&TdxPolicy::mr_owner_config>, "policy-mr-owner-config"},
    {"rtmr", &GroupShape<kRtmrs>::shape, "run-time measurement registers; beside mr_td they say what the firmware loaded, alone they identify nothing"},
    {"td_attributes", &kTdAttributes, "ATTRIBUTES of the TD", false, kTd<&TdxPolicy::td_attributes>, "policy-td-attributes td-attributes-reserved"},
    {"xfam", &BytesShape<8>::shape, "XFAM, the extended features of the TD, as in the quote (first byte first)", false, kTd<&TdxPolicy::xfam>, "policy-xfam"},
    {"tee_tcb_svn", &SvnShape<16>::shape, "TEE_TCB_SVN, of the TDX module that launched the TD", false, kTd<&TdxPolicy::tee_tcb_svn>, "policy-min-tee-tcb-svn"},
    {"tee_tcb_svn_2", &SvnShape<16>::shape, "TEE_TCB_SVN_2, of the TDX module that runs now (bodies from version 1.5)", false, kTd<&TdxPolicy::tee_tcb_svn_2>, "policy-tee-tcb-svn-2"},
    OfTd::qe_svn, OfTd::pce_svn, OfTd::qe_vendor_id,
    OfTd::tcb_status, OfTd::tcb_eval_number, OfTd::advisory_ids, OfTd::tcb_date,
    OfTd::fmspc, OfTd::pce_id, OfTd::ppid, OfTd::piid,
    {"mr_servicetd", &BytesShape<48>::shape, "MR_SERVICETD; a value here replaces the demand that no service TD is bound", false, kTd<&TdxPolicy::mr_servicetd>, "policy-mr-servicetd mr-servicetd"},
    OfTd::report_data,
    {"debug", &kAllow, "bit DEBUG of the TD attributes; absent: forbid", false, kTd<&IntelPolicy::debug>, "td-debug"},
    OfTd::platform,
    {"events", &kEvents, "run-time events of the log, by name, and their payload; alone they identify nothing", false, kTd<&TdxPolicy::events>, "policy-events"},
    {"ccel", &GroupShape<kCcel>::shape, "event log of the boot"},
};

constexpr Field kSgx[] = {
    {"mr_enclave", &BytesShape<32, true>::shape, "MRENCLAVE; identifies the enclave", false, kEnclave<&SgxPolicy::mr_enclave>, "policy-mr-enclave"},
    {"mr_signer", &BytesShape<32, true>::shape, "MRSIGNER; identifies the enclave together with isv_prod_id", false, kEnclave<&SgxPolicy::mr_signer>, "policy-mr-signer"},
    {"isv_prod_id", &UintShape<UINT16_MAX>::shape, "ISVPRODID", false, kEnclave<&SgxPolicy::isv_prod_id>, "policy-isv-prod-id"},
    {"isv_svn", &UintShape<UINT16_MAX>::shape, "ISVSVN", false, kEnclave<&SgxPolicy::isv_svn>, "policy-min-isv-svn"},
    {"attributes", &BytesShape<16>::shape, "ATTRIBUTES, flags and XFRM, as in the quote", false, kEnclave<&SgxPolicy::attributes>, "policy-attributes"},
    {"misc_select", &BytesShape<4>::shape, "MISCSELECT, as in the quote", false, kEnclave<&SgxPolicy::misc_select>, "policy-misc-select"},
    {"config_id", &BytesShape<64>::shape, "CONFIGID, chosen by the host", false, kEnclave<&SgxPolicy::config_id>, "policy-config-id"},
    {"isv_family_id", &BytesShape<16>::shape, "ISVFAMILYID", false, kEnclave<&SgxPolicy::isv_family_id>, "policy-isv-family-id"},
    {"isv_ext_prod_id", &BytesShape<16>::shape, "ISVEXTPRODID", false, kEnclave<&SgxPolicy::isv_ext_prod_id>, "policy-isv-ext-prod-id"},
    OfEnclave::report_data,
    {"debug", &kAllow, "attribute DEBUG of the enclave; absent: forbid", false, kEnclave<&IntelPolicy::debug>, "sgx-debug"},
    OfEnclave::qe_svn, OfEnclave::pce_svn, OfEnclave::qe_vendor_id,
    OfEnclave::tcb_status, OfEnclave::tcb_eval_number, OfEnclave::advisory_ids, OfEnclave::tcb_date,
    OfEnclave::fmspc, OfEnclave::pce_id, OfEnclave::ppid, OfEnclave::piid, OfEnclave::platform,
};

}  // namespace

constinit const Shape kTdxSection = GroupShape<kTdx>::shape;
constinit const Shape kSgxSection = GroupShape<kSgx>::shape;

}  // namespace atls::policy
