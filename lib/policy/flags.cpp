#include "policy/flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "policy/numbers.hpp"
#include "policy/shape.hpp"
#include "policy/words.hpp"

namespace atls::policy {
namespace {

using nlohmann::json;
using Form = FlagForm;

constexpr Flag kFlags[] = {
    {"--measurement", "snp", "measurement", Form::values, "HEX", "launch measurement (48 bytes); repeat for any of several"},
    {"--host-data", "snp", "host_data", Form::values, "HEX", "HOST_DATA (32 bytes), chosen by the host; repeatable"},
    {"--id-key-digest", "snp", "id_key_digest", Form::values, "HEX", "ID_KEY_DIGEST (48 bytes); repeatable"},
    {"--author-key-digest", "snp", "author_key_digest", Form::values, "HEX", "AUTHOR_KEY_DIGEST (48 bytes); repeatable"},
    {"--report-data", "snp tdx sgx", "report_data", Form::values, "HEX", "report data (64 bytes), beside the binding of the profile; repeatable"},
    {"--mrtd", "tdx", "mr_td", Form::values, "HEX", "TDX: MRTD (48 bytes); repeatable"},
    {"--rtmr", "tdx", "rtmr", Form::indexed, "N=HEX", "TDX: RTMR0 to RTMR3 (48 bytes); repeatable"},
    {"--mr-config-id", "tdx", "mr_config_id", Form::values, "HEX", "TDX: MRCONFIGID (48 bytes), chosen by the host; repeatable"},
    {"--mr-owner", "tdx", "mr_owner", Form::values, "HEX", "TDX: MROWNER (48 bytes), chosen by the host; repeatable"},
    {"--mr-owner-config", "tdx", "mr_owner_config", Form::values, "HEX", "TDX: MROWNERCONFIG (48 bytes), chosen by the host; repeatable"},
    {"--events", "tdx", "events", Form::named, "NAME=HEX", "TDX: payload of the run-time events of this name; repeatable"},
    {"--mr-servicetd", "tdx", "mr_servicetd", Form::values, "HEX", "TDX: MR_SERVICETD (48 bytes); repeatable"},
    {"--mr-seam", "tdx", "mr_seam", Form::values, "HEX", "TDX: MRSEAM (48 bytes), the TDX module; repeatable"},
    {"--mr-signer-seam", "tdx", "mr_signer_seam", Form::values, "HEX", "TDX: MRSIGNERSEAM (48 bytes), zero for Intel; repeatable"},
    {"--td-attributes", "tdx", "td_attributes", Form::masked, "HEX[/MASK]", "TDX: attributes (8 bytes, as in the quote), or those under a mask"},
    {"--xfam", "tdx", "xfam", Form::masked, "HEX[/MASK]", "TDX: XFAM (8 bytes, as in the quote), or what is under a mask"},
    {"--mr-enclave", "sgx", "mr_enclave", Form::values, "HEX", "SGX: MRENCLAVE (32 bytes); repeatable"},
    {"--mr-signer", "sgx", "mr_signer", Form::values, "HEX", "SGX: MRSIGNER (32 bytes), identifies together with --isv-prod-id; repeatable"},
    {"--isv-prod-id", "sgx", "isv_prod_id", Form::numbers, "N", "SGX: ISVPRODID; repeatable"},
    {"--attributes", "sgx", "attributes", Form::masked, "HEX[/MASK]", "SGX: ATTRIBUTES (16 bytes, as in the quote), or those under a mask"},
    {"--misc-select", "sgx", "misc_select", Form::masked, "HEX[/MASK]", "SGX: MISCSELECT (4 bytes, as in the quote), or what is under a mask"},
    {"--config-id", "sgx", "config_id", Form::values, "HEX", "SGX: CONFIGID (64 bytes); repeatable"},
    {"--isv-family-id", "sgx", "isv_family_id", Form::values, "HEX", "SGX: ISVFAMILYID (16 bytes); repeatable"},
    {"--isv-ext-prod-id", "sgx", "isv_ext_prod_id", Form::values, "HEX", "SGX: ISVEXTPRODID (16 bytes); repeatable"},
    {"--qe-vendor-id", "tdx sgx", "qe_vendor_id", Form::values, "HEX", "Intel: vendor of the quoting enclave (16 bytes); repeatable"},
    {"--fmspc", "tdx sgx", "fmspc", Form::values, "HEX", "Intel: FMSPC of the platform (6 bytes); repeatable"},
    {"--pce-id", "tdx sgx", "pce_id", Form::values, "HEX", "Intel: PCE-ID (2 bytes); repeatable"},
    {"--ppid", "tdx sgx", "ppid", Form::values, "HEX", "Intel: PPID of the platform (16 bytes); repeatable"},
    {"--piid", "tdx sgx", "piid", Form::values, "HEX", "Intel: platform instance id (16 bytes); repeatable"},
    {"--family-id", "snp", "family_id", Form::values, "HEX", "FAMILY_ID (16 bytes); repeatable"},
    {"--image-id", "snp", "image_id", Form::values, "HEX", "IMAGE_ID (16 bytes); repeatable"},
    {"--report-id", "snp", "report_id", Form::values, "HEX", "REPORT_ID (32 bytes); repeatable"},
    {"--report-id-ma", "snp", "report_id_ma", Form::values, "HEX", "REPORT_ID_MA (32 bytes); repeatable"},
    {"--chip-id", "snp", "chip_id", Form::values, "HEX", "CHIP_ID (64 bytes); repeatable"},
    {"--product", "snp", "product", Form::values, "NAME", "Milan, Genoa (also Bergamo, Siena) or Turin; repeatable"},
    {"--signer", "snp", "signer", Form::values, "KIND", "kind of the endorsement key: vcek or vlek"},
    {"--csp-id", "snp", "csp_id", Form::values, "TEXT", "cloud provider named by the VLEK certificate; repeatable"},
    {"--vmpl", "snp", "vmpl", Form::numbers, "N", "VMPL of the report, 0 to 3; repeatable"},
    {"--guest-policy", "snp", "policy", Form::equal_bits, "N", "the whole guest policy, as 0x30000"},
    {"--platform-info", "snp", "platform_info", Form::equal_bits, "N", "the whole PLATFORM_INFO, as 0x25"},
    {"--min-tcb", "snp", "tcb/reported", Form::components, "NAME=N,...", "minimum of REPORTED_TCB: fmc, bootloader, tee, snp, microcode"},
    {"--min-launch-tcb", "snp", "tcb/launch", Form::components, "NAME=N,...", "minimum of LAUNCH_TCB"},
    {"--min-current-tcb", "snp", "tcb/current", Form::components, "NAME=N,...", "minimum of CURRENT_TCB"},
    {"--min-committed-tcb", "snp", "tcb/committed", Form::components, "NAME=N,...", "minimum of COMMITTED_TCB"},
    {"--min-cert-tcb", "snp", "tcb/cert", Form::components, "NAME=N,...", "minimum of the TCB in the endorsement key certificate"},
    {"--min-guest-svn", "snp", "guest_svn", Form::minimum, "N", "minimum GUEST_SVN"},
    {"--min-firmware", "snp", "firmware/version", Form::version, "A.B[.C]", "minimum version of the SNP firmware"},
    {"--min-build", "snp", "firmware/build", Form::minimum, "N", "minimum build of the SNP firmware, whatever its version"},
    {"--min-abi", "snp", "policy", Form::abi, "A.B", "minimum ABI version that the guest policy demands"},
    {"--min-report-version", "snp", "version", Form::minimum, "N", "minimum VERSION of the report"},
    {"--min-tee-tcb-svn", "tdx", "tee_tcb_svn", Form::min_bytes, "HEX", "TDX: minimum of every byte of TEE_TCB_SVN (16 bytes)"},
    {"--min-tee-tcb-svn-2", "tdx", "tee_tcb_svn_2", Form::min_bytes, "HEX", "TDX: minimum of every byte of TEE_TCB_SVN_2 (16 bytes)"},
    {"--min-isv-svn", "sgx", "isv_svn", Form::minimum, "N", "SGX: minimum ISVSVN"},
    {"--min-qe-svn", "tdx sgx", "qe_svn", Form::minimum, "N", "Intel: minimum SVN of the quoting enclave"},
    {"--min-pce-svn", "tdx sgx", "pce_svn", Form::minimum, "N", "Intel: minimum SVN of the PCE"},
    {"--min-tcb-eval", "tdx sgx", "tcb_eval_number", Form::minimum, "N", "Intel: minimum TCB evaluation data number of TCB info and QE identity"},
    {"--min-tcb-date", "tdx sgx", "tcb_date", Form::version, "TIME", "Intel: earliest date of the TCB levels that the platform reaches"},
    {"--require-smt-disabled", "tdx sgx", "platform", Form::member, "", "Intel: multithreading of the platform is off", "smt_disabled"},
    {"--require-memory-integrity", "tdx sgx", "platform", Form::member, "", "Intel: memory is protected against changes", "memory_integrity"},
    {"--require-static-platform", "tdx sgx", "platform", Form::member, "", "Intel: the platform's set of packages cannot change", "static"},
    {"--require-event-log", "tdx", "ccel/replay", Form::demand, "", "TDX: an event log is there, and its replay gives all four RTMRs"},
    {"--require-single-socket", "snp", "policy", Form::set_bit, "", "guest policy: the guest runs on one socket only", "single_socket"},
    {"--require-mem-aes-256-xts", "snp", "policy", Form::set_bit, "", "guest policy: memory encryption is AES-256-XTS", "mem_aes_256_xts"},
    {"--require-rapl-dis", "snp", "policy", Form::set_bit, "", "guest policy: RAPL is disabled", "rapl_dis"},
    {"--require-ciphertext-hiding-dram", "snp", "policy", Form::set_bit, "", "guest policy: ciphertext hiding is on", "ciphertext_hiding_dram"},
    {"--require-page-swap-disable", "snp", "policy", Form::set_bit, "", "guest policy: page swap and move are disabled", "page_swap_disable"},
    {"--forbid-smt", "snp", "policy", Form::clear_bit, "", "guest policy: SMT is not allowed", "smt"},
    {"--forbid-cxl", "snp", "policy", Form::clear_bit, "", "guest policy: CXL devices are not allowed", "cxl"},
    {"--require-platform-ecc", "snp", "platform_info", Form::set_bit, "", "platform: memory has ECC", "ecc"},
    {"--require-platform-rapl-dis", "snp", "platform_info", Form::set_bit, "", "platform: RAPL is disabled", "rapl_dis"},
    {"--require-platform-ciphertext-hiding-dram", "snp", "platform_info", Form::set_bit, "", "platform: ciphertext hiding is on", "ciphertext_hiding_dram"},
    {"--require-platform-alias-check-complete", "snp", "platform_info", Form::set_bit, "", "platform: memory aliases were checked", "alias_check_complete"},
    {"--forbid-platform-smt", "snp", "platform_info", Form::clear_bit, "", "platform: SMT is off", "smt"},
    {"--forbid-platform-tsme", "snp", "platform_info", Form::clear_bit, "", "platform: TSME is off", "tsme"},
    {"--forbid-platform-tio", "snp", "platform_info", Form::clear_bit, "", "platform: SEV-TIO is off", "tio"},
    {"--require-id-block", "snp", "id_block/require", Form::demand, "", "the guest was launched with a signed ID block"},
    {"--require-author-key", "snp", "id_block/author_required", Form::demand, "", "the ID key was signed by an author key"},
    {"--forbid-provisional", "snp", "firmware/provisional", Form::forbid, "", "committed and current firmware are equal"},
    {"--require-launch-mitigations", "snp", "mitigation_vector/launch", Form::mask, "HEX", "bits that LAUNCH_MIT_VECTOR must have (report version 5)"},
    {"--require-current-mitigations", "snp", "mitigation_vector/current", Form::mask, "HEX", "bits that CURRENT_MIT_VECTOR must have (report version 5)"},
    {"--require-cert-entry", "snp", "cert_table_entry", Form::entry, "GUID[=SHA256]", "entry that the certificate table must have; repeatable"},
    // No policy keys, at the end. Options about the connection, the policy as a whole, or where collateral is looked for fit every kind.
    {"--any-measurement", "any", "", Form::no_key, "", ""},
    {"--binding-min", "any", "", Form::no_key, "", ""},
    {"--require-freshness", "any", "", Form::no_key, "", ""},
    {"--fail-on-warn", "any", "", Form::no_key, "", ""},
    {"--allow-not-fresh", "any", "", Form::no_key, "", ""},
    {"--allow-unattested-server", "any", "", Form::no_key, "", ""},
    {"--event-log", "tdx", "", Form::no_key, "", ""},
    {"--require-sept-ve-disable", "tdx", "", Form::no_key, "", ""},
    {"--tcb-profile", "tdx sgx", "", Form::no_key, "", ""},
    {"--compare-tcb-profiles", "tdx sgx", "", Form::no_key, "", ""},
    {"--allow-debug", "snp tdx sgx", "", Form::no_key, "", ""},
    {"--allow-migration", "snp", "", Form::no_key, "", ""},
    {"--allow-migratable", "tdx", "", Form::no_key, "", ""},
    {"--allow-service-td", "tdx", "", Form::no_key, "", ""},
    {"--allow-rtmr-partial", "tdx", "", Form::no_key, "", ""},
    {"--allow-reserved-nonzero", "snp", "", Form::no_key, "", ""},
    {"--allow-unknown-version", "snp", "", Form::no_key, "", ""},
    {"--allow-missing-collateral", "tdx sgx", "", Form::no_key, "", ""},
    {"--allow-expired-collateral", "tdx sgx", "", Form::no_key, "", ""},
    {"--allow-qe-padding", "tdx sgx", "", Form::no_key, "", ""},
    {"--allow-tcb-status", "tdx sgx", "", Form::no_key, "", ""},
    {"--allow-advisories", "tdx sgx", "", Form::no_key, "", ""},
    {"--allow-tcb-override", "tdx sgx", "", Form::no_key, "", ""},
};
constexpr std::size_t kKeyRows = static_cast<std::size_t>(std::count_if(std::begin(kFlags), std::end(kFlags), [](const Flag& f) { return f.form != Form::no_key; }));

Result<json> flag_number(const Flag& flag, const std::string& text) {
  const bool is_hex = flag.form == Form::equal_bits && (text.starts_with("0x") || text.starts_with("0X"));
  const auto value = is_hex ? hex_number(text) : decimal(text);
  if (!value) return bad_value(std::string(flag.name), fmt::format("\"{}\" is not a whole number", printable(text)));
  return json(*value);
}

Result<json> components(const Flag& flag, std::string_view text) {
  json min = json::object();
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const std::size_t equals = part.find('=');
    const std::string name(part.substr(0, equals));
    const auto value = equals == std::string_view::npos ? std::nullopt : decimal(part.substr(equals + 1));
    if (name.empty() || !value) return bad_value(std::string(flag.name), fmt::format("\"{}\" is not of the form NAME=NUMBER; write for example bootloader=3,snp=8,microcode=115", printable(part)));
    if (min.contains(name)) return bad_value(std::string(flag.name), fmt::format("\"{}\" is given twice", printable(name)));
    min[name] = *value;
    if (comma == std::string_view::npos) return json{{"min", min}};
    text.remove_prefix(comma + 1);
  }
}

// KEY=VALUE, several times: {"KEY": {"any_of": [...]}}.
Result<json> by_key(const Flag& flag, const std::vector<std::string>& values) {
  json out = json::object();
  for (const std::string& text : values) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) return bad_value(std::string(flag.name), fmt::format("\"{}\" is not of the form {}", printable(text), flag.metavar));
    json& any_of = out[text.substr(0, equals)]["any_of"];
    if (std::find(any_of.begin(), any_of.end(), text.substr(equals + 1)) == any_of.end()) any_of.push_back(text.substr(equals + 1));
  }
  return out;
}

Result<json> list(const Flag& flag, const std::vector<std::string>& values) {
  json out = json::array();
  for (const std::string& text : values) {
    if (text.empty()) return bad_value(std::string(flag.name), "the value is empty; leave the option out to check nothing");
    if (flag.form == Form::numbers) {
      auto n = flag_number(flag, text);
      if (!n) return n.error();
      out.push_back(std::move(*n));
    } else if (flag.form == Form::entry) {
      const std::size_t equals = text.find('=');
      json entry{{"guid", text.substr(0, equals)}};
      if (equals != std::string::npos) entry["sha256"] = text.substr(equals + 1);
      out.push_back(std::move(entry));
    } else if (std::find(out.begin(), out.end(), text) == out.end()) {
      out.push_back(text);
    }
  }
  if (flag.form == Form::indexed || flag.form == Form::named) return by_key(flag, values);
  return flag.form == Form::entry ? out : json{{"any_of", out}};
}

json masked(const std::string& text) {
  const std::size_t slash = text.find('/');
  json out{{"equals", text.substr(0, slash)}};
  if (slash != std::string::npos) out["mask"] = text.substr(slash + 1);
  return out;
}

// The policy file's spelling of what a flag says.
Result<json> as_json(const Flag& flag, const std::vector<std::string>& values) {
  if (is_repeatable(flag.form)) return list(flag, values);
  switch (flag.form) {
    case Form::set_bit: return json{{"require", {std::string(flag.bit)}}};
    case Form::clear_bit: return json{{"forbid", {std::string(flag.bit)}}};
    case Form::demand: return json(true);
    case Form::forbid: return json("forbid");
    case Form::member: return json{{std::string(flag.bit), true}};
    default: break;
  }
  if (values.size() != 1) return bad_value(std::string(flag.name), "the option is given more than once");
  if (values[0].empty()) return bad_value(std::string(flag.name), "the value is empty; leave the option out to check nothing");
  switch (flag.form) {
    case Form::components: return components(flag, values[0]);
    case Form::version: return json{{"min", values[0]}};
    case Form::abi: return json{{"abi", {{"min", values[0]}}}};
    case Form::mask: return json{{"require_mask", values[0]}};
    case Form::masked: return masked(values[0]);
    case Form::min_bytes: return json{{"min_bytes", values[0]}};
    default: break;
  }
  auto n = flag_number(flag, values[0]);
  if (!n) return n;
  return json{{flag.form == Form::minimum ? "min" : "equals", *n}};
}

const Field* field_at(std::string_view section, std::string_view path) {
  std::span<const Field> fields = fields_of(section);
  for (;;) {
    const std::size_t slash = path.find('/');
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.key == path.substr(0, slash); });
    if (found == fields.end()) return nullptr;
    if (slash == std::string_view::npos) return &*found;
    fields = found->shape->members;
    path.remove_prefix(slash + 1);
  }
}

// Several flags may speak about one key: their operators are joined, lists of bits appended.
void join(json& into, const json& more) {
  if (into.is_null()) into = more;
  else if (into.is_array()) into.insert(into.end(), more.begin(), more.end());
  else if (into.is_object())
    for (const auto& [key, value] : more.items()) {
      if (into.contains(key)) join(into[key], value);
      else into[key] = value;
    }
}

}  // namespace

std::span<const Flag> flags() { return std::span(kFlags).first(kKeyRows); }
std::span<const Flag> options_without_key() { return std::span(kFlags).subspan(kKeyRows); }

bool is_repeatable(FlagForm form) {
  return form == Form::values || form == Form::numbers || form == Form::entry || form == Form::indexed || form == Form::named;
}

std::vector<std::string_view> sections_of(const Flag& flag) {
  std::vector<std::string_view> out;
  for (const std::string_view section : evidence_sections())
    if (flag.sections.find(section) != std::string_view::npos) out.push_back(section);
  return out;
}

bool applies_to(std::string_view option, std::string_view format) {
  const Flag* flag = find_flag(option);
  if (flag == nullptr) return false;
  if (flag->sections == "any") return true;
  // The names are few and none is part of another.
  return !format.empty() && flag->sections.find(format) != std::string_view::npos;
}

const Flag* find_flag(std::string_view name) {
  const auto found = std::find_if(std::begin(kFlags), std::end(kFlags), [&](const Flag& f) { return f.name == name; });
  return found == std::end(kFlags) ? nullptr : found;
}

Result<Sections> read_flags(const GivenFlags& given) {
  struct Wanted { json value; std::string names; };
  std::map<std::pair<std::string_view, std::string_view>, Wanted> wanted;   // by section and path
  for (const Flag& flag : flags()) {
    std::vector<std::string> values;
    bool present = false;
    for (const auto& [name, more] : given)
      if (name == flag.name) {
        present = true;
        values.insert(values.end(), more.begin(), more.end());
      }
    if (!present) continue;
    auto value = as_json(flag, values);
    if (!value) return value.error();
    for (const std::string_view section : sections_of(flag)) {
      const Field* field = field_at(section, flag.path);
      if (!field) return Error{Errc::bug, std::string(flag.name), "the flag names no policy key", 0};
      if (auto error = check_shape(*value, *field->shape, std::string(flag.name))) return bad_value(std::string(flag.name), error->detail);
      Wanted& one = wanted[{section, flag.path}];
      join(one.value, *value);
      one.names += (one.names.empty() ? "" : ", ") + std::string(flag.name);
    }
  }
  Sections out;
  for (const auto& [place, one] : wanted)
    if (auto status = read_field(one.value, *field_at(place.first, place.second), one.names, out); !status) return status.error();
  return out;
}

}  // namespace atls::policy
