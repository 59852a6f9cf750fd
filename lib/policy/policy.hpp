// The appraisal policy: reference values with operators, alternatives, and what the user allows. The keys are those of
// atls-policy(5).
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "report/model.hpp"
#include "snp/report.hpp"

namespace atls::policy {

enum class Sev { fail, warn };
struct Origin { std::string source; std::string comment; Sev severity = Sev::fail; };   // source: "--measurement" or "file#/alternatives/0/snp/measurement"

struct BytesRule : Origin { std::vector<Buffer> any_of, none_of; std::optional<Buffer> mask, min_bytes; bool unchecked = false; };   // min_bytes: every byte at least this
struct UintRule : Origin { std::vector<std::uint64_t> any_of, none_of; std::optional<std::uint64_t> min, max; bool unchecked = false; };
struct TextRule : Origin { std::vector<std::string> any_of; bool unchecked = false; };
struct BitsRule : Origin { std::optional<std::set<std::string>> allow; std::set<std::string> require, forbid; std::optional<std::uint64_t> equals; std::optional<std::pair<unsigned, unsigned>> abi_min; };
struct TcbRule : Origin { std::map<snp::TcbComponent, std::uint8_t> min; std::optional<Buffer> equals; };   // equals: 8 bytes
struct MaskRule : Origin { std::uint64_t require = 0; };
struct VersionRule : Origin { std::uint8_t major = 0, minor = 0; std::optional<std::uint8_t> build; };
struct TableEntryRule : Origin { std::string guid; std::optional<Buffer> sha256; };
// Both forms of td_attributes: the value as in the quote (8 bytes), and bits by name. All that is given must hold.
struct AttributesRule : Origin { std::optional<BytesRule> value; std::optional<BitsRule> bits; std::uint64_t allow_reserved = 0; };
enum class Allow { unset, allow, forbid };

// Empty optional: not constrained, reported as skip. Each field feeds the check named beside it.
struct SnpPolicy {
  std::optional<TextRule> product;             // snp-policy-product
  std::optional<TextRule> signer;              // snp-policy-signing-key: vcek, vlek
  std::optional<UintRule> version;             // snp-policy-report-version
  std::optional<UintRule> guest_svn;           // snp-policy-guest-svn
  std::optional<BitsRule> guest_policy;        // snp-policy-guest, snp-policy-abi   (key "policy")
  std::optional<BitsRule> platform_info;       // snp-policy-platform-info
  std::optional<UintRule> vmpl;                // snp-policy-vmpl
  std::optional<BytesRule> family_id, image_id, measurement, host_data, report_id, report_id_ma, chip_id, report_data;
  std::optional<BytesRule> id_key_digest, author_key_digest;   // snp-policy-id-key, snp-policy-author-key
  std::optional<TcbRule> tcb_reported, tcb_launch, tcb_current, tcb_committed, tcb_cert;  // snp-policy-minimum-tcb, -launch-tcb; current/committed/cert: snp-policy-tcb-*
  std::optional<VersionRule> firmware_version; // snp-policy-minimum-version
  std::optional<UintRule> firmware_build;      // snp-policy-minimum-build
  Allow provisional = Allow::unset;            // forbid: snp-tcb-committed-equals-current and -version- become fail
  std::optional<bool> id_block_required, author_required;
  std::optional<MaskRule> mit_launch, mit_current;
  std::optional<TextRule> csp_id;              // snp-vlek-csp-id
  std::vector<TableEntryRule> cert_table_entry;   // snp-policy-extra-entry
  Allow debug = Allow::unset, migrate_ma = Allow::unset;
};

// Names of Intel TCB statuses as its collateral spells them, and until when, why, and with which open advisories one is accepted.
struct TcbStatusRule : Origin {
  std::string status;                          // "OutOfDate"; never "Revoked" or "NOT_SUPPORTED"
  std::optional<Time> until;                   // accepted up to and including
  std::string reason;
  std::optional<std::set<std::string>> advisories;   // at most these may be open; absent: any
};
struct AdvisoriesRule : Origin { std::set<std::string> any_of, none_of; };
struct DateRule : Origin { std::optional<Time> min; };
// From the SGX extension of the PCK certificate.
struct PlatformRule : Origin { std::optional<bool> smt_disabled, memory_integrity, static_platform; };

// What the sections "tdx" and "sgx" share. Each field feeds the check named beside it.
struct IntelPolicy {
  std::optional<UintRule> qe_svn, pce_svn;     // policy-min-qe-svn, policy-min-pce-svn
  std::optional<BytesRule> qe_vendor_id;       // policy-qe-vendor-id
  std::vector<TcbStatusRule> tcb_status;       // tcb-status; empty: UpToDate only
  std::optional<UintRule> tcb_eval_number;     // collateral-eval-number
  std::optional<AdvisoriesRule> advisory_ids;  // policy-advisory-ids
  std::optional<DateRule> tcb_date;            // policy-tcb-date
  std::optional<BytesRule> fmspc, pce_id, ppid, piid;   // policy-fmspc, policy-pce-id, policy-ppid, policy-platform-instance
  std::optional<BytesRule> report_data;        // policy-report-data
  std::optional<PlatformRule> platform;        // policy-platform
  Allow debug = Allow::unset;                  // td-debug, sgx-debug
};
struct TdxPolicy : IntelPolicy {
  std::optional<BytesRule> mr_td, mr_seam, mr_signer_seam, mr_config_id, mr_owner, mr_owner_config;
  std::array<std::optional<BytesRule>, 4> rtmr;                   // policy-rtmr-N
  std::optional<BytesRule> xfam;               // policy-xfam, 8 bytes as in the quote
  std::optional<AttributesRule> td_attributes; // policy-td-attributes; td-attributes-reserved for allow_reserved
  std::optional<BytesRule> tee_tcb_svn, tee_tcb_svn_2;            // policy-min-tee-tcb-svn, policy-tee-tcb-svn-2
  std::optional<BytesRule> mr_servicetd;       // policy-mr-servicetd; a value given here replaces the demand that it is zero
  std::map<std::string, BytesRule> events;     // policy-events: runtime event name to its payload
  std::optional<bool> ccel_replay;             // true: an event log must be there and explain every RTMR
};
struct SgxPolicy : IntelPolicy {
  std::optional<BytesRule> mr_enclave, mr_signer, attributes, misc_select, config_id, isv_family_id, isv_ext_prod_id;
  std::optional<UintRule> isv_prod_id, isv_svn;
};

enum class CrlMode { require, if_available, off };

struct Sections { SnpPolicy snp; TdxPolicy tdx; SgxPolicy sgx; };

struct Alternative : Sections {
  std::string name;
  std::set<std::string> evidence;              // "snp", ...; empty when built from flags only
  Sections also;                               // flags on fields that the file constrains, too: both rules must hold
};

// Every rule on one field of an alternative, in the order file, flags: rules_of(a, &Sections::tdx, &TdxPolicy::mr_td).
template <class Rule, class Section, class Owner>
std::vector<const Rule*> rules_of(const Alternative& alternative, Section Sections::*section, std::optional<Rule> Owner::*member) {
  std::vector<const Rule*> out;
  for (const Sections* place : {static_cast<const Sections*>(&alternative), &alternative.also})
    if (place->*section.*member) out.push_back(&*(place->*section.*member));
  return out;
}

struct Policy {
  std::string name;
  std::vector<Alternative> alternatives;       // at least one; flags are merged into every alternative (they only tighten)
  CrlMode crl = CrlMode::require;
  bool any_measurement = false;                // --any-measurement / insecure_allow_vacuous
  bool warnings_fail = false;                  // --fail-on-warn / "warnings":"fail"
  BindingLevel binding_min = BindingLevel::key;
  bool binding_min_explicit = false;
  bool require_freshness = false;              // for recordings too
  bool allow_not_fresh = false;                // a fixed --nonce on a live connection
  bool allow_reserved_nonzero = false, allow_unknown_version = false, allow_debug = false, allow_migration = false;
  // Intel. Each --allow-... loosens and is in `loosened` too.
  bool allow_missing_collateral = false, allow_expired_collateral = false, allow_qe_padding = false, allow_migratable = false, allow_service_td = false;
  bool require_sept_ve_disable = false, allow_rtmr_partial = false;
  std::vector<TcbStatusRule> allow_tcb_status;   // --allow-tcb-status, beside those of the alternative
  std::set<std::string> allow_advisories;        // --allow-advisories: OutOfDate is accepted when only these are open
  std::optional<Buffer> tcb_override;            // --allow-tcb-override, the content of the file
  std::string tcb_profile = "qvl-2026";          // whose TCB algorithm decides
  bool compare_tcb_profiles = false;             // the report tells what the others would say
  bool allow_unattested_server = false;        // the server of a connection that presents our evidence may have none
  std::optional<UintRule> tcb_eval_number;       // trust.tcb_evaluation_data_number, beside that of the alternative
  bool trust_simulated = false;                // softens atls-hardware-root to warn
  std::optional<Time> not_before, not_after;   // of the policy itself
  std::vector<Buffer> trust_anchor_files;      // contents, from --trust-anchor: they replace every built-in root
  std::map<std::string, std::vector<Buffer>> roots;   // trust.roots, contents: they replace the built-in roots of this kind
  bool offline = false;                        // trust.offline or --offline
  std::vector<std::string> loosened;           // one sentence per weakening option, shown in every report
  std::vector<std::string> options;            // command line options that were given and are no policy key: one that cannot apply to the evidence is a mistake
};

// What the reference values of one alternative say about who may have made evidence of this format; atls-policy(5), "What identifies a
// guest".
struct Identity {
  bool pinned = false;                 // an enforced equality, over the full width, with a value that is not zero, on a claim that identifies
  bool only_host_values = false;       // not pinned, and what is given the host chooses
  std::vector<std::string> weak;       // not pinned: what is given, and why it identifies nobody
  std::vector<std::string> open;       // pinned: sentences about what the pins leave open
};
Identity identity_of(const Alternative& alternative, std::string_view format);
bool pins_identity(const Alternative& alternative, std::string_view format = "snp");

// atls-policy/1. Errors carry the JSON pointer in `where`. `directory`: relative paths of trust roots start there.
Result<Policy> load_policy(Bytes json, const std::string& source_name, const std::string& directory);
std::string policy_schema_json();              // JSON Schema 2020-12, generated from the loader's own field table

// Names of the sections about evidence, which are the ids of its formats: "snp", "tdx", "sgx".
std::vector<std::string_view> evidence_sections();
// Who demands something of evidence of this format: flags, or places of the policy file.
std::set<std::string> demands_on(const Alternative& alternative, std::string_view format);

// Adds the pins of the command line to every alternative; they can only tighten. Makes one alternative when there is none.
void add_flags(Policy& policy, const Sections& flags);

}  // namespace atls::policy
