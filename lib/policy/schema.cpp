// The JSON Schema (2020-12) of atls-policy/1, printed from the loader's field table.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "policy/shape.hpp"

namespace atls::policy {
namespace {

using nlohmann::ordered_json;

ordered_json schema_of(const Shape& shape);

ordered_json text_schema(std::string pattern) { return {{"type", "string"}, {"pattern", std::move(pattern)}}; }

ordered_json object_schema(const Shape& shape) {
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (const Field& field : shape.members) {
    ordered_json member = schema_of(*field.shape);
    member["description"] = field.help;
    properties[std::string(field.key)] = std::move(member);
    if (field.required) required.push_back(field.key);
  }
  ordered_json out{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) out["required"] = std::move(required);
  if (shape.one_of.size() == shape.members.size()) out["minProperties"] = 1;
  else if (!shape.one_of.empty()) {
    out["anyOf"] = ordered_json::array();
    for (const std::string_view key : shape.one_of) out["anyOf"].push_back({{"required", {key}}});
  }
  ordered_json rules = ordered_json::array();
  for (std::size_t i = 0; i < shape.exclusive.size(); ++i)
    for (std::size_t j = i + 1; j < shape.exclusive.size(); ++j)
      rules.push_back({{"not", {{"required", {shape.exclusive[i], shape.exclusive[j]}}}}});
  if (!shape.alone.empty())
    rules.push_back({{"if", {{"required", {shape.alone}}}}, {"then", {{"propertyNames", {{"enum", {shape.alone, "comment"}}}}}}});
  if (!rules.empty()) out["allOf"] = std::move(rules);
  return out;
}

ordered_json schema_of(const Shape& shape) {
  constexpr std::string_view kByte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  switch (shape.kind) {
    case Kind::text: return {{"type", "string"}, {"minLength", 1}};
    case Kind::constant: return {{"const", shape.words[0]}};
    case Kind::word: return {{"enum", shape.words}};
    case Kind::time: {
      auto out = text_schema("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$");
      out["format"] = "date-time";
      return out;
    }
    case Kind::flag: return {{"type", "boolean"}};
    case Kind::only_true: return {{"const", true}};
    case Kind::integer: return {{"type", "integer"}, {"minimum", 0}, {"maximum", shape.max}};
    case Kind::hex:
      if (shape.width == 0) return text_schema("^([0-9a-fA-F]{2})+$");
      return text_schema(fmt::format("^{}[0-9a-fA-F]{{{}}}$", shape.not_zero ? "(?!0*$)" : "", 2 * shape.width));
    case Kind::hex_number: return text_schema("^(0[xX])?(?!0*$)[0-9a-fA-F]{1,16}$");
    case Kind::version: return text_schema(fmt::format(R"(^{0}\.{0}$)", kByte));
    case Kind::firmware: return text_schema(fmt::format(R"(^{0}\.{0}(\.{0})?$)", kByte));
    case Kind::guid: return text_schema("^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$");
    case Kind::list: {
      ordered_json out{{"type", "array"}, {"minItems", 1}, {"items", schema_of(*shape.item)}};
      if (shape.unique) out["uniqueItems"] = true;
      return out;
    }
    case Kind::object: return object_schema(shape);
    case Kind::map:
      return {{"type", "object"}, {"additionalProperties", false}, {"patternProperties", {{"^[\\s\\S]+$", schema_of(*shape.item)}}}, {"minProperties", 1}};
    case Kind::either: return {{"oneOf", {schema_of(*shape.item), object_schema(shape)}}};
  }
  return false;
}

}  // namespace

std::string policy_schema_json() {
  ordered_json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", "atls-policy/1"}, {"title", "Appraisal policy of the atls suite"}};
  out.update(schema_of(document_shape()));
  return out.dump(2) + "\n";
}

}  // namespace atls::policy
