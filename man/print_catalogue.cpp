// Exit codes, checks, policy flags and policy keys as JSON: the source of the generated parts of the manual, and what check_docs.py compares.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "policy/flags.hpp"
#include "policy/shape.hpp"
#include "report/check.hpp"

namespace {

std::string_view severity_name(atls::Severity severity) {
  switch (severity) {
    case atls::Severity::required: return "required";
    case atls::Severity::policy: return "policy";
    case atls::Severity::warning: return "warning";
    case atls::Severity::info: return "info";
  }
  return "required";
}

using Json = nlohmann::ordered_json;

std::string words(const atls::policy::Shape& shape) {
  std::string out;
  for (const std::string_view word : shape.words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

std::string value_text(const atls::policy::Shape& shape) {
  using atls::policy::Kind;
  switch (shape.kind) {
    case Kind::text: return "text";
    case Kind::constant: return words(shape);
    case Kind::word: return shape.words.size() == 1 ? words(shape) : "one of " + words(shape);
    case Kind::time: return "RFC 3339 time";
    case Kind::flag: return "true or false";
    case Kind::only_true: return "true";
    case Kind::integer: return shape.max == UINT64_MAX ? "number of 64 bits" : "number from 0 to " + std::to_string(shape.max);
    case Kind::hex: return shape.width == 0 ? "bytes in hexadecimal" : std::to_string(shape.width) + " bytes in hexadecimal" + (shape.not_zero ? ", not all zero" : "");
    case Kind::hex_number: return "text with 1 to 16 hexadecimal digits, not zero";
    case Kind::version: return "text \"major.minor\"";
    case Kind::firmware: return "text \"major.minor\" or \"major.minor.build\"";
    case Kind::guid: return "GUID";
    case Kind::list: return "list of: " + value_text(*shape.item);
    case Kind::object: return "object";
    case Kind::map: return "object with names of your own, each of: " + value_text(*shape.item);
    case Kind::either: return value_text(*shape.item) + "; or an object with operators";
  }
  return {};
}

Json keys(std::span<const atls::policy::Field> fields) {
  Json out = Json::array();
  for (const atls::policy::Field& field : fields) {
    const atls::policy::Shape& shape = field.shape->kind == atls::policy::Kind::list ? *field.shape->item : *field.shape;
    out.push_back({{"key", field.key}, {"help", field.help}, {"value", value_text(*field.shape)}, {"required", field.required}, {"checks", field.checks},
                   {"members", keys(shape.members)}});
  }
  return out;
}

}  // namespace

int main() {
  Json out{{"version", ATLS_VERSION}, {"exit_codes", Json::array()}, {"checks", Json::array()}, {"flags", Json::array()},
           {"policy", keys(atls::policy::document_shape().members)}};
  for (const atls::ExitCodeInfo& info : atls::exit_codes())
    out["exit_codes"].push_back({{"code", static_cast<int>(info.code)}, {"verdict", info.verdict}, {"meaning", info.meaning}});
  for (const atls::CheckSpec* spec : atls::all_checks())
    out["checks"].push_back({{"id", spec->id}, {"title", spec->title}, {"reference", spec->reference}, {"area", spec->area},
                             {"code", static_cast<int>(spec->on_fail)}, {"severity", severity_name(spec->severity)}});
  for (const atls::policy::Flag& flag : atls::policy::flags())
    out["flags"].push_back({{"name", flag.name}, {"metavar", flag.metavar}, {"help", flag.help}});
  const std::string text = out.dump(2) + "\n";
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
