#include "intel/collateral.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
using namespace atls::intel;

namespace {

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}
std::string tcb(const std::string& signed_text = test::tdx_tcb_info()) { return test::response("tcbInfo", signed_text); }
std::string qe(const std::string& signed_text = test::td_qe_identity()) { return test::response("enclaveIdentity", signed_text); }

}  // namespace

TEST_CASE("TCB info: a TDX document is read, and the signed bytes are those of the input") {
  const std::string text = tcb();
  const auto r = parse_tcb_info(as_bytes(text));
  REQUIRE_MESSAGE(r, (r ? "" : r.error().message()));
  CHECK(as_text(r->signed_bytes) == test::tdx_tcb_info());
  CHECK(r->signature[0] == 0x0A);
  CHECK(r->id == "TDX");
  CHECK(r->version == 3);
  CHECK(r->fmspc == "90C06F010203");
  CHECK(r->pce_id == "abcd");
  CHECK(r->evaluation_number == 19);
  CHECK(r->issue_date == "2026-01-02T03:04:05Z");
  REQUIRE(r->tdx_module);
  REQUIRE(r->tdx_module_identities.size() == 1);
  CHECK(r->tdx_module_identities[0].id == "TDX_01");
  CHECK(r->tdx_module_identities[0].levels[0].isv_svn == 7);
  REQUIRE(r->levels.size() == 2);
  CHECK(r->levels[0].sgx[0].svn == 4);
  CHECK(r->levels[0].sgx[1].category == "BIOS");
  CHECK(r->levels[0].sgx[15].svn == 15);
  CHECK(r->levels[0].pce_svn == 13);
  CHECK((*r->levels[0].tdx)[0].svn == 5);
  CHECK(r->levels[1].status == "OutOfDate");
  CHECK(r->levels[1].advisories == std::vector<std::string>{"INTEL-SA-00106", "INTEL-SA-00115"});
  CHECK(r->unknown_members.empty());
}

TEST_CASE("TCB info: version 2 has its own member names") {
  const auto r = parse_tcb_info(as_bytes(tcb(test::sgx_tcb_info_v2())));
  REQUIRE_MESSAGE(r, (r ? "" : r.error().message()));
  CHECK(r->id == "SGX");
  CHECK(r->levels[0].sgx[8].svn == 9);
  CHECK(r->levels[0].sgx[9].svn == 10);
  CHECK_FALSE(r->levels[0].tdx);
}

TEST_CASE("QE identity: is read") {
  const auto r = parse_qe_identity(as_bytes(qe()));
  REQUIRE_MESSAGE(r, (r ? "" : r.error().message()));
  CHECK(as_text(r->signed_bytes) == test::td_qe_identity());
  CHECK(r->id == "TD_QE");
  CHECK(r->isv_prod_id == 2);
  CHECK(hex(r->misc_select_mask) == "ffffffff");
  CHECK(hex(r->attributes_mask) == "fbffffffffffffff0000000000000000");
  CHECK(r->levels[0].isv_svn == 4);
}

TEST_CASE("collateral: the parts of a bundle are the same as the response") {
  const Buffer signature = *from_hex(test::signature_digits());
  const std::string info = test::tdx_tcb_info(), identity = test::td_qe_identity();
  CHECK(parse_tcb_info_parts(as_bytes(info), signature)->fmspc == "90C06F010203");
  CHECK(parse_qe_identity_parts(as_bytes(identity), signature)->id == "TD_QE");
  CHECK_FALSE(parse_tcb_info_parts(as_bytes(info), Bytes(signature).first(63)));
  CHECK_FALSE(parse_qe_identity_parts(as_bytes(info), signature));
}

TEST_CASE("collateral: white space stays in the signed bytes") {
  const std::string spaced = with(test::td_qe_identity(), "{\"id\":", "{ \"id\" :\n ");
  const auto r = parse_qe_identity(as_bytes("\n" + with(qe(spaced), "\"enclaveIdentity\":", "\"enclaveIdentity\" : ")));
  REQUIRE(r);
  CHECK(as_text(r->signed_bytes) == spaced);
}

TEST_CASE("collateral: signed members that are not known are told") {
  std::string text = with(test::tdx_tcb_info(), "\"tcbType\":0", "\"tcbType\":0,\"new~/one\":{\"a\":1}");
  text = with(text, "{\"isvsvn\":7}", "{\"isvsvn\":7,\"more\":2}");
  const auto r = parse_tcb_info(as_bytes(tcb(text)));
  REQUIRE(r);
  CHECK(r->unknown_members == std::vector<std::string>{"/tdxModuleIdentities/0/tcbLevels/0/tcb/more", "/new~0~1one"});
  CHECK(parse_qe_identity(as_bytes(qe(with(test::td_qe_identity(), "\"isvprodid\":2", "\"isvprodid\":2,\"x\":null"))))->unknown_members == std::vector<std::string>{"/x"});
}

TEST_CASE("TCB info: what is not exactly as specified is refused") {
  struct Case { const char* from; std::string to; const char* where; };
  const std::string deep(40, '['), shut(40, ']');
  const Case cases[] = {
      {"\"id\":\"TDX\"", "\"id\":\"QE\"", "tcbInfo/id"},
      {"\"id\":\"TDX\",", "", "tcbInfo/id"},
      {"\"version\":3", "\"version\":4", "tcbInfo/version"},
      {"\"version\":3", "\"version\":\"3\"", "tcbInfo/version"},
      {"\"version\":3", "\"version\":3.0", "tcbInfo/version"},
      {"\"version\":3", "\"version\":-3", "tcbInfo/version"},
      {"\"fmspc\":\"90C06F010203\"", "\"fmspc\":\"90C06F0102\"", "tcbInfo/fmspc"},
      {"\"fmspc\":\"90C06F010203\"", "\"fmspc\":\"90C06F01020G\"", "tcbInfo/fmspc"},
      {"\"pceId\":\"abcd\"", "\"pceId\":43981", "tcbInfo/pceId"},
      {"2026-01-02T03:04:05Z", "2026-01-02 03:04:05Z", "tcbInfo/issueDate"},
      {"2026-01-02T03:04:05Z", "2026-13-02T03:04:05Z", "tcbInfo/issueDate"},
      {"2026-02-01T03:04:05Z", "2026-02-01T03:04:05+00:00", "tcbInfo/nextUpdate"},
      {"\"tcbEvaluationDataNumber\":19", "\"tcbEvaluationDataNumber\":99999999999999999999999", "tcbInfo/tcbEvaluationDataNumber"},
      {"\"tcbEvaluationDataNumber\":19", "\"tcbEvaluationDataNumber\":4294967296", "tcbInfo/tcbEvaluationDataNumber"},
      {"\"tcbEvaluationDataNumber\":19", "\"tcbEvaluationDataNumber\":1e999", "tcbInfo"},
      {"\"tcbEvaluationDataNumber\":19", "\"tcbEvaluationDataNumber\":19,\"tcbEvaluationDataNumber\":20", "tcbInfo"},
      {"\"tcbType\":0", "\"tcbType\":0,\"tcb\\u0054ype\":1", "tcbInfo"},
      {"\"tcbType\":0", "\"tcbType\":0,\"deep\":" , "tcbInfo"},
      {"{\"svn\":4}", "{\"svn\":256}", "tcbInfo/tcbLevels/0/tcb/sgxtcbcomponents/0/svn"},
      {"{\"svn\":4}", "{\"svn\":4},{\"svn\":4}", "tcbInfo/tcbLevels/0/tcb/sgxtcbcomponents"},
      {"{\"svn\":4},", "", "tcbInfo/tcbLevels/0/tcb/sgxtcbcomponents"},
      {"\"tdxtcbcomponents\"", "\"tdxcomponents\"", "tcbInfo/tcbLevels/0/tcb/tdxtcbcomponents"},
      {"\"pcesvn\":13", "\"pcesvn\":65536", "tcbInfo/tcbLevels/0/tcb/pcesvn"},
      {"\"tcbStatus\":\"OutOfDate\"", "\"tcbStatus\":1", "tcbInfo/tcbLevels/1/tcbStatus"},
      {"[\"INTEL-SA-00106\"", "[7", "tcbInfo/tcbLevels/1/advisoryIDs"},
      {"\"tdxModule\"", "\"tdxModul\"", "tcbInfo/tdxModule"},
      {"\"attributesMask\":\"FFFFFFFFFFFFFFFF\"", "\"attributesMask\":\"FF\"", "tcbInfo/tdxModule/attributesMask"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.from);
    CAPTURE(c.to);
    const std::string to = c.to.ends_with("\"deep\":") ? c.to + deep + shut : c.to;
    const auto r = parse_tcb_info(as_bytes(tcb(with(test::tdx_tcb_info(), c.from, to))));
    REQUIRE(!r);
    CHECK(r.error().where == c.where);
  }
}

TEST_CASE("collateral: responses without a proper signature or member are refused") {
  const std::string good = tcb();
  for (const std::string& text : {std::string(), std::string("{}"), std::string("[]"), std::string("{\"tcbInfo\":7,\"signature\":\"00\"}"), qe(), "{\"tcbInfo\":" + test::tdx_tcb_info() + "}",
                                  with(good, test::signature_digits(), test::digits(63)), with(good, test::signature_digits(), test::digits(65)), with(good, "\"" + test::signature_digits() + "\"", "1"),
                                  with(good, "\"signature\":", "\"signature\":\"00\",\"signature\":"), good + "x", good.substr(0, good.size() - 1),
                                  "{\"tcbInfo\":{}," + good.substr(1), with(good, "\"tcbInfo\"", "\"tcb\\u0049nfo\"")}) {
    CAPTURE(text.substr(0, 60));
    CHECK_FALSE(parse_tcb_info(as_bytes(text)));
  }
  const std::string huge = "{\"tcbInfo\":" + std::string(2 * 1024 * 1024, ' ') + "{}}";
  CHECK(parse_tcb_info(as_bytes(huge)).error().code == Errc::too_large);
}

TEST_CASE("raw member: strings, escapes and nesting do not mislead it") {
  struct Case { const char* json; const char* found; };
  for (const Case& c : {Case{R"({"a":{"x":1}})", R"({"x":1})"}, Case{R"({"b":"\"a\":{}","a":[1]})", "[1]"}, Case{R"({"b":{"a":1},"a":2})", "2"}, Case{R"({"b":"}","a":"{\"\\"})", R"("{\"\\")"},
                        Case{R"({"a":{"s":"}\""}})", R"({"s":"}\""})"}, Case{"{ \"a\" :\n true }", "true"}, Case{R"({"a":[[{}],"]"]})", R"([[{}],"]"])"}}) {
    CAPTURE(c.json);
    const auto r = raw_member(as_bytes(c.json), "a");
    REQUIRE(r);
    CHECK(as_text(*r) == c.found);
  }
  for (const char* bad : {"", "[]", "{", "{\"a\"", "{\"a\":", "{\"a\":{", "{\"a\":\"x", "{\"b\":1}", "{\"b\":1 2,\"a\":1}", "{\"a\":}"}) {
    CAPTURE(bad);
    CHECK_FALSE(raw_member(as_bytes(bad), "a"));
  }
}
