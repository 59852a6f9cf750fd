// Quotes inside the JSON documents of attestation agents: the quote, and the event log or HCL report beside it. Nothing else in such a
// document is signed. dstack guest agent, confidential-containers/trustee (TDX and Azure vTPM evidence), flashbots/attested-tls.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/json.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/intel_claims.hpp"
#include "evidence/load_parts.hpp"
#include "intel/quote.hpp"

namespace atls::evidence::loading {
namespace {

using nlohmann::json;

enum class Log { none, text, encoded };
// Members by container. A quote that does not decode is damage only where another member says which container this is.
struct Container {
  std::string_view name, quote, log, hcl;
  Log log_form;
};
constexpr Container kContainers[] = {
    {"coco-azure-tdx", "td_quote", "", "hcl_report", Log::none},
    {"flashbots-azure-tdx", "tdx_quote_base64", "", "hcl_report_base64", Log::none},
    {"coco-tdx", "quote", "cc_eventlog", "", Log::encoded},
    {"dstack", "quote", "event_log", "", Log::text},
    {"dstack", "quote", "vm_config", "", Log::none},
    {"quote-json", "quote", "", "", Log::none},
};
constexpr std::size_t kMaxNameTold = 64;
constexpr std::size_t kMaxContainer = 8 * 1024 * 1024;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Hexadecimal (with or without 0x) or base64 in either alphabet, padded or not.
Result<Buffer> bytes_of_text(std::string text, const std::string& where) {
  std::erase_if(text, is_space);
  if (text.starts_with("0x") || text.starts_with("0X")) text.erase(0, 2);
  if (auto bytes = from_hex(text)) return *std::move(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  auto bytes = from_base64(text, Base64::url_unpadded);
  if (!bytes) return Error{Errc::bad_value, where, "neither hexadecimal nor base64 text", 0};
  return *std::move(bytes);
}

Result<Buffer> bytes_of_numbers(const json& array, const std::string& where) {
  Buffer out;
  out.reserve(array.size());
  for (const json& n : array) {
    if (!n.is_number_unsigned() || n.get<std::uint64_t>() > 0xFF) return Error{Errc::bad_value, where + "[" + std::to_string(out.size()) + "]", "expected a number from 0 to 255", 0};
    out.push_back(static_cast<std::uint8_t>(n.get<std::uint64_t>()));
  }
  return out;
}

Result<Buffer> bytes_of(const json& object, std::string_view name) {
  const std::string where(name);
  const json& value = object[where];
  if (const auto* text = value.get_ptr<const std::string*>()) return bytes_of_text(*text, where);
  if (value.is_array()) return bytes_of_numbers(value, where);
  return Error{Errc::bad_value, where, "expected text or an array of bytes", 0};
}

const Container* container_of(const json& object) {
  for (const Container& c : kContainers) {
    if (!object.contains(c.quote)) continue;
    const std::string_view mark = c.log.empty() ? c.hcl : c.log;
    if (!mark.empty() && object.contains(mark)) return &c;
    if (!mark.empty()) continue;
    const auto quote = bytes_of(object, c.quote);
    if (quote && intel::looks_like_quote(*quote)) return &c;
  }
  return nullptr;
}

void take_log(const json& object, const Container& c, Evidence& e, Loaded& out) {
  if (c.log.empty() || c.log_form == Log::none) return;
  const json& value = object[std::string(c.log)];
  if (value.is_null()) return;
  const auto* text = value.get_ptr<const std::string*>();
  if (c.log_form == Log::text) {
    if (value.is_array()) e.event_log = to_buffer(value.dump());
    else if (text != nullptr && !text->empty()) e.event_log = to_buffer(*text);
    else if (text == nullptr) set_error(out, {Errc::bad_value, std::string(c.log), "expected the event log as text", 0});
    return;
  }
  auto log = bytes_of(object, c.log);
  if (!log) return set_error(out, log.error());
  if (!log->empty()) e.event_log = *std::move(log);
}

void tell_the_rest(const json& object, const Container& c, Loaded& out) {
  for (const auto& [name, value] : object.items()) {
    if (name == c.quote || name == c.log || name == c.hcl) continue;
    const auto* text = value.get_ptr<const std::string*>();
    if (!value.empty() && (text == nullptr || !text->empty())) out.unused.push_back({"the member " + name.substr(0, kMaxNameTold) + " of the container: nothing signs it", {}});
    out.claims.add(value_claim(name, text != nullptr ? *text : value.dump(-1, ' ', false, json::error_handler_t::replace), "of the container, not signed by hardware"));
  }
}

}  // namespace

bool holds_quote(const json& object) { return object.is_object() && container_of(object) != nullptr; }

void load_quote_container(Loaded& out, Bytes text) {
  const auto object = parse_json(text, "container", {64, kMaxContainer});
  if (!object) return set_error(out, object.error());
  const Container* c = object->is_object() ? container_of(*object) : nullptr;
  if (c == nullptr) return set_error(out, {Errc::bad_value, "container", "no member holds an Intel quote", 0});
  Evidence e;
  e.container = c->name;
  e.format = "tdx";
  auto quote = bytes_of(*object, c->quote);
  if (!quote) return set_error(out, quote.error());
  e.data = *std::move(quote);
  const auto parsed = intel::parse_quote(e.data);
  if (!parsed) set_error(out, parsed.error());
  else if (!parsed->is_tdx()) e.format = "sgx";
  if (!c->hcl.empty()) {
    auto hcl = bytes_of(*object, c->hcl);
    if (!hcl) set_error(out, hcl.error());
    else e.td_hcl = *std::move(hcl);
  }
  take_log(*object, *c, e, out);
  if (out.error) e.decode_error = out.error->message();
  take_evidence(out, std::move(e), InputKind::quote_container);
  tell_the_rest(*object, *c, out);
}

std::optional<Buffer> bytes_of_json_array(Bytes text) {
  const auto array = parse_json(text, "input", {4, kMaxContainer});
  if (!array || !array->is_array() || array->empty()) return std::nullopt;
  auto bytes = bytes_of_numbers(*array, "input");
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

// Intel's vendor id 12 bytes behind the begin of a quote. Only to show what is there: where in a file evidence stands is not for a
// search to decide.
std::optional<std::size_t> find_embedded_quote(Bytes content) {
  constexpr std::size_t kVendorOffset = 12;
  for (auto at = content.begin();;) {
    at = std::search(at, content.end(), intel::kVendorId.begin(), intel::kVendorId.end());
    if (at == content.end()) return std::nullopt;
    const auto place = static_cast<std::size_t>(at - content.begin());
    if (place >= kVendorOffset && intel::looks_like_quote(content.subspan(place - kVendorOffset))) return place - kVendorOffset;
    ++at;
  }
}

void show_embedded_quote(Loaded& out, Bytes content, std::size_t at) {
  out.kind = InputKind::embedded_quote;
  Claim claims = quote_claims(content.subspan(at));
  claims.meaning += (claims.meaning.empty() ? "" : ", ") + std::string("found by searching, at offset ") + std::to_string(at);
  out.claims.add(std::move(claims));
}

}  // namespace atls::evidence::loading
