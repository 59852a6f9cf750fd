// Bundles of other programs: what is in them, with signed texts as they were, and what is refused.
#include "intel/bundle.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/percent.hpp"
#include "intel/collateral.hpp"
#include "pem/pem.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
using namespace atls::intel;
using nlohmann::json;
using Kind = BundleItem::Kind;

namespace {

const Buffer kRootCrl{0x30, 0x81, 0x01, 0xAA}, kPckCrl{0x30, 0x82, 0x00, 0x01, 0xBB};   // nothing is identified here
const std::string kChain = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

QuoteCollateral bundle_sample() {
  QuoteCollateral c;
  c.pck_crl_issuer_chain = c.tcb_info_issuer_chain = c.qe_identity_issuer_chain = kChain;
  c.root_ca_crl = kRootCrl;
  c.pck_crl = kPckCrl;
  c.tcb_info = to_buffer(test::tdx_tcb_info());
  c.qe_identity = to_buffer(test::td_qe_identity());
  c.tcb_info_signature = c.qe_identity_signature = *from_hex(test::signature_digits());
  return c;
}

json dcap() { return json::parse(as_text(encode_dcap_qvl(bundle_sample()))); }
Result<CollateralBundle> read(const std::string& text) { return parse_collateral_bundle(as_bytes(text)); }
const BundleItem* item(const CollateralBundle& bundle, Kind kind) {
  for (const BundleItem& i : bundle.items)
    if (i.kind == kind) return &i;
  return nullptr;
}

std::string u64(std::uint64_t v) {
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(v >> (8 * i));
  return out;
}
std::string dump(const std::vector<std::string>& parts, char tee = '\x81') {
  std::string head("\3\0\0\0", 4), body;
  head += tee;
  head += std::string(3, '\0');
  for (const std::string& part : parts) {
    head += u64(0x7fff0000 + body.size()) + u64(part.size() + 1);
    body += part + '\0';
  }
  return head + body;
}
std::vector<std::string> dump_parts() {
  return {kChain, hex(kRootCrl), hex(kPckCrl), kChain, test::response("tcbInfo", test::tdx_tcb_info()), kChain, test::response("enclaveIdentity", test::td_qe_identity())};
}

std::string go_getter(const std::string& header = "Tcb-Info-Issuer-Chain") {
  const Buffer out = encode_go_getter({{"https://api.example/tdx/certification/v4/tcb?fmspc=90c06f010203", header, kChain, to_buffer(test::response("tcbInfo", test::tdx_tcb_info()))},
                                   {"https://certificates.example/IntelSGXRootCA.der", "", "", kRootCrl}});
  return std::string(as_text(out));
}

std::string pcs_client() {
  return R"({"platforms":[],"collaterals":{"version":"v4","tcbinfos":[{"fmspc":"90C06F010203","sgx_tcbinfo":null,"tdx_tcbinfo": )" + test::response("tcbInfo", test::tdx_tcb_info()) +
         R"( }],"tdqeidentity":)" + test::response("enclaveIdentity", test::td_qe_identity()) + R"(,"pckcacrl":{"processorCrl":"","platformCrl":")" + hex(kPckCrl) + R"("},"rootcacrl":")" +
         hex(kRootCrl) + R"(","rootcacrl_cdp":"https://elsewhere.example/","certificates":{"TCB-Info-Issuer-Chain":")" + percent_encode(kChain) +
         R"(","SGX-PCK-Certificate-Issuer-Chain":{"PLATFORM":")" + percent_encode(kChain) + R"("}}}})";
}

}  // namespace

TEST_CASE("collateral bundle: every form is recognised and gives the same signed texts") {
  struct Row { const char* name; std::string text; BundleForm form; std::size_t items; };
  for (const Row& row : {Row{"dcap-qvl", dcap().dump(), BundleForm::dcap_qvl, 4}, Row{"qvl-dump", dump(dump_parts()), BundleForm::qvl_dump, 4},
                         Row{"go-getter", go_getter(), BundleForm::go_getter, 2}, Row{"pcs-client", pcs_client(), BundleForm::pcs_client, 5},
                         Row{"pcs-answer", json{{"issuer_chain", kChain}, {"tcb_info_json", test::response("tcbInfo", test::tdx_tcb_info())}}.dump(), BundleForm::pcs_answer, 2}}) {
    CAPTURE(row.name);
    CHECK(bundle_form_name(row.form) == row.name);
    CHECK(sniff_collateral_bundle(as_bytes(row.text)) == row.form);
    const auto bundle = read(row.text);
    REQUIRE_MESSAGE(bundle, bundle.error().message());
    CHECK(bundle->form == row.form);
    CHECK(bundle->items.size() == row.items);
    const BundleItem* tcb = item(*bundle, Kind::tcb_info);
    REQUIRE(tcb);
    CHECK(tcb->chain == kChain);
    const auto info = parse_tcb_info(tcb->data);
    REQUIRE_MESSAGE(info, info.error().message());
    CHECK(as_text(info->signed_bytes) == test::tdx_tcb_info());
    if (const BundleItem* crl = item(*bundle, Kind::crl)) CHECK((crl->data == kRootCrl || crl->data == kPckCrl));
  }
}

TEST_CASE("collateral bundle: CRLs are read as DER, PEM and hexadecimal text") {
  const std::string pem = pem::encode("X509 CRL", kPckCrl);
  for (const std::string& text : {std::string(as_text(kPckCrl)), hex(kPckCrl), hex(kPckCrl) + "\r\n", pem}) {
    CAPTURE(text);
    const auto der = crl_der(as_bytes(text), "x");
    REQUIRE(der);
    CHECK(*der == kPckCrl);
  }
  for (const std::string& text : {std::string(), std::string("zz"), std::string("308"), std::string("0x30"), pem + pem, pem::encode("CERTIFICATE", kPckCrl)}) {
    CAPTURE(text);
    CHECK_FALSE(crl_der(as_bytes(text), "x"));
  }
}

TEST_CASE("collateral bundle: byte members may be arrays, and a PCK chain is optional") {
  json d = dcap();
  d["root_ca_crl"] = json(kRootCrl);
  d["pck_certificate_chain"] = nullptr;
  CHECK(read(d.dump()));
  d["pck_certificate_chain"] = kChain;
  const auto bundle = read(d.dump());
  REQUIRE(bundle);
  CHECK(bundle->items.back().kind == Kind::certificates);
  d["comment"] = "kept apart";
  CHECK(read(d.dump())->ignored.size() == 1);
}

TEST_CASE("collateral bundle: damaged dcap-qvl members are refused by name") {
  struct Row { const char* member; json value; };
  for (const Row& row : {Row{"tcb_info", 7}, Row{"tcb_info", ""}, Row{"tcb_info", "[]"}, Row{"tcb_info", " {}"}, Row{"tcb_info", "{} "}, Row{"tcb_info", R"({},"signature":"00","x":{})"},
                         Row{"tcb_info", R"({}},{"tcbInfo":{})"}, Row{"tcb_info", R"({"a":1,"a":2})"}, Row{"tcb_info_signature", "00"}, Row{"tcb_info_signature", json::array({256})},
                         Row{"tcb_info_signature", json::array({-1})}, Row{"pck_crl", "xyz"}, Row{"pck_crl", json::object()}, Row{"root_ca_crl", ""}, Row{"root_ca_crl", nullptr},
                         Row{"qe_identity_issuer_chain", json::array()}, Row{"qe_identity_signature", std::string(128, 'g')}, Row{"pck_certificate_chain", 1}}) {
    CAPTURE(row.member);
    CAPTURE(row.value.dump());
    json d = dcap();
    d[row.member] = row.value;
    const auto bundle = read(d.dump());
    REQUIRE_FALSE(bundle);
    CHECK(bundle.error().message().find(row.member) != std::string::npos);
  }
  for (const char* member : {"pck_crl_issuer_chain", "root_ca_crl", "pck_crl", "tcb_info_issuer_chain", "qe_identity", "qe_identity_signature"}) {
    CAPTURE(member);
    json d = dcap();
    d.erase(member);
    const auto bundle = read(d.dump());
    REQUIRE_FALSE(bundle);
    CHECK(bundle.error().message().find("missing") != std::string::npos);
  }
}

TEST_CASE("collateral bundle: hostile JSON is refused") {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  for (const std::string& text : {std::string("{"), std::string("{}"), std::string("[]"), std::string(R"({"tcb_info":"{}","tcb_info":"{}","tcb_info_signature":""})"),
                                  R"({"collaterals":)" + deep + "}", std::string(R"({"collaterals":[]})"), std::string(R"({"https://a":{"body_base64":"!"}})"),
                                  std::string(R"({"https://a":{"body_base64":7}})"), std::string(R"({"cert":7,"ca_chain":[]})"), std::string(R"({"cert":"","ca_chain":{}})"),
                                  std::string(R"({"cert":"","ca_chain":["","","","",""]})"), std::string(R"({"issuer_chain":7,"tcb_info_json":"{}"})"), std::string(R"({"tcb_info_json":"{"})"),
                                  std::string(R"({"collaterals":{"tcbinfos":[{"tdx_tcbinfo":7}]}})"), std::string(R"({"collaterals":{"tcbinfos":{}}})"),
                                  std::string(R"({"collaterals":{"rootcacrl":7}})"), std::string(R"({"collaterals":{"certificates":{"TCB-Info-Issuer-Chain":"%4"}}})"),
                                  std::string(R"({"collaterals":{"x":1e999}})")}) {
    CAPTURE(text);
    CHECK_FALSE(read(text));
  }
  CHECK_FALSE(sniff_collateral_bundle(as_bytes("{\"schema\":\"other\"}")));
  CHECK_FALSE(sniff_collateral_bundle({}));
  CHECK_FALSE(parse_collateral_bundle(Buffer(kMaxCollateralBundle + 1, ' ')));
}

TEST_CASE("collateral bundle: issuer chain headers of a go getter file are one, single and encoded") {
  json one = json::parse(go_getter());
  const std::string url = "https://api.example/tdx/certification/v4/tcb?fmspc=90c06f010203";
  struct Row { const char* what; json headers; bool good; };
  const std::string encoded = percent_encode(kChain);
  for (const Row& row : {Row{"none", nullptr, true}, Row{"other case", {{"tcb-info-issuer-chain", {encoded}}}, true}, Row{"two values", {{"Tcb-Info-Issuer-Chain", {encoded, encoded}}}, false},
                         Row{"no value", {{"Tcb-Info-Issuer-Chain", json::array()}}, false}, Row{"number", {{"Tcb-Info-Issuer-Chain", {1}}}, false}, Row{"text", {{"Tcb-Info-Issuer-Chain", encoded}}, false},
                         Row{"two names", {{"Tcb-Info-Issuer-Chain", {encoded}}, {"TCB-Info-Issuer-Chain", {encoded}}}, false}, Row{"half an escape", {{"Tcb-Info-Issuer-Chain", {"%0"}}}, false},
                         Row{"array", json::array(), false}}) {
    CAPTURE(row.what);
    one[url]["headers"] = row.headers;
    CHECK(bool(read(one.dump())) == row.good);
  }
}

TEST_CASE("collateral bundle: a dump whose sizes do not add up is no dump") {
  const std::string good = dump(dump_parts());
  CHECK(is_collateral_dump(as_bytes(good)));
  CHECK_FALSE(is_collateral_dump(as_bytes(good + "x")));
  for (std::size_t n = 0; n < good.size(); n += 7) CHECK_FALSE(is_collateral_dump(as_bytes(good).first(n)));
  CHECK_FALSE(is_collateral_dump(as_bytes(dump(dump_parts(), '\1'))));
  auto parts = dump_parts();
  parts[4] = "{}";
  CHECK(read(dump(parts))->ignored.size() == 1);
  parts[2] = "no crl";
  CHECK_FALSE(read(dump(parts)));
  std::string huge = good;
  for (int i = 0; i < 8; ++i) huge[16 + static_cast<std::size_t>(i)] = '\xFF';
  CHECK_FALSE(is_collateral_dump(as_bytes(huge)));
}

TEST_CASE("percent encoding: plus stays a plus, and broken escapes are refused") {
  CHECK(percent_encode("a+b c\n%~") == "a%2Bb%20c%0A%25~");
  CHECK(*percent_decode("a+b%20c%0a%25~") == "a+b c\n%~");
  for (const char* text : {"%", "%0", "%g0", "%0g", "a%"}) CHECK_FALSE(percent_decode(text));
}
