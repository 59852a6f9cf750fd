#include "eventlog/runtime.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/writer.hpp"
#include "eventlog/tcg.hpp"

namespace atls::eventlog {
namespace {

using nlohmann::json;

constexpr std::size_t kDigestSize = 48;   // SHA-384

Error bad_member(std::size_t index, const char* member, std::string detail) {
  return {Errc::bad_value, "event_log[" + std::to_string(index) + "]." + member, std::move(detail), 0};
}

std::optional<std::uint64_t> number(const json& event, const char* name) {
  const auto found = event.find(name);
  if (found == event.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<Buffer> hex_member(const json& event, const char* name, bool may_be_absent) {
  const auto found = event.find(name);
  if (found == event.end() || found->is_null()) return may_be_absent ? std::optional<Buffer>(Buffer{}) : std::nullopt;
  const auto* text = found->get_ptr<const std::string*>();
  if (text == nullptr) return std::nullopt;
  auto bytes = from_hex(*text);
  return bytes ? std::optional<Buffer>(*std::move(bytes)) : std::nullopt;
}

Result<JsonEvent> parse_event(const json& object, std::size_t index) {
  if (!object.is_object()) return bad_member(index, "event", "expected an object");
  JsonEvent e;
  const auto imr = number(object, "imr"), type = number(object, "event_type");
  if (!imr || *imr > 3) return bad_member(index, "imr", "expected 0 to 3");
  if (!type || *type > 0xFFFFFFFF) return bad_member(index, "event_type", "expected a number of 32 bits");
  e.imr = static_cast<unsigned>(*imr);
  e.type = static_cast<std::uint32_t>(*type);
  if (const auto found = object.find("event"); found != object.end()) {
    const auto* name = found->get_ptr<const std::string*>();
    if (name == nullptr) return bad_member(index, "event", "expected text");
    e.name = *name;
  }
  auto payload = hex_member(object, "event_payload", true);
  if (!payload) return bad_member(index, "event_payload", "expected hexadecimal text");
  e.payload = *std::move(payload);
  auto digest = hex_member(object, "digest", true);
  if (!digest || (!digest->empty() && digest->size() != kDigestSize)) return bad_member(index, "digest", "expected 96 hexadecimal digits");
  e.digest = *std::move(digest);
  if (const auto found = object.find("version"); found != object.end() && !found->is_null()) {
    const auto version = number(object, "version");
    if (!version || *version < 1 || *version > 2) return bad_member(index, "version", "expected 1 or 2");
    e.version = *version;
  }
  if (e.digest.empty() && !e.is_runtime()) return bad_member(index, "digest", "missing, and only that of a runtime event can be computed");
  return e;
}

}  // namespace

Result<std::vector<JsonEvent>> parse_json_log(Bytes text) {
  const auto array = parse_json(text, "event_log", {.depth = 16});
  if (!array) return array.error();
  if (!array->is_array()) return Error{Errc::bad_value, "event_log", "expected an array of events", 0};
  if (array->size() > kMaxEvents) return Error{Errc::too_large, "event_log", "more than " + std::to_string(kMaxEvents) + " events", 0};
  std::vector<JsonEvent> out;
  for (std::size_t i = 0; i < array->size(); ++i) {
    auto event = parse_event((*array)[i], i);
    if (!event) return event.error();
    out.push_back(*std::move(event));
  }
  return out;
}

bool looks_like_json_log(Bytes text) {
  const auto array = parse_json(text, "event_log", {.depth = 16});
  return array && array->is_array() && !array->empty() && array->front().is_object() && array->front().contains("imr");
}

Buffer runtime_digest_input(const JsonEvent& e) {
  if (e.version == 1) return Writer().u32le(e.type).u8(':').bytes(as_bytes(e.name)).u8(':').bytes(e.payload).take();
  // nlohmann/json escapes as RFC 8785 does, and its objects are sorted by key; these three are ASCII.
  const json object = {{"name", e.name}, {"payload", hex(e.payload)}, {"type", e.type}};
  return to_buffer(object.dump());
}

}  // namespace atls::eventlog
