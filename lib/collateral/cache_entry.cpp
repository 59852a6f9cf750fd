#include "collateral/cache_entry.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/json.hpp"

namespace atls {
namespace {

using nlohmann::json;

constexpr JsonLimits kEntryLimits{4, 8 * 1024 * 1024};   // a body of 5 MiB in base64
constexpr std::size_t kMaxIssuers = 8;

Error bad_entry(std::string detail) { return {Errc::bad_value, "cache", std::move(detail)}; }

const std::string* text(const json& entry, const char* name) {
  const auto member = entry.find(name);
  return member == entry.end() ? nullptr : member->get_ptr<const std::string*>();
}

}  // namespace

Buffer encode_cache_entry(const CollateralItem& item, Time fetched) {
  nlohmann::ordered_json out{{"schema", kCacheSchema}, {"kind", collateral_kind_name(item.kind)}, {"url", item.origin}, {"time", rfc3339(fetched)}, {"data", base64(item.data)}, {"issuer_chain", json::array()}};
  for (const Buffer& der : item.issuer_chain) out["issuer_chain"].push_back(base64(der));
  return to_buffer(out.dump(2, ' ', true, json::error_handler_t::replace) + "\n");
}

Result<CollateralItem> decode_cache_entry(Bytes content) {
  const auto entry = parse_json(content, "cache", kEntryLimits);
  if (!entry) return entry.error();
  if (!entry->is_object() || entry->size() != 6) return bad_entry("expected an object of 6 members");
  const auto *schema = text(*entry, "schema"), *kind = text(*entry, "kind"), *url = text(*entry, "url"), *time = text(*entry, "time"), *data = text(*entry, "data");
  if (!schema || *schema != kCacheSchema) return bad_entry("expected the schema \"" + std::string(kCacheSchema) + "\"");
  if (!kind || !url || !time || !data || !entry->contains("issuer_chain")) return bad_entry("a member is missing or no text");
  const auto known = collateral_kind_from(*kind);
  const auto fetched = parse_rfc3339(*time);
  auto bytes = from_base64(*data);
  if (!known || !fetched || !bytes) return bad_entry(!known ? "unknown kind" : !fetched ? "time is not a time" : "data: " + bytes.error().detail);
  CollateralItem item{*known, *std::move(bytes), CollateralSource::cache, *url, {}, *fetched};
  const json& chain = (*entry)["issuer_chain"];
  if (!chain.is_array() || chain.size() > kMaxIssuers) return bad_entry("issuer_chain is not an array of at most " + std::to_string(kMaxIssuers) + " certificates");
  for (const json& der : chain) {
    const auto* encoded = der.get_ptr<const std::string*>();
    auto certificate = encoded ? from_base64(*encoded) : Result<Buffer>(bad_entry("expected text"));
    if (!certificate) return bad_entry("issuer_chain: " + certificate.error().detail);
    item.issuer_chain.push_back(*std::move(certificate));
  }
  return item;
}

}  // namespace atls
