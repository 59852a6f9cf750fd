#include "policy/tcb_override.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/json.hpp"

namespace atls::policy {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{8, 1024 * 1024};   // the format has four levels; a file of every platform that Intel made fits
constexpr std::size_t kMaxEntries = 1024, kMaxReason = 1000;

Error bad_override(std::string where, std::string detail) { return {Errc::bad_value, "tcb-override" + std::move(where), std::move(detail), 0}; }

std::optional<Error> check_members(const json& object, const std::string& place, std::initializer_list<const char*> names) {
  for (const auto& member : object.items())
    if (std::none_of(names.begin(), names.end(), [&](const char* n) { return member.key() == n; })) return bad_override(place + "/" + member.key(), "unknown member");
  return {};
}

const std::string* text(const json& object, const char* name) {
  return object.contains(name) ? object[name].get_ptr<const std::string*>() : nullptr;
}

std::optional<std::uint64_t> number(const json& object, const char* name, std::uint64_t limit) {
  if (!object.contains(name)) return {};
  const auto* n = object[name].get_ptr<const json::number_unsigned_t*>();
  return n != nullptr && *n <= limit ? std::optional<std::uint64_t>(*n) : std::nullopt;
}

Result<TcbCap> read_entry(const json& entry, const std::string& place) {
  if (!entry.is_object()) return bad_override(place, "expected an object");
  if (auto error = check_members(entry, place, {"fmspc", "tee", "components", "index", "cap", "reason"})) return *std::move(error);
  TcbCap out;
  const std::string* fmspc = text(entry, "fmspc");
  const auto bytes = fmspc ? from_hex_of_size(*fmspc, out.fmspc.size(), "fmspc") : Result<Buffer>(Error{});
  if (!bytes) return bad_override(place + "/fmspc", "expected 12 hexadecimal digits");
  std::copy(bytes->begin(), bytes->end(), out.fmspc.begin());
  if (entry.contains("tee")) {
    const std::string* tee = text(entry, "tee");
    if (!tee || (*tee != "tdx" && *tee != "sgx")) return bad_override(place + "/tee", "expected \"tdx\" or \"sgx\"");
    out.tdx = *tee == "tdx";
  }
  const std::string* components = text(entry, "components");
  if (!components || (*components != "tdx" && *components != "sgx")) return bad_override(place + "/components", "expected \"sgx\" or \"tdx\"");
  out.tdx_component = *components == "tdx";
  if (out.tdx_component && out.tdx == false) return bad_override(place + "/components", "the TCB info of SGX has no TDX components");
  const auto index = number(entry, "index", 15), cap = number(entry, "cap", 255);
  if (!index) return bad_override(place + "/index", "expected a whole number from 0 to 15");
  if (!cap) return bad_override(place + "/cap", "expected a whole number from 0 to 255");
  out.index = static_cast<std::size_t>(*index);
  out.cap = static_cast<std::uint8_t>(*cap);
  const std::string* reason = text(entry, "reason");
  if (!reason || reason->find_first_not_of(' ') == std::string::npos) return bad_override(place + "/reason", "say why: every report repeats it");
  if (reason->size() > kMaxReason) return bad_override(place + "/reason", "longer than " + std::to_string(kMaxReason) + " bytes");
  out.reason = *reason;
  return out;
}

}  // namespace

Result<std::vector<TcbCap>> parse_tcb_override(Bytes input) {
  const auto document = parse_json(input, "tcb-override", kLimits);
  if (!document) return document.error();
  if (!document->is_object()) return bad_override("", "expected an object");
  if (auto error = check_members(*document, "", {"schema", "comment", "overrides"})) return *std::move(error);
  const std::string* schema = text(*document, "schema");
  if (!schema || *schema != "atls-tcb-override/1") return bad_override("/schema", "expected \"atls-tcb-override/1\"");
  if (document->contains("comment") && !text(*document, "comment")) return bad_override("/comment", "expected text");
  if (!document->contains("overrides") || !(*document)["overrides"].is_array()) return bad_override("/overrides", "expected an array");
  const json& entries = (*document)["overrides"];
  if (entries.empty()) return bad_override("/overrides", "an empty list overrides nothing: leave the option out");
  if (entries.size() > kMaxEntries) return bad_override("/overrides", "more than " + std::to_string(kMaxEntries) + " entries");
  std::vector<TcbCap> out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto entry = read_entry(entries[i], "/overrides/" + std::to_string(i));
    if (!entry) return entry.error();
    const auto same = [&](const TcbCap& other) {
      const bool same_tee = !other.tdx || !entry->tdx || *other.tdx == *entry->tdx;
      return other.fmspc == entry->fmspc && same_tee && other.tdx_component == entry->tdx_component && other.index == entry->index;
    };
    if (std::any_of(out.begin(), out.end(), same)) return bad_override("/overrides/" + std::to_string(i), "this component has a cap already");
    out.push_back(*std::move(entry));
  }
  return out;
}

}  // namespace atls::policy
