// The appraisal policy: reference values with operators, alternatives, and what the user allows. The keys are those of
// atls-policy(5).
#pragma once

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

struct BytesRule : Origin { std::vector<Buffer> any_of, none_of; std::optional<Buffer> mask; bool unchecked = false; };
struct UintRule : Origin { std::vector<std::uint64_t> any_of, none_of; std::optional<std::uint64_t> min, max; bool unchecked = false; };
struct TextRule : Origin { std::vector<std::string> any_of; bool unchecked = false; };
struct BitsRule : Origin { std::optional<std::set<std::string>> allow; std::set<std::string> require, forbid; std::optional<std::uint64_t> equals; std::optional<std::pair<unsigned, unsigned>> abi_min; };
struct TcbRule : Origin { std::map<snp::TcbComponent, std::uint8_t> min; std::optional<Buffer> equals; };   // equals: 8 bytes
struct MaskRule : Origin { std::uint64_t require = 0; };
struct VersionRule : Origin { std::uint8_t major = 0, minor = 0; std::optional<std::uint8_t> build; };
struct TableEntryRule : Origin { std::string guid; std::optional<Buffer> sha256; };
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

enum class CrlMode { require, if_available, off };

struct Alternative {
  std::string name;
  std::set<std::string> evidence;              // "snp", ...; empty when built from flags only
  SnpPolicy snp;
  SnpPolicy also;                              // flags on fields that the file constrains, too: both rules must hold
};

// Every rule on one field of an alternative, in the order file, flags.
template <class Rule>
std::vector<const Rule*> rules_of(const Alternative& alternative, std::optional<Rule> SnpPolicy::*member) {
  std::vector<const Rule*> out;
  if (alternative.snp.*member) out.push_back(&*(alternative.snp.*member));
  if (alternative.also.*member) out.push_back(&*(alternative.also.*member));
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
  bool allow_unattested_server = false;        // the server of a connection that presents our evidence may have none
  bool trust_simulated = false;                // softens atls-hardware-root to warn
  std::optional<Time> not_before, not_after;   // of the policy itself
  std::vector<Buffer> trust_anchor_files;      // contents, from --trust-anchor and trust.roots.amd_ark
  bool offline = false;                        // trust.offline or --offline
  std::vector<std::string> loosened;           // one sentence per weakening option, shown in every report
};

// True when the alternative has an enforced equality that identifies the guest: measurement, ID key digest, author key digest or
// host data, with a value that is not zero. Host values: only host_data does, and the host chooses it.
bool pins_identity(const Alternative& alternative);
bool pins_only_host_values(const Alternative& alternative);

// atls-policy/1. Errors carry the JSON pointer in `where`. `directory`: relative paths of trust roots start there.
Result<Policy> load_policy(Bytes json, const std::string& source_name, const std::string& directory);
std::string policy_schema_json();              // JSON Schema 2020-12, generated from the loader's own field table

// Adds the pins of the command line to every alternative; they can only tighten. Makes one alternative when there is none.
void add_flags(Policy& policy, const SnpPolicy& flags);

}  // namespace atls::policy
