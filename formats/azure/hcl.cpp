#include "azure/hcl.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/cursor.hpp"
#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/writer.hpp"

namespace atls::azure {
namespace {

constexpr std::size_t kHardwareReportSize = kRuntimeOffset - kHardwareReportOffset;   // 1184
constexpr std::size_t kMaxKeys = 16;                                                  // two in every published sample

std::string number(std::uint64_t v) { return std::to_string(v); }

// A base64url member of a JWK as hex, empty when absent.
Result<std::string> key_member(const nlohmann::json& key, const char* name) {
  if (!key.contains(name)) return std::string();
  const auto* text = key[name].get_ptr<const std::string*>();
  if (text == nullptr) return Error{Errc::bad_value, std::string("hcl.claims.keys.") + name, "expected text", 0};
  const auto bytes = from_base64(*text, Base64::url_unpadded);
  if (!bytes) return Error{Errc::bad_value, std::string("hcl.claims.keys.") + name, bytes.error().detail, bytes.error().offset};
  return hex(*bytes);
}

Result<std::string> text_member(const nlohmann::json& object, const char* name) {
  if (!object.contains(name)) return std::string();
  const auto* text = object[name].get_ptr<const std::string*>();
  if (text == nullptr) return Error{Errc::bad_value, std::string("hcl.claims.") + name, "expected text", 0};
  return *text;
}

Result<HclKey> parse_key(const nlohmann::json& json) {
  if (!json.is_object()) return Error{Errc::bad_value, "hcl.claims.keys", "expected an object per key", 0};
  HclKey key;
  for (auto [field, name] : {std::pair{&key.kid, "kid"}, std::pair{&key.kty, "kty"}}) {
    auto value = text_member(json, name);
    if (!value) return value.error();
    *field = *std::move(value);
  }
  for (auto [field, name] : {std::pair{&key.n_hex, "n"}, std::pair{&key.e_hex, "e"}}) {
    auto value = key_member(json, name);
    if (!value) return value.error();
    *field = *std::move(value);
  }
  return key;
}

}  // namespace

bool looks_like_hcl(Bytes input) { return input.size() >= 4 && as_text(input.first(4)) == "HCLA"; }

Result<HclReport> parse_hcl(Bytes input) {
  Cursor in(input, "hcl");
  HclReport r;
  const std::uint32_t magic = in.at(0x000).u32le("SIGNATURE");
  if (!in.error() && magic != kMagic) return Error{Errc::bad_value, "hcl.SIGNATURE", "expected \"HCLA\"", 0};
  r.version = in.at(0x004).u32le("VERSION");
  r.report_size = in.at(0x008).u32le("REPORT_SIZE");
  r.request_type = in.at(0x00C).u32le("REQUEST_TYPE");
  r.status = in.at(0x010).u32le("STATUS");
  in.at(0x014).bytes(12, "RESERVED");
  r.hardware_report = to_buffer(in.at(kHardwareReportOffset).bytes(kHardwareReportSize, "HW_REPORT"));
  r.runtime_data_size = in.at(kRuntimeOffset).u32le("DATA_SIZE");
  r.runtime_version = in.at(0x4C4).u32le("DATA_VERSION");
  r.report_type = in.at(0x4C8).u32le("REPORT_TYPE");
  r.hash_type = in.at(0x4CC).u32le("HASH_TYPE");
  r.claims_size = in.at(0x4D0).u32le("VARIABLE_DATA_SIZE");
  if (in.error()) return *in.error();

  const auto bad = [](const char* field, std::string detail, std::size_t at) {
    return Error{Errc::bad_value, std::string("hcl.") + field, std::move(detail), at};
  };
  if (r.report_type < 2 || r.report_type > 4)
    return bad("REPORT_TYPE", "expected 2 (SNP), 3 (TVM) or 4 (TDX), found " + number(r.report_type), 0x4C8);
  if (r.hash_type < 1 || r.hash_type > 3)
    return bad("HASH_TYPE", "expected 1 (SHA-256), 2 (SHA-384) or 3 (SHA-512), found " + number(r.hash_type), 0x4CC);
  const std::uint64_t expected = kRuntimeOffset + std::uint64_t{r.runtime_data_size};
  if (r.report_size != expected)
    return bad("REPORT_SIZE", "expected " + number(expected) + " (header, hardware report and runtime data), found " + number(r.report_size), 0x008);

  const std::size_t present = std::min<std::size_t>(r.claims_size, in.left());
  r.claims_complete = present == r.claims_size;
  r.claims = to_buffer(in.at(kClaimsOffset).bytes(present, "VARIABLE_DATA"));
  r.raw = to_buffer(input);
  return r;
}

Buffer encode_hcl(const HclReport& r, std::size_t pad_to) {
  Writer out;
  out.u32le(kMagic).u32le(r.version).u32le(r.report_size).u32le(r.request_type).u32le(r.status).zeros(12);
  Buffer hardware = r.hardware_report;
  hardware.resize(kHardwareReportSize);
  out.bytes(hardware);
  out.u32le(r.runtime_data_size).u32le(r.runtime_version).u32le(r.report_type).u32le(r.hash_type).u32le(r.claims_size);
  out.bytes(r.claims);
  if (out.size() < pad_to) out.zeros(pad_to - out.size());
  return out.take();
}

Result<HclClaims> parse_hcl_claims(Bytes text) {
  auto json = parse_json(text, "hcl.claims");
  if (!json) return json.error();
  if (!json->is_object()) return Error{Errc::bad_value, "hcl.claims", "expected an object", 0};
  HclClaims out;
  for (const auto& [name, value] : json->items()) out.members.push_back(name);
  auto user_data = text_member(*json, "user-data");
  if (!user_data) return user_data.error();
  out.user_data_hex = *std::move(user_data);
  if (!json->contains("keys")) return out;
  const nlohmann::json& keys = (*json)["keys"];
  if (!keys.is_array()) return Error{Errc::bad_value, "hcl.claims.keys", "expected an array", 0};
  if (keys.size() > kMaxKeys) return Error{Errc::too_large, "hcl.claims.keys", "more than " + number(kMaxKeys) + " keys", 0};
  for (const nlohmann::json& item : keys) {
    auto key = parse_key(item);
    if (!key) return key.error();
    out.keys.push_back(*std::move(key));
  }
  return out;
}

}  // namespace atls::azure
