#include "evidence/bundle.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "crypto/digest.hpp"

using namespace atls;
using evidence::Bundle;
using Json = nlohmann::json;

namespace {

Bundle recorded_bundle() {
  Bundle b;
  b.time = *parse_rfc3339("2026-06-01T12:00:00Z");
  b.tool = "atls-connect";
  b.version = "0.1.0";
  b.subject = {"endpoint", "127.0.0.1:8443", ""};
  b.profile = "constellation";
  b.role = "server";
  b.tls = TlsInfo{"TLSv1.3", "TLS_AES_256_GCM_SHA384", "x25519", "h2", "AAAA=", false};
  b.chain = {Buffer(100, 1), Buffer(50, 2)};
  b.evidence = {{"snp", Buffer(1184, 3)}};
  b.nonce = Buffer(32, 4);
  b.exporter = {{"EXPORTER-Channel-Binding", Buffer(32, 5)}};
  CollateralItem item;
  item.kind = CollateralKind::amd_crl;
  item.data = Buffer(20, 6);
  b.collateral = {{item, b.time}};
  b.report_json = "{\"schema\":\"atls-report/1\"}";
  return b;
}

Buffer text_of(const Json& json) { return to_buffer(json.dump()); }
Json sample_json() { return Json::parse(as_text(encode_bundle(recorded_bundle()))); }

}  // namespace

TEST_CASE("bundle: what is written is read back") {
  const auto read = evidence::parse_bundle(encode_bundle(recorded_bundle()));
  REQUIRE(read);
  const Bundle b = recorded_bundle();
  CHECK(read->time == b.time);
  CHECK(read->subject.name == b.subject.name);
  CHECK(read->profile == b.profile);
  CHECK(read->role == b.role);
  REQUIRE(read->tls);
  CHECK(read->tls->cipher == b.tls->cipher);
  CHECK(read->chain == b.chain);
  REQUIRE(read->evidence.size() == 1);
  CHECK(read->evidence[0].data == b.evidence[0].data);
  CHECK(read->nonce == b.nonce);
  CHECK(read->exporter == b.exporter);
  REQUIRE(read->collateral.size() == 1);
  CHECK(read->collateral[0].item.data == Buffer(20, 6));
  CHECK(read->collateral[0].item.source == CollateralSource::bundle);
  CHECK(encode_bundle(*read) == encode_bundle(b));
}

TEST_CASE("bundle: members that may be null are null when there is nothing") {
  Bundle b = recorded_bundle();
  b.tls.reset();
  b.nonce.reset();
  b.chain.clear();
  b.report_json = "null";
  const Json json = Json::parse(as_text(encode_bundle(b)));
  CHECK(json["tls"].is_null());
  CHECK(json["nonce"].is_null());
  CHECK(json["report"].is_null());
  const auto read = evidence::parse_bundle(encode_bundle(b));
  REQUIRE(read);
  CHECK_FALSE(read->nonce);
  CHECK_FALSE(read->tls);
}

TEST_CASE("bundle: deviations are refused with the place") {
  struct Row { const char* name; std::function<void(Json&)> change; const char* where; };
  const Row rows[] = {
      {"another schema", [](Json& j) { j["schema"] = "atls-bundle/2"; }, "bundle/schema"},
      {"no schema", [](Json& j) { j.erase("schema"); }, "bundle/schema"},
      {"unknown member", [](Json& j) { j["trusted"] = true; }, "bundle/trusted"},
      {"missing member", [](Json& j) { j.erase("chain"); }, "bundle/chain"},
      {"issuer chain type", [](Json& j) { j["collateral"][0]["issuer_chain"] = "x"; }, "bundle/collateral/0/issuer_chain"},
      {"issuer chain entry", [](Json& j) { j["collateral"][0]["issuer_chain"] = {"AA"}; }, "bundle/collateral/0/issuer_chain/0"},
      {"issuer chain length", [](Json& j) { j["collateral"][0]["issuer_chain"] = Json(std::vector<std::string>(17, "AAAA")); }, "bundle/collateral/0/issuer_chain"},
      {"unknown member of collateral", [](Json& j) { j["collateral"][0]["origin"] = "x"; }, "bundle/collateral/0/origin"},
      {"role", [](Json& j) { j["role"] = "peer"; }, "bundle/role"},
      {"time", [](Json& j) { j["time"] = "yesterday"; }, "bundle/time"},
      {"time type", [](Json& j) { j["time"] = 5; }, "bundle/time"},
      {"chain type", [](Json& j) { j["chain"] = "x"; }, "bundle/chain"},
      {"chain entry type", [](Json& j) { j["chain"][1] = 5; }, "bundle/chain/1"},
      {"chain base64", [](Json& j) { j["chain"][0] = "AA"; }, "bundle/chain/0"},
      {"17 certificates", [](Json& j) { for (int i = 0; i < 15; ++i) j["chain"].push_back("AAAA"); }, "bundle/chain"},
      {"nonce not hex", [](Json& j) { j["nonce"] = "zz"; }, "bundle/nonce"},
      {"nonce upper limit", [](Json& j) { j["nonce"] = std::string(4096, '0'); }, "bundle/nonce"},
      {"nonce type", [](Json& j) { j["nonce"] = 1; }, "bundle/nonce"},
      {"tls member missing", [](Json& j) { j["tls"].erase("alpn"); }, "bundle/tls/alpn"},
      {"tls resumed type", [](Json& j) { j["tls"]["resumed"] = 0; }, "bundle/tls/resumed"},
      {"subject null", [](Json& j) { j["subject"] = nullptr; }, "bundle/subject"},
      {"evidence member", [](Json& j) { j["evidence"][0]["x"] = 1; }, "bundle/evidence/0/x"},
      {"exporter not hex", [](Json& j) { j["exporter"]["a"] = "g"; }, "bundle/exporter"},
      {"collateral kind", [](Json& j) { j["collateral"][0]["kind"] = "amd-magic"; }, "bundle/collateral/0/kind"},
      {"collateral digest", [](Json& j) { j["collateral"][0]["data"] = "AAAA"; }, "bundle/collateral/0/sha256"},
      {"257 collateral items", [](Json& j) { for (int i = 0; i < 256; ++i) j["collateral"].push_back(j["collateral"][0]); }, "bundle/collateral"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Json json = sample_json();
    row.change(json);
    const auto read = evidence::parse_bundle(text_of(json));
    REQUIRE_FALSE(read);
    CHECK(read.error().where == row.where);
  }
}

TEST_CASE("bundle: no prefix is accepted") {
  const Buffer whole = encode_bundle(recorded_bundle());
  for (std::size_t n = 0; n + 2 < whole.size(); n += 37) CHECK_FALSE(evidence::parse_bundle(Bytes(whole).first(n)));
}

TEST_CASE("bundle: recognised by its schema wherever the key stands") {
  CHECK(evidence::looks_like_bundle(encode_bundle(recorded_bundle())));
  CHECK(evidence::looks_like_bundle(text_of(sample_json())));   // keys sorted
  for (const char* text : {"", "{}", "[\"schema\",\"atls-bundle/1\"]", "{\"x\":\"atls-bundle/1\"}", "{\"schema\":\"atls-report/1\"}", "\"schema\": \"atls-bundle/1\""})
    CHECK_FALSE(evidence::looks_like_bundle(as_bytes(text)));
}

TEST_CASE("bundle: an issuer chain stays with its object, and there is no member without one") {
  evidence::Bundle b = recorded_bundle();
  CHECK_FALSE(sample_json()["collateral"][0].contains("issuer_chain"));
  b.collateral[0].item.issuer_chain = {{1, 2, 3}, {4, 5}};
  const auto read = evidence::parse_bundle(encode_bundle(b));
  REQUIRE(read);
  CHECK(read->collateral[0].item.issuer_chain == b.collateral[0].item.issuer_chain);
}
