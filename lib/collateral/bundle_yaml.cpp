#include "collateral/bundle_yaml.hpp"

#include <yaml.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace atls {
namespace {

constexpr std::size_t kMaxMembers = 64;

struct ParserDelete { void operator()(yaml_parser_t* p) const { yaml_parser_delete(p); delete p; } };
struct Event {
  yaml_event_t event{};
  ~Event() { yaml_event_delete(&event); }
};

class Reader {
 public:
  explicit Reader(Bytes content) : parser_(new yaml_parser_t{}) {
    if (yaml_parser_initialize(parser_.get()) != 1) throw std::bad_alloc();
    yaml_parser_set_input_string(parser_.get(), content.data(), content.size());
    yaml_parser_set_encoding(parser_.get(), YAML_UTF8_ENCODING);
  }

  Result<std::map<std::string, std::string>> members() {
    std::map<std::string, std::string> out;
    if (!expect(YAML_STREAM_START_EVENT, "the beginning") || !expect(YAML_DOCUMENT_START_EVENT, "a document") || !expect(YAML_MAPPING_START_EVENT, "a mapping")) return *error_;
    for (;;) {
      const auto key = scalar_or_end();
      if (error_) return *error_;
      if (!key) break;
      const auto value = scalar_or_end();
      if (error_) return *error_;
      if (!value) return bad("key \"" + key->substr(0, 64) + "\" has no value");
      if (out.size() == kMaxMembers) return Error{Errc::too_large, "collateral.yaml", "more than " + std::to_string(kMaxMembers) + " members"};
      if (!out.emplace(*key, *value).second) return bad("duplicate key \"" + key->substr(0, 64) + "\"");
    }
    if (!expect(YAML_DOCUMENT_END_EVENT, "the end of the document") || !expect(YAML_STREAM_END_EVENT, "nothing after the mapping")) return *error_;
    return out;
  }

 private:
  bool next(Event& to) {
    if (yaml_parser_parse(parser_.get(), &to.event) == 1) return true;
    error_ = Error{Errc::bad_value, "collateral.yaml", parser_->problem ? std::string(parser_->problem) : std::string("not valid YAML"), parser_->problem_mark.index};
    return false;
  }
  Error bad(std::string detail, std::size_t offset = 0) { return {Errc::bad_value, "collateral.yaml", std::move(detail), offset}; }

  bool expect(yaml_event_type_t type, const char* what) {
    Event e;
    if (!next(e)) return false;
    if (e.event.type != type) {
      error_ = bad(std::string("expected ") + what, e.event.start_mark.index);
      return false;
    }
    if (type == YAML_MAPPING_START_EVENT && (e.event.data.mapping_start.anchor || e.event.data.mapping_start.tag)) {
      error_ = bad("anchors and tags are not allowed here", e.event.start_mark.index);
      return false;
    }
    return true;
  }

  // A plain text, or the end of the mapping.
  std::optional<std::string> scalar_or_end() {
    Event e;
    if (!next(e)) return {};
    if (e.event.type == YAML_MAPPING_END_EVENT) return {};
    const auto refuse = [&](const char* why) {
      error_ = bad(why, e.event.start_mark.index);
      return std::nullopt;
    };
    if (e.event.type == YAML_ALIAS_EVENT) return refuse("aliases are not allowed here");
    if (e.event.type != YAML_SCALAR_EVENT) return refuse("expected texts only, no nested values");
    const auto& scalar = e.event.data.scalar;
    if (scalar.anchor || scalar.tag) return refuse("anchors and tags are not allowed here");
    return std::string(reinterpret_cast<const char*>(scalar.value), scalar.length);
  }

  std::unique_ptr<yaml_parser_t, ParserDelete> parser_;
  std::optional<Error> error_;
};

}  // namespace

bool looks_like_bundle_yaml(Bytes content) {
  const std::string_view text = as_text(content.first(std::min(content.size(), intel::kMaxCollateralBundle)));
  for (std::size_t line = 0; line < text.size();) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    const std::size_t colon = text.substr(line, end - line).find(':');
    if (colon != std::string_view::npos && intel::is_dcap_qvl_member(text.substr(line, colon))) return true;
    line = end + 1;
  }
  return false;
}

Result<intel::CollateralBundle> parse_bundle_yaml(Bytes content) {
  if (content.size() > intel::kMaxCollateralBundle)
    return Error{Errc::too_large, "collateral.yaml", std::to_string(content.size()) + " bytes, the limit is " + std::to_string(intel::kMaxCollateralBundle)};
  if (content.empty()) return Error{Errc::truncated, "collateral.yaml", "empty"};
  auto members = Reader(content).members();
  if (!members) return members.error();
  auto out = intel::bundle_from_members(*members);
  if (!out) return out;
  for (const auto& [name, value] : *members)
    if (!intel::is_dcap_qvl_member(name)) out->ignored.push_back(name.substr(0, 128) + ": not a member that is known");
  return out;
}

}  // namespace atls
