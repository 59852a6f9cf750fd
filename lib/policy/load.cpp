// The document atls-policy/1: shape, defaults merged under each alternative, settings outside the alternatives.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "policy/shape.hpp"
#include "policy/tcb_status.hpp"

namespace atls::policy {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxPolicy = 1024 * 1024;     // thousands of reference values
constexpr std::size_t kMaxAnchor = 1024 * 1024;     // a certificate has 2 KiB
constexpr std::size_t kMaxAlternatives = 1000;      // each is evaluated for each piece of evidence

Result<Buffer> read_anchor(const std::string& text, const std::string& directory, const std::string& place) {
  if (text.find("-----BEGIN ") != std::string::npos) return to_buffer(text);
  std::filesystem::path path(text);
  if (path.is_relative()) path = std::filesystem::path(directory) / path;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return Error{Errc::not_found, place, fmt::format("{} is not a file", path.string()), 0};
  std::ifstream in(path, std::ios::binary);
  Buffer content;
  for (char block[4096]; in.read(block, sizeof block), in.gcount() > 0;) {
    content.insert(content.end(), block, block + in.gcount());
    if (content.size() > kMaxAnchor) return Error{Errc::too_large, place, fmt::format("{} is larger than {} bytes", path.string(), kMaxAnchor), 0};
  }
  if (!in.eof()) return Error{Errc::io, place, fmt::format("{} cannot be read", path.string()), 0};
  if (content.empty()) return bad_value(place, fmt::format("{} is empty", path.string()));
  return content;
}

// A key of the alternative replaces the default's key as a whole. Sub-sections that only group keys (tcb, firmware, rtmr ...) are
// merged key by key: the constraint is the unit.
void read_defaults(const json& defaults, std::span<const Field> fields, const json& own, json& inherited) {
  for (const Field& field : fields) {
    if (!defaults.contains(field.key)) continue;
    if (!own.contains(field.key)) inherited[std::string(field.key)] = defaults[field.key];
    else if (is_group(field)) {
      json inner = json::object();
      read_defaults(defaults[field.key], field.shape->members, own[field.key], inner);
      if (!inner.empty()) inherited[std::string(field.key)] = std::move(inner);
    }
  }
}

const json& section(const json& object, const std::string& key) {
  static const json kNone = json::object();
  return object.contains(key) ? object[key] : kNone;
}

Result<Alternative> read_alternative(const json& value, const json& defaults, const std::string& file, const std::string& place) {
  Alternative out;
  if (value.contains("name")) out.name = value["name"].get<std::string>();
  for (const json& kind : value["evidence"]) out.evidence.insert(kind.get<std::string>());
  if (out.evidence.size() > 1)
    return bad_value(place + "/evidence", fmt::format("a peer presents one of {}; write an alternative for each", fmt::join(out.evidence, ", ")));
  for (const Field& about : sections()) {
    const std::string key(about.key);
    if (!out.evidence.contains(key)) {   // defaults may speak about evidence of other alternatives
      if (value.contains(key)) return bad_value(place + "/" + key, fmt::format("the alternative is about {} evidence, see \"evidence\"", *out.evidence.begin()));
      continue;
    }
    json inherited = json::object();
    read_defaults(section(defaults, key), about.shape->members, section(value, key), inherited);
    if (auto status = read_section(inherited, about.shape->members, file + "#/defaults/" + key, out); !status) return status.error();
    if (auto status = read_section(section(value, key), about.shape->members, place + "/" + key, out); !status) return status.error();
  }
  if (auto status = check_sections(out, place); !status) return status.error();
  const auto grant = [](const std::optional<BitsRule>& bits, const char* name, Allow& into) {
    if (bits && bits->allow && bits->allow->contains(name)) into = Allow::allow;
  };
  grant(out.snp.guest_policy, "debug", out.snp.debug);
  grant(out.snp.guest_policy, "migrate_ma", out.snp.migrate_ma);
  if (out.tdx.td_attributes) grant(out.tdx.td_attributes->bits, "debug", out.tdx.debug);
  return out;
}

struct Trust { json value; std::string place; };

Trust effective_trust(const json& alternative, const json& defaults, const std::string& file, const std::string& place) {
  Trust out{section(defaults, "trust"), file + "#/defaults/trust"};
  for (const auto& [key, member] : section(alternative, "trust").items()) {
    out.value[key] = member;
    out.place = place + "/trust";
  }
  return out;
}

Status read_trust(const Trust& trust, const std::string& directory, Policy& out) {
  if (trust.value.contains("crl")) {
    const auto& word = trust.value["crl"].get_ref<const std::string&>();
    out.crl = word == "off" ? CrlMode::off : word == "if-available" ? CrlMode::if_available : CrlMode::require;
    if (out.crl != CrlMode::require) out.loosened.push_back(fmt::format("revocation is not required ({}/crl is \"{}\")", trust.place, word));
  }
  out.offline = trust.value.contains("offline") && trust.value["offline"].get<bool>();
  if (trust.value.contains("tcb_evaluation_data_number")) {
    Sections one;   // read as the key of the same meaning in the sections about evidence
    for (const Field& field : fields_of("tdx"))
      if (field.key == "tcb_eval_number")
        if (auto status = read_field(trust.value["tcb_evaluation_data_number"], field, trust.place + "/tcb_evaluation_data_number", one); !status) return status.error();
    out.tcb_eval_number = one.tdx.tcb_eval_number;
  }
  if (!trust.value.contains("roots")) return ok();
  for (const auto& [kind, files] : trust.value["roots"].items()) {
    const std::string place = fmt::format("{}/roots/{}", trust.place, kind);
    for (std::size_t i = 0; i < files.size(); ++i) {
      auto anchor = read_anchor(files[i].get<std::string>(), directory, fmt::format("{}/{}", place, i));
      if (!anchor) return anchor.error();
      out.roots[kind].push_back(std::move(*anchor));
    }
    out.loosened.push_back(fmt::format("the built-in {} are replaced ({})", kind == "intel" ? "Intel root" : "AMD roots", place));
  }
  return ok();
}

Status read_binding(const json& binding, const std::string& place, Policy& out) {
  const bool optional = binding.value("insecure_optional", false);
  const auto min = binding.contains("min") ? binding_level_from(binding["min"].get_ref<const std::string&>()) : std::nullopt;
  if (binding.contains("required")) {
    const bool required = binding["required"].get<bool>();
    if (!required && !optional) return bad_value(place + "/required", "false is accepted only together with \"insecure_optional\": true");
    if (required && optional) return bad_value(place, "\"required\": true and \"insecure_optional\": true exclude each other");
  }
  if (min == BindingLevel::none && !optional) return bad_value(place + "/min", "\"none\" is accepted only together with \"insecure_optional\": true");
  if (min && *min != BindingLevel::none && optional) return bad_value(place, fmt::format("\"min\": \"{}\" and \"insecure_optional\": true exclude each other", binding_level_name(*min)));
  if (optional) {
    out.binding_min = BindingLevel::none;
    out.binding_min_explicit = true;
    out.loosened.push_back(fmt::format("evidence need not be bound to the TLS key ({}/insecure_optional)", place));
  } else if (min) {
    out.binding_min = *min;
    out.binding_min_explicit = true;
  }
  return ok();
}

Status read_settings(const json& document, const std::string& file, Policy& out) {
  if (document.contains("name")) out.name = document["name"].get<std::string>();
  if (document.contains("not_before")) out.not_before = parse_rfc3339(document["not_before"].get_ref<const std::string&>());
  if (document.contains("not_after")) out.not_after = parse_rfc3339(document["not_after"].get_ref<const std::string&>());
  if (out.not_before && out.not_after && *out.not_before > *out.not_after)
    return bad_value(file + "#/not_after", fmt::format("{} is before \"not_before\" {}", rfc3339(*out.not_after), rfc3339(*out.not_before)));
  out.warnings_fail = document.contains("warnings") && document["warnings"] == "fail";
  out.any_measurement = document.value("insecure_allow_vacuous", false);
  if (out.any_measurement) out.loosened.push_back(fmt::format("a guest that is not identified is accepted ({}#/insecure_allow_vacuous)", file));
  out.require_freshness = document.contains("freshness") && document["freshness"]["required"].get<bool>();
  return document.contains("binding") ? read_binding(document["binding"], file + "#/binding", out) : ok();
}

void tell_statuses(const IntelPolicy& section, Policy& out) {
  for (const TcbStatusRule& rule : section.tcb_status)
    if (rule.status != "UpToDate") out.loosened.push_back(fmt::format("the TCB status {} is accepted ({})", tcb_status_text(rule), rule.source));
}

void tell_loosened(const Alternative& alternative, const std::string& place, Policy& out) {
  const auto tell = [&](bool given, std::string_view what, std::string_view key) {
    if (given) out.loosened.push_back(fmt::format("{} ({}/{})", what, place, key));
  };
  tell(alternative.snp.debug == Allow::allow, "guests that the host can debug are accepted", "snp");
  tell(alternative.snp.migrate_ma == Allow::allow, "guests with a migration agent are accepted", "snp");
  tell(alternative.tdx.debug == Allow::allow, "TDs that the host can debug are accepted", "tdx");
  tell(alternative.sgx.debug == Allow::allow, "enclaves that the host can debug are accepted", "sgx");
  if (const auto& td = alternative.tdx.td_attributes) {
    const auto granted = [&](const char* bit) { return td->bits && td->bits->allow && td->bits->allow->contains(bit); };
    tell(granted("migratable"), "TDs that can be migrated are accepted", "tdx/td_attributes");
    tell(granted("kl"), "TDs with the reserved attribute KL are accepted", "tdx/td_attributes");
    tell(td->allow_reserved != 0, "TDs with reserved attributes are accepted", "tdx/td_attributes");
  }
  tell_statuses(alternative.tdx, out);
  tell_statuses(alternative.sgx, out);
}

}  // namespace

Result<Policy> load_policy(Bytes text, const std::string& source_name, const std::string& directory) {
  auto parsed = parse_json(text, source_name, {.depth = 16, .bytes = kMaxPolicy});
  if (!parsed) return parsed.error();
  const json& document = *parsed;
  if (!document.is_object() || !document.contains("schema"))
    return bad_value(source_name + "#", "this is not a policy of the atls suite: the key \"schema\" with the value \"atls-policy/1\" is missing");
  if (auto error = check_shape(document, document_shape(), source_name + "#")) return *error;

  Policy out;
  if (auto status = read_settings(document, source_name, out); !status) return status.error();
  const json& alternatives = document["alternatives"];
  const json& defaults = section(document, "defaults");
  if (alternatives.size() > kMaxAlternatives) return Error{Errc::too_large, source_name + "#/alternatives", fmt::format("more than {} alternatives", kMaxAlternatives), 0};
  std::optional<Trust> trust;
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    const std::string place = fmt::format("{}#/alternatives/{}", source_name, i);
    auto alternative = read_alternative(alternatives[i], defaults, source_name, place);
    if (!alternative) return alternative.error();
    if (alternative->name.empty()) alternative->name = fmt::format("alternative {}", i);
    tell_loosened(*alternative, place, out);
    out.alternatives.push_back(std::move(*alternative));
    Trust own = effective_trust(alternatives[i], defaults, source_name, place);
    if (trust && trust->value != own.value)
      return Error{Errc::unsupported, place + "/trust", "alternatives with different trust are not supported by this version; use \"defaults\" or one file each", 0};
    if (!trust) trust = std::move(own);
  }
  if (auto status = read_trust(*trust, directory, out); !status) return status.error();
  return out;
}

}  // namespace atls::policy
