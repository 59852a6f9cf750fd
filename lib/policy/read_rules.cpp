// From checked JSON values to rules. What a shape cannot say is refused here: contradictions and rules that accept everything.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "policy/numbers.hpp"
#include "policy/shape.hpp"

namespace atls::policy {
namespace {

using nlohmann::json;

Origin origin_of(const json& value, const std::string& place) {
  Origin origin;
  origin.source = place;
  if (value.is_object()) {
    if (value.contains("comment")) origin.comment = value["comment"].get<std::string>();
    if (value.contains("severity") && value["severity"] == "warn") origin.severity = Sev::warn;
  }
  return origin;
}

Buffer bytes_of(const json& value) { return *from_hex(value.get_ref<const std::string&>()); }   // the shape was checked

// The values of "equals", "any_of" or the short form, through `convert`.
template <class Out, class Convert>
void read_values(const json& value, std::vector<Out>& out, const Convert& convert) {
  if (!value.is_object()) out.push_back(convert(value));
  else if (value.contains("equals")) out.push_back(convert(value["equals"]));
  else if (value.contains("any_of"))
    for (const json& item : value["any_of"]) out.push_back(convert(item));
}

Result<BytesRule> read(const json& value, const std::string& place, BytesRule rule) {
  read_values(value, rule.any_of, bytes_of);
  if (!value.is_object()) return rule;
  if (value.contains("none_of"))
    for (const json& item : value["none_of"]) rule.none_of.push_back(bytes_of(item));
  if (value.contains("mask")) rule.mask = bytes_of(value["mask"]);
  if (value.contains("min_bytes")) rule.min_bytes = bytes_of(value["min_bytes"]);
  rule.unchecked = value.contains("unchecked");
  const auto masked = [&](Buffer bytes) {
    for (std::size_t i = 0; rule.mask && i < bytes.size(); ++i) bytes[i] &= (*rule.mask)[i];
    return bytes;
  };
  for (const Buffer& wanted : rule.any_of)
    for (const Buffer& refused : rule.none_of)
      if (masked(wanted) == masked(refused)) return bad_value(place, fmt::format("{} is both expected and refused", hex(wanted)));
  return rule;
}

Result<UintRule> read(const json& value, const std::string& place, UintRule rule) {
  const auto number = [](const json& v) { return v.get<std::uint64_t>(); };
  read_values(value, rule.any_of, number);
  if (!value.is_object()) return rule;
  if (value.contains("none_of"))
    for (const json& item : value["none_of"]) rule.none_of.push_back(number(item));
  if (value.contains("min")) rule.min = number(value["min"]);
  if (value.contains("max")) rule.max = number(value["max"]);
  rule.unchecked = value.contains("unchecked");
  if (rule.min && rule.max && *rule.min > *rule.max) return bad_value(place, fmt::format("\"min\" {} is larger than \"max\" {}", *rule.min, *rule.max));
  return rule;
}

Result<TextRule> read(const json& value, const std::string&, TextRule rule) {
  read_values(value, rule.any_of, [](const json& v) { return std::string(product_alias(v.get_ref<const std::string&>())); });
  rule.unchecked = value.is_object() && value.contains("unchecked");
  return rule;
}

Result<BitsRule> read(const json& value, const std::string& place, BitsRule rule) {
  const auto names = [&](const char* key) {
    std::set<std::string> out;
    if (value.contains(key))
      for (const json& item : value[key]) out.insert(item.get<std::string>());
    return out;
  };
  if (value.contains("allow")) rule.allow = names("allow");
  rule.require = names("require");
  rule.forbid = names("forbid");
  if (value.contains("equals")) rule.equals = value["equals"].get<std::uint64_t>();
  if (value.contains("abi")) {
    const auto version = *dotted(value["abi"]["min"].get_ref<const std::string&>());
    rule.abi_min = {version[0], version[1]};
  }
  for (const std::string& name : rule.forbid) {
    if (rule.require.contains(name)) return bad_value(place, fmt::format("\"{}\" is both required and forbidden", name));
    if (rule.allow && rule.allow->contains(name)) return bad_value(place, fmt::format("\"{}\" is both allowed and forbidden", name));
  }
  return rule;
}

snp::TcbComponent component_of(std::string_view name) {
  for (const snp::TcbComponent c : snp::kTcbComponents)
    if (snp::tcb_component_name(c) == name) return c;
  throw std::logic_error("TCB component without a name");   // the shape was checked against the same names
}

Result<TcbRule> read(const json& value, const std::string&, TcbRule rule) {
  if (value.contains("min"))
    for (const auto& [name, svn] : value["min"].items()) rule.min[component_of(name)] = svn.get<std::uint8_t>();
  if (value.contains("equals")) rule.equals = bytes_of(value["equals"]);
  return rule;
}

Result<MaskRule> read(const json& value, const std::string&, MaskRule rule) {
  rule.require = *hex_number(value["require_mask"].get_ref<const std::string&>());
  return rule;
}

Result<VersionRule> read(const json& value, const std::string&, VersionRule rule) {
  const auto version = *dotted(value["min"].get_ref<const std::string&>());
  rule.major = version[0];
  rule.minor = version[1];
  if (version.size() == 3) rule.build = version[2];
  return rule;
}

std::vector<TableEntryRule> read_entries(const json& value, const std::string& place) {
  std::vector<TableEntryRule> out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    TableEntryRule rule;
    static_cast<Origin&>(rule) = origin_of(value[i], fmt::format("{}/{}", place, i));
    rule.guid = value[i]["guid"].get<std::string>();
    if (value[i].contains("sha256")) rule.sha256 = bytes_of(value[i]["sha256"]);
    out.push_back(std::move(rule));
  }
  return out;
}

Result<AttributesRule> read(const json& value, const std::string& place, AttributesRule rule) {
  const auto has = [&](std::initializer_list<const char*> keys) {
    return value.is_object() && std::any_of(keys.begin(), keys.end(), [&](const char* key) { return value.contains(key); });
  };
  const auto as = [&](auto part) { return static_cast<Origin&>(part) = rule, part; };
  if (!value.is_object() || has({"equals", "any_of", "none_of", "unchecked"})) {
    auto bytes = read(value, place, as(BytesRule{}));
    if (!bytes) return bytes.error();
    rule.value = std::move(*bytes);
  } else if (has({"mask"})) {
    return bad_value(place, "\"mask\" says which bits of \"equals\" or \"any_of\" are compared, and there is neither");
  }
  if (has({"allow", "require", "forbid"})) {
    json by_name = value;
    by_name.erase("equals");   // of the value as a whole, which the bytes are about
    auto bits = read(by_name, place, as(BitsRule{}));
    if (!bits) return bits.error();
    rule.bits = std::move(*bits);
  }
  if (has({"allow_reserved"})) {
    const Buffer bytes = bytes_of(value["allow_reserved"]);
    for (std::size_t i = 0; i < bytes.size(); ++i) rule.allow_reserved |= std::uint64_t{bytes[i]} << (8 * i);
  }
  return rule;
}

std::set<std::string> texts(const json& list) {
  std::set<std::string> out;
  for (const json& item : list) out.insert(item.get<std::string>());
  return out;
}

Result<AdvisoriesRule> read(const json& value, const std::string& place, AdvisoriesRule rule) {
  if (value.contains("any_of")) rule.any_of = texts(value["any_of"]);
  if (value.contains("none_of")) rule.none_of = texts(value["none_of"]);
  for (const std::string& id : rule.none_of)
    if (rule.any_of.contains(id)) return bad_value(place, fmt::format("{} is both expected and refused", id));
  return rule;
}

Result<DateRule> read(const json& value, const std::string&, DateRule rule) {
  rule.min = parse_rfc3339(value["min"].get_ref<const std::string&>());
  return rule;
}

Result<PlatformRule> read(const json& value, const std::string&, PlatformRule rule) {
  const auto demand = [&](const char* key) { return value.contains(key) ? std::optional(true) : std::nullopt; };
  rule.smt_disabled = demand("smt_disabled");
  rule.memory_integrity = demand("memory_integrity");
  rule.static_platform = demand("static");
  return rule;
}

std::vector<TcbStatusRule> read_statuses(const json& value, const std::string& place) {
  std::vector<TcbStatusRule> out;
  const json items = value.is_object() ? value["any_of"] : json::array({value});
  for (std::size_t i = 0; i < items.size(); ++i) {
    const json& item = items[i];
    TcbStatusRule rule;
    rule.source = value.is_object() ? fmt::format("{}/any_of/{}", place, i) : place;
    rule.status = (item.is_object() ? item["status"] : item).get<std::string>();
    if (item.is_object()) {
      if (item.contains("until")) rule.until = parse_rfc3339(item["until"].get_ref<const std::string&>());
      if (item.contains("reason")) rule.reason = item["reason"].get<std::string>();
      if (item.contains("advisories")) rule.advisories = texts(item["advisories"]);
    }
    out.push_back(std::move(rule));
  }
  return out;
}

struct Store {
  const json& value;
  const std::string& place;
  Sections& out;

  Status operator()(std::monostate) const { return Error{Errc::bug, place, "a key without a target", 0}; }
  template <class Rule>
  Status operator()(At<std::optional<Rule>> at) const {
    Rule rule;
    static_cast<Origin&>(rule) = origin_of(value, place);
    auto read_rule = read(value, place, std::move(rule));
    if (!read_rule) return read_rule.error();
    at(out) = std::move(*read_rule);
    return ok();
  }
  Status operator()(At<std::optional<bool>> at) const {
    at(out) = value.get<bool>();
    return ok();
  }
  Status operator()(At<Allow> at) const {
    at(out) = value == "allow" ? Allow::allow : Allow::forbid;
    return ok();
  }
  Status operator()(At<std::vector<TableEntryRule>> at) const {
    at(out) = read_entries(value, place);
    return ok();
  }
  Status operator()(At<std::vector<TcbStatusRule>> at) const {
    at(out) = read_statuses(value, place);
    return ok();
  }
  Status operator()(At<std::map<std::string, BytesRule>> at) const {
    for (const auto& [name, member] : value.items()) {
      const std::string inner = fmt::format("{}/{}", place, name);
      BytesRule rule;
      static_cast<Origin&>(rule) = origin_of(member, inner);
      auto read_rule = read(member, inner, std::move(rule));
      if (!read_rule) return read_rule.error();
      at(out)[name] = std::move(*read_rule);
    }
    return ok();
  }
};

bool names_bit(const std::optional<BitsRule>& bits, bool allowed, std::string_view bit) {
  if (!bits) return false;
  const std::string name(bit);
  return allowed ? bits->allow && bits->allow->contains(name) : bits->forbid.contains(name) || (bits->allow && !bits->allow->contains(name));
}

// "debug" is a shorthand for one bit of another key; both say the same or one of them is a mistake.
Status check_shorthand(Allow shorthand, const std::optional<BitsRule>& bits, std::string_view key, const std::string& place) {
  if (shorthand == Allow::allow && names_bit(bits, false, "debug")) return bad_value(place, fmt::format("\"debug\" is allowed here and refused by \"{}\"", key));
  if (shorthand == Allow::forbid && names_bit(bits, true, "debug")) return bad_value(place, fmt::format("\"debug\" is refused here and allowed by \"{}\"", key));
  return ok();
}

}  // namespace

Status read_field(const json& value, const Field& field, const std::string& place, Sections& out) {
  if (is_group(field)) return read_section(value, field.shape->members, place, out);
  return std::visit(Store{value, place, out}, field.target);
}

Status read_section(const json& object, std::span<const Field> fields, const std::string& place, Sections& out) {
  for (const Field& field : fields) {
    if (!object.contains(field.key)) continue;
    if (auto status = read_field(object[field.key], field, fmt::format("{}/{}", place, field.key), out); !status) return status;
  }
  return ok();
}

Status check_sections(const Sections& sections, const std::string& place) {
  if (auto status = check_shorthand(sections.snp.debug, sections.snp.guest_policy, "policy", place + "/snp/debug"); !status) return status;
  const auto& td = sections.tdx.td_attributes;
  return check_shorthand(sections.tdx.debug, td ? td->bits : std::nullopt, "td_attributes", place + "/tdx/debug");
}

}  // namespace atls::policy
