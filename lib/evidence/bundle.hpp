// A bundle, schema "atls-bundle/1": one recorded handshake with everything needed to judge it again offline. What was said
// at the time of recording (`report`) is kept for people and never trusted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "evidence/evidence.hpp"
#include "report/model.hpp"

namespace atls::evidence {

inline constexpr std::string_view kBundleSchema = "atls-bundle/1";
inline constexpr std::size_t kMaxBundle = 16 * 1024 * 1024;        // evidence limit plus base64 and the rest
inline constexpr std::size_t kMaxBundleItems = 256;                // entries of any array
inline constexpr std::size_t kMaxBundleNonce = 1024;

struct BundleEvidence { std::string format; Buffer data; };
struct BundleCollateral { CollateralItem item; Time time{}; };     // time: when it was obtained

struct Bundle {
  Time time{};                            // when the handshake took place
  std::string tool, version;
  Subject subject;
  std::string profile;
  std::string role;                       // the recorded peer: "server" or "client"
  std::optional<TlsInfo> tls;
  std::vector<Buffer> chain;              // DER, leaf first
  std::vector<BundleEvidence> evidence;   // as taken out of the leaf: for people and for profiles that send it elsewhere
  std::optional<Buffer> nonce;
  std::map<std::string, Buffer> exporter; // label to value
  std::vector<BundleCollateral> collateral;
  std::string report_json = "null";       // one JSON value
};

Buffer encode_bundle(const Bundle& bundle);   // pretty JSON, keys in the order above, ends with a line feed
// Strict: schema, every member present with its type, no unknown members, strict base64 and hex, collateral digests match their
// data. Collateral items come back with source bundle. Errors carry the JSON pointer in `where`.
Result<Bundle> parse_bundle(Bytes json);
bool looks_like_bundle(Bytes content);        // a JSON object that names a schema "atls-bundle/..."

}  // namespace atls::evidence
