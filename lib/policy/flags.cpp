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
    {"--measurement", "measurement", Form::values, "HEX", "launch measurement (48 bytes); repeat for any of several"},
    {"--host-data", "host_data", Form::values, "HEX", "HOST_DATA (32 bytes), chosen by the host; repeatable"},
    {"--id-key-digest", "id_key_digest", Form::values, "HEX", "ID_KEY_DIGEST (48 bytes); repeatable"},
    {"--author-key-digest", "author_key_digest", Form::values, "HEX", "AUTHOR_KEY_DIGEST (48 bytes); repeatable"},
    {"--report-data", "report_data", Form::values, "HEX", "REPORT_DATA (64 bytes), beside the binding of the profile; repeatable"},
    {"--family-id", "family_id", Form::values, "HEX", "FAMILY_ID (16 bytes); repeatable"},
    {"--image-id", "image_id", Form::values, "HEX", "IMAGE_ID (16 bytes); repeatable"},
    {"--report-id", "report_id", Form::values, "HEX", "REPORT_ID (32 bytes); repeatable"},
    {"--report-id-ma", "report_id_ma", Form::values, "HEX", "REPORT_ID_MA (32 bytes); repeatable"},
    {"--chip-id", "chip_id", Form::values, "HEX", "CHIP_ID (64 bytes); repeatable"},
    {"--product", "product", Form::values, "NAME", "Milan, Genoa (also Bergamo, Siena) or Turin; repeatable"},
    {"--signer", "signer", Form::values, "KIND", "kind of the endorsement key: vcek or vlek"},
    {"--csp-id", "csp_id", Form::values, "TEXT", "cloud provider named by the VLEK certificate; repeatable"},
    {"--vmpl", "vmpl", Form::numbers, "N", "VMPL of the report, 0 to 3; repeatable"},
    {"--guest-policy", "policy", Form::equal_bits, "N", "the whole guest policy, as 0x30000"},
    {"--platform-info", "platform_info", Form::equal_bits, "N", "the whole PLATFORM_INFO, as 0x25"},
    {"--min-tcb", "tcb/reported", Form::components, "NAME=N,...", "minimum of REPORTED_TCB: fmc, bootloader, tee, snp, microcode"},
    {"--min-launch-tcb", "tcb/launch", Form::components, "NAME=N,...", "minimum of LAUNCH_TCB"},
    {"--min-current-tcb", "tcb/current", Form::components, "NAME=N,...", "minimum of CURRENT_TCB"},
    {"--min-committed-tcb", "tcb/committed", Form::components, "NAME=N,...", "minimum of COMMITTED_TCB"},
    {"--min-cert-tcb", "tcb/cert", Form::components, "NAME=N,...", "minimum of the TCB in the endorsement key certificate"},
    {"--min-guest-svn", "guest_svn", Form::minimum, "N", "minimum GUEST_SVN"},
    {"--min-firmware", "firmware/version", Form::version, "A.B[.C]", "minimum version of the SNP firmware"},
    {"--min-build", "firmware/build", Form::minimum, "N", "minimum build of the SNP firmware, whatever its version"},
    {"--min-abi", "policy", Form::abi, "A.B", "minimum ABI version that the guest policy demands"},
    {"--min-report-version", "version", Form::minimum, "N", "minimum VERSION of the report"},
    {"--require-single-socket", "policy", Form::set_bit, "", "guest policy: the guest runs on one socket only", "single_socket"},
    {"--require-mem-aes-256-xts", "policy", Form::set_bit, "", "guest policy: memory encryption is AES-256-XTS", "mem_aes_256_xts"},
    {"--require-rapl-dis", "policy", Form::set_bit, "", "guest policy: RAPL is disabled", "rapl_dis"},
    {"--require-ciphertext-hiding-dram", "policy", Form::set_bit, "", "guest policy: ciphertext hiding is on", "ciphertext_hiding_dram"},
    {"--require-page-swap-disable", "policy", Form::set_bit, "", "guest policy: page swap and move are disabled", "page_swap_disable"},
    {"--forbid-smt", "policy", Form::clear_bit, "", "guest policy: SMT is not allowed", "smt"},
    {"--forbid-cxl", "policy", Form::clear_bit, "", "guest policy: CXL devices are not allowed", "cxl"},
    {"--require-platform-ecc", "platform_info", Form::set_bit, "", "platform: memory has ECC", "ecc"},
    {"--require-platform-rapl-dis", "platform_info", Form::set_bit, "", "platform: RAPL is disabled", "rapl_dis"},
    {"--require-platform-ciphertext-hiding-dram", "platform_info", Form::set_bit, "", "platform: ciphertext hiding is on", "ciphertext_hiding_dram"},
    {"--require-platform-alias-check-complete", "platform_info", Form::set_bit, "", "platform: memory aliases were checked", "alias_check_complete"},
    {"--forbid-platform-smt", "platform_info", Form::clear_bit, "", "platform: SMT is off", "smt"},
    {"--forbid-platform-tsme", "platform_info", Form::clear_bit, "", "platform: TSME is off", "tsme"},
    {"--forbid-platform-tio", "platform_info", Form::clear_bit, "", "platform: SEV-TIO is off", "tio"},
    {"--require-id-block", "id_block/require", Form::demand, "", "the guest was launched with a signed ID block"},
    {"--require-author-key", "id_block/author_required", Form::demand, "", "the ID key was signed by an author key"},
    {"--forbid-provisional", "firmware/provisional", Form::forbid, "", "committed and current firmware are equal"},
    {"--require-launch-mitigations", "mitigation_vector/launch", Form::mask, "HEX", "bits that LAUNCH_MIT_VECTOR must have (report version 5)"},
    {"--require-current-mitigations", "mitigation_vector/current", Form::mask, "HEX", "bits that CURRENT_MIT_VECTOR must have (report version 5)"},
    {"--require-cert-entry", "cert_table_entry", Form::entry, "GUID[=SHA256]", "entry that the certificate table must have; repeatable"},
};

Error bad(std::string_view flag, std::string detail) { return {Errc::bad_value, std::string(flag), std::move(detail), 0}; }

Result<json> number(const Flag& flag, const std::string& text) {
  const bool is_hex = flag.form == Form::equal_bits && (text.starts_with("0x") || text.starts_with("0X"));
  const auto value = is_hex ? hex_number(text) : decimal(text);
  if (!value) return bad(flag.name, fmt::format("\"{}\" is not a whole number", printable(text)));
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
    if (name.empty() || !value) return bad(flag.name, fmt::format("\"{}\" is not of the form NAME=NUMBER; write for example bootloader=3,snp=8,microcode=115", printable(part)));
    if (min.contains(name)) return bad(flag.name, fmt::format("\"{}\" is given twice", printable(name)));
    min[name] = *value;
    if (comma == std::string_view::npos) return json{{"min", min}};
    text.remove_prefix(comma + 1);
  }
}

Result<json> list(const Flag& flag, const std::vector<std::string>& values) {
  json out = json::array();
  for (const std::string& text : values) {
    if (text.empty()) return bad(flag.name, "the value is empty; leave the option out to check nothing");
    if (flag.form == Form::numbers) {
      auto n = number(flag, text);
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
  return flag.form == Form::entry ? out : json{{"any_of", out}};
}

// The policy file's spelling of what a flag says.
Result<json> as_json(const Flag& flag, const std::vector<std::string>& values) {
  if (is_repeatable(flag.form)) return list(flag, values);
  switch (flag.form) {
    case Form::set_bit: return json{{"require", {std::string(flag.bit)}}};
    case Form::clear_bit: return json{{"forbid", {std::string(flag.bit)}}};
    case Form::demand: return json(true);
    case Form::forbid: return json("forbid");
    default: break;
  }
  if (values.size() != 1) return bad(flag.name, "the option is given more than once");
  if (values[0].empty()) return bad(flag.name, "the value is empty; leave the option out to check nothing");
  switch (flag.form) {
    case Form::components: return components(flag, values[0]);
    case Form::version: return json{{"min", values[0]}};
    case Form::abi: return json{{"abi", {{"min", values[0]}}}};
    case Form::mask: return json{{"require_mask", values[0]}};
    default: break;
  }
  auto n = number(flag, values[0]);
  if (!n) return n;
  return json{{flag.form == Form::minimum ? "min" : "equals", *n}};
}

const Field* field_at(std::string_view path) {
  std::span<const Field> fields = snp_fields();
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

std::span<const Flag> flags() { return kFlags; }

const Flag* find_flag(std::string_view name) {
  const auto found = std::find_if(std::begin(kFlags), std::end(kFlags), [&](const Flag& f) { return f.name == name; });
  return found == std::end(kFlags) ? nullptr : found;
}

Result<Sections> read_flags(const GivenFlags& given) {
  struct Wanted { json value; std::string names; };
  std::map<std::string_view, Wanted> by_path;
  for (const Flag& flag : kFlags) {
    std::vector<std::string> values;
    bool present = false;
    for (const auto& [name, more] : given)
      if (name == flag.name) {
        present = true;
        values.insert(values.end(), more.begin(), more.end());
      }
    if (!present) continue;
    const Field* field = field_at(flag.path);
    if (!field) return Error{Errc::bug, std::string(flag.name), "the flag names no policy key", 0};
    auto value = as_json(flag, values);
    if (!value) return value.error();
    if (auto error = check_shape(*value, *field->shape, std::string(flag.name))) return bad(flag.name, error->detail);
    Wanted& wanted = by_path[flag.path];
    join(wanted.value, *value);
    wanted.names += (wanted.names.empty() ? "" : ", ") + std::string(flag.name);
  }
  Sections out;
  for (const auto& [path, wanted] : by_path)
    if (auto status = read_field(wanted.value, *field_at(path), wanted.names, out.snp); !status) return status.error();
  return out;
}

}  // namespace atls::policy
