#include "evidence/bundle.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/digest.hpp"

namespace atls::evidence {
namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

constexpr std::string_view kRoles[] = {"server", "client"};

// Reads members and keeps the first error, as Cursor does for bytes; `path` is the JSON pointer of the object.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string path, std::vector<std::string_view> members, std::optional<Error>& error, std::vector<std::string_view> optional = {})
      : object_(object), path_(std::move(path)), error_(error) {
    if (!object_.is_object()) {
      fail("", "expected an object, found " + std::string(object_.type_name()));
      return;
    }
    for (const auto& [key, value] : object_.items())
      if (std::find(members.begin(), members.end(), key) == members.end() && std::find(optional.begin(), optional.end(), key) == optional.end()) fail(key, "unknown member");
    for (const std::string_view key : members)
      if (!object_.contains(key)) fail(key, "missing member");
  }

  std::string text(std::string_view key) {
    const Json* value = member(key, Json::value_t::string);
    return value == nullptr ? std::string() : value->get<std::string>();
  }
  bool boolean(std::string_view key) {
    const Json* value = member(key, Json::value_t::boolean);
    return value != nullptr && value->get<bool>();
  }
  Time time(std::string_view key) {
    const auto parsed = parse_rfc3339(text(key));
    if (!parsed) fail(key, "expected a time as in RFC 3339");
    return parsed.value_or(Time{});
  }
  Buffer base64_bytes(std::string_view key) { return decoded(key, from_base64(text(key))); }
  Buffer hex_bytes(std::string_view key) { return decoded(key, from_hex(text(key))); }
  bool has(std::string_view key) const { return !error_ && object_.contains(key); }
  const Json& array(std::string_view key) { return items(key, Json::value_t::array); }
  const Json& object(std::string_view key) { return items(key, Json::value_t::object); }
  const Json* nullable(std::string_view key) {   // nullptr: null
    if (error_) return nullptr;
    const Json& value = object_[std::string(key)];
    return value.is_null() ? nullptr : &value;
  }
  std::string path(std::string_view key) const { return path_ + "/" + std::string(key); }
  void fail(std::string_view key, std::string detail) {
    if (!error_) error_ = Error{Errc::bad_value, "bundle" + (key.empty() ? path_ : path(key)), std::move(detail)};
  }

 private:
  const Json* member(std::string_view key, Json::value_t type) {
    if (error_) return nullptr;
    const Json& value = object_[std::string(key)];
    if (value.type() == type) return &value;
    fail(key, std::string("expected ") + Json(type).type_name() + ", found " + value.type_name());
    return nullptr;
  }
  const Json& items(std::string_view key, Json::value_t type) {
    static const Json kNone;
    const Json* value = member(key, type);
    if (value == nullptr) return kNone;
    if (value->size() > kMaxBundleItems) {
      fail(key, "more than " + std::to_string(kMaxBundleItems) + " entries");
      return kNone;
    }
    return *value;
  }
  Buffer decoded(std::string_view key, Result<Buffer> bytes) {
    if (!bytes) {
      fail(key, bytes.error().detail);
      return {};
    }
    return *std::move(bytes);
  }

  const Json& object_;
  const std::string path_;
  std::optional<Error>& error_;
};

void read_chain(ObjectReader& in, std::string_view member, std::vector<Buffer>& out, std::optional<Error>& error) {
  const Json& chain = in.array(member);
  if (chain.size() > kMaxChain) in.fail(member, "more than " + std::to_string(kMaxChain) + " certificates");
  std::size_t total = 0;
  for (const Json& entry : chain) {
    if (error) return;
    const std::string key = std::string(member) + "/" + std::to_string(out.size());
    if (!entry.is_string()) return in.fail(key, "expected string, found " + std::string(entry.type_name()));
    auto der = from_base64(entry.get_ref<const std::string&>());
    if (!der) return in.fail(key, der.error().detail);
    total += der->size();
    if (total > kMaxChainBytes) return in.fail(member, "more than " + std::to_string(kMaxChainBytes) + " bytes");
    out.push_back(*std::move(der));
  }
}

void read_collateral(ObjectReader& in, std::vector<BundleCollateral>& out, std::optional<Error>& error) {
  for (const Json& entry : in.array("collateral")) {
    ObjectReader item(entry, in.path("collateral/" + std::to_string(out.size())), {"kind", "time", "data", "sha256"}, error, {"issuer_chain"});
    const auto kind = collateral_kind_from(item.text("kind"));
    if (!kind) item.fail("kind", "unknown kind of collateral");
    BundleCollateral read;
    read.time = item.time("time");
    read.item.data = item.base64_bytes("data");
    if (!equal(item.hex_bytes("sha256"), crypto::sha256(read.item.data))) item.fail("sha256", "is not the SHA-256 of the data");
    if (item.has("issuer_chain")) read_chain(item, "issuer_chain", read.item.issuer_chain, error);
    if (error) return;
    read.item.kind = *kind;
    read.item.source = CollateralSource::bundle;
    read.item.origin = in.path("collateral/" + std::to_string(out.size()));
    out.push_back(std::move(read));
  }
}

Ordered tls_json(const TlsInfo& tls) {
  return {{"version", tls.version}, {"cipher", tls.cipher}, {"group", tls.group}, {"alpn", tls.alpn}, {"resumed", tls.resumed}, {"sni", tls.sni}};
}

TlsInfo read_tls(const Json& json, std::string path, std::optional<Error>& error) {
  ObjectReader in(json, std::move(path), {"version", "cipher", "group", "alpn", "resumed", "sni"}, error);
  TlsInfo tls;
  tls.version = in.text("version");
  tls.cipher = in.text("cipher");
  tls.group = in.text("group");
  tls.alpn = in.text("alpn");
  tls.resumed = in.boolean("resumed");
  tls.sni = in.text("sni");
  return tls;
}

}  // namespace

Buffer encode_bundle(const Bundle& bundle) {
  Ordered out{{"schema", kBundleSchema},
              {"time", rfc3339(bundle.time)},
              {"tool", bundle.tool},
              {"version", bundle.version},
              {"subject", {{"kind", bundle.subject.kind}, {"name", bundle.subject.name}, {"sha256", bundle.subject.sha256}}},
              {"profile", bundle.profile},
              {"role", bundle.role},
              {"tls", bundle.tls ? tls_json(*bundle.tls) : Ordered()},
              {"chain", Ordered::array()},
              {"evidence", Ordered::array()},
              {"nonce", bundle.nonce ? Ordered(hex(*bundle.nonce)) : Ordered()},
              {"exporter", Ordered::object()},
              {"collateral", Ordered::array()}};
  for (const Buffer& der : bundle.chain) out["chain"].push_back(base64(der));
  for (const BundleEvidence& e : bundle.evidence) out["evidence"].push_back({{"format", e.format}, {"data", base64(e.data)}});
  for (const auto& [label, value] : bundle.exporter) out["exporter"][label] = hex(value);
  for (const BundleCollateral& c : bundle.collateral) {
    Ordered& item = out["collateral"].emplace_back(Ordered{{"kind", collateral_kind_name(c.item.kind)}, {"time", rfc3339(c.time)}, {"data", base64(c.item.data)}, {"sha256", hex(crypto::sha256(c.item.data))}});
    for (const Buffer& der : c.item.issuer_chain) item["issuer_chain"].push_back(base64(der));
  }
  out["report"] = Ordered::parse(bundle.report_json, nullptr, false);
  if (out["report"].is_discarded()) out["report"] = nullptr;
  // Text from peers may be invalid UTF-8; a bundle must stay readable JSON.
  return to_buffer(out.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n");
}

Result<Bundle> parse_bundle(Bytes json) {
  JsonLimits limits;
  limits.bytes = kMaxBundle;
  const auto parsed = parse_json(json, "bundle", limits);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return Error{Errc::bad_value, "bundle", "expected a JSON object"};
  const auto schema = parsed->find("schema");
  if (schema == parsed->end() || *schema != kBundleSchema)
    return Error{Errc::unsupported, "bundle/schema", "expected \"" + std::string(kBundleSchema) + "\""};

  std::optional<Error> error;
  ObjectReader in(*parsed, "",
                  {"schema", "time", "tool", "version", "subject", "profile", "role", "tls", "chain", "evidence", "nonce", "exporter",
                   "collateral", "report"},
                  error);
  if (error) return *error;
  Bundle out;
  out.time = in.time("time");
  out.tool = in.text("tool");
  out.version = in.text("version");
  if (const Json* value = in.nullable("subject")) {
    ObjectReader subject(*value, "/subject", {"kind", "name", "sha256"}, error);
    out.subject = {subject.text("kind"), subject.text("name"), subject.text("sha256")};
  } else {
    in.fail("subject", "expected an object");
  }
  out.profile = in.text("profile");
  out.role = in.text("role");
  if (std::find(std::begin(kRoles), std::end(kRoles), out.role) == std::end(kRoles)) in.fail("role", "expected \"server\" or \"client\"");
  if (const Json* value = in.nullable("tls")) out.tls = read_tls(*value, "/tls", error);
  read_chain(in, "chain", out.chain, error);
  for (const Json& entry : in.array("evidence")) {
    ObjectReader item(entry, "/evidence/" + std::to_string(out.evidence.size()), {"format", "data"}, error);
    BundleEvidence read{item.text("format"), item.base64_bytes("data")};
    if (read.data.size() > kMaxEvidence) item.fail("data", "more than " + std::to_string(kMaxEvidence) + " bytes");
    out.evidence.push_back(std::move(read));
  }
  if (in.nullable("nonce") != nullptr) {
    out.nonce = in.hex_bytes("nonce");
    if (out.nonce->size() > kMaxBundleNonce) in.fail("nonce", "more than " + std::to_string(kMaxBundleNonce) + " bytes");
  }
  for (const auto& [label, value] : in.object("exporter").items()) {
    const auto bytes = value.is_string() ? from_hex(value.get_ref<const std::string&>()) : Result<Buffer>(Error{});
    if (!bytes) {
      in.fail("exporter", "expected hexadecimal text for each label");
      break;
    }
    out.exporter[label] = *bytes;
  }
  read_collateral(in, out.collateral, error);
  if (const Json* value = in.nullable("report")) out.report_json = value->dump();
  if (error) return *error;
  return out;
}

bool looks_like_bundle(Bytes content) {
  // Other programs sort the keys, so the schema may be anywhere; it is a member, so a colon stands before the value.
  const std::string_view text = as_text(content);
  constexpr std::string_view kSpace = " \t\r\n", kKey = "\"schema\"", kValue = "\"atls-bundle/";
  const std::size_t start = text.find_first_not_of(kSpace);
  if (start == std::string_view::npos || text[start] != '{') return false;
  for (std::size_t at = text.find(kKey); at != std::string_view::npos; at = text.find(kKey, at + 1)) {
    const std::size_t colon = text.find_first_not_of(kSpace, at + kKey.size());
    if (colon == std::string_view::npos || text[colon] != ':') continue;
    const std::size_t value = text.find_first_not_of(kSpace, colon + 1);
    if (value != std::string_view::npos && text.substr(value).starts_with(kValue)) return true;
  }
  return false;
}

}  // namespace atls::evidence
