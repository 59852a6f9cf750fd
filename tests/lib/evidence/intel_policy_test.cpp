// Constraints on Intel evidence and the attributes of TDs and enclaves: each check fails alone, and only for its reason.
#include <doctest/doctest.h>

#include <functional>

#include "base/hex.hpp"
#include "evidence/alternatives.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/policy_kind.hpp"
#include "policy/flags.hpp"
#include "policy/tcb_status.hpp"
#include "report/checks_intel.hpp"
#include "report/checks_policy.hpp"
#include "support/policies.hpp"

using namespace atls;
using namespace atls::test;

namespace {

const Time kIntelPolicyNow = *parse_rfc3339("2026-01-01T00:00:00Z");

struct IntelPolicyGuest {
  evidence::Evidence raw;
  evidence::IntelCase c;
  evidence::TcbVerdict tcb;
  Report before;

  explicit IntelPolicyGuest(bool tdx = true) {
    raw.format = tdx ? "tdx" : "sgx";
    intel::Quote quote;
    quote.header.version = tdx ? 4 : 3;
    quote.header.qe_svn = tdx ? 0 : 7;
    quote.header.pce_svn = tdx ? 0 : 13;
    quote.header.qe_vendor_id.fill(0x93);
    quote.qe_report.isv_svn = 8;
    if (tdx) {
      intel::TdReport td;
      td.td_attributes = 0x10000000;
      td.xfam = 0x602E7;
      td.mr_td.fill(0xaa);
      td.mr_seam.fill(0xab);
      td.mr_config_id.fill(0xac);
      td.mr_owner.fill(0xad);
      td.mr_owner_config.fill(0xae);
      for (std::size_t i = 0; i < 4; ++i) td.rtmr[i].fill(static_cast<std::uint8_t>(i + 1));
      td.report_data.fill(0xcc);
      td.tee_tcb_svn = {6, 1, 3};
      td.tee_tcb_svn2 = {7, 1, 3};
      td.mr_servicetd.emplace();
      quote.body = td;
    } else {
      intel::SgxReport e;
      e.attributes = {0x05, 0, 0, 0, 0, 0, 0, 0, 0xe7};
      e.misc_select = 1;
      e.mr_enclave.fill(0xaa);
      e.mr_signer.fill(0xab);
      e.isv_prod_id = 0;
      e.isv_svn = 3;
      e.config_id.fill(0xad);
      e.isv_family_id.fill(0xae);
      e.isv_ext_prod_id.fill(0xaf);
      e.report_data.fill(0xcc);
      quote.body = e;
    }
    c.quote = quote;
    c.extension.emplace();
    c.extension->fmspc = {0x51, 0xd0, 0xc0, 0xff, 0xee, 0x00};
    c.extension->ppid.fill(0x11);
    c.extension->pce_svn = 14;
    c.extension->sgx_type = 1;
    c.extension->platform_instance_id.emplace();
    c.extension->platform_instance_id->fill(0x22);
    c.extension->smt_enabled = true;
    c.extension->dynamic_platform = true;
    intel::TcbInfo info;
    info.evaluation_number = 18;
    c.tcb_info.emplace().document = std::make_shared<const intel::TcbInfo>(info);
    intel::QeIdentity identity;
    identity.evaluation_number = 17;
    c.qe_identity.emplace().document = std::make_shared<const intel::QeIdentity>(identity);
    before.pass(checks::kTcbInfoSignature);
    before.pass(checks::kQeIdentitySignature);
    tcb.evaluation.emplace();
    tcb.evaluation->status = evidence::TcbStatus::up_to_date;
    tcb.evaluation->tcb_date = "2024-03-13T00:00:00Z";
    tcb.evaluation->advisories = {"INTEL-SA-00615"};
  }
  intel::TdReport& td() { return std::get<intel::TdReport>(c.quote->body); }
  intel::SgxReport& enclave() { return std::get<intel::SgxReport>(c.quote->body); }

  Report judge(const policy::Policy& policy) {
    c.evidence = &raw;
    const evidence::TrustStore trust;
    const Collateral none;
    const evidence::Context context{policy, trust, none, kIntelPolicyNow};
    Report out = before;
    evidence::check_td(c, context, out);
    evidence::check_intel_policy(c, tcb, context, out);
    return out;
  }
};

policy::Policy one(const std::string& kind, const std::string& section) {
  policy::Policy out = load_policy(R"({"schema":"atls-policy/1","alternatives":[{"evidence":[")" + kind + "\"],\"" + kind + "\":" + section + "}]}");
  return out;
}
policy::GivenFlags pinned(policy::GivenFlags more = {}) {
  more.push_back({"--mrtd", {times("aa", 48)}});
  return more;
}
policy::GivenFlags pinned_enclave(policy::GivenFlags more = {}) {
  more.push_back({"--mr-enclave", {times("aa", 32)}});
  return more;
}

}  // namespace

TEST_CASE("a TD and an enclave as they should be have no problem") {
  CHECK(problems(IntelPolicyGuest().judge(from_flags(pinned()))) == "");
  CHECK(problems(IntelPolicyGuest(false).judge(from_flags(pinned_enclave()))) == "");
}

TEST_CASE("each attribute of a TD fails by its own check alone") {
  struct Row { const char* name; std::function<void(intel::TdReport&)> change; const char* problems; ExitCode code; const char* actual; };
  for (const Row& row : {
           Row{"debug", [](auto& td) { td.td_attributes |= 1; }, "td-debug=fail ", ExitCode::refused, "1"},
           Row{"reserved, debug group", [](auto& td) { td.td_attributes |= 2; }, "td-attributes-reserved=fail ", ExitCode::rejected, "0x10000002 (bit 1, SEPT_VE_DISABLE)"},
           Row{"reserved, security group", [](auto& td) { td.td_attributes |= 1u << 27; }, "td-attributes-reserved=fail ", ExitCode::rejected, "0x18000000 (bit 27, SEPT_VE_DISABLE)"},
           Row{"key locker", [](auto& td) { td.td_attributes |= 1u << 31; }, "td-attributes-reserved=fail ", ExitCode::rejected, "0x90000000 (SEPT_VE_DISABLE, KL)"},
           Row{"reserved, other group", [](auto& td) { td.td_attributes |= 1ull << 39; }, "td-attributes-reserved=fail ", ExitCode::rejected, "0x8010000000 (SEPT_VE_DISABLE, bit 39)"},
           Row{"migratable", [](auto& td) { td.td_attributes |= 1u << 29; }, "td-migratable=fail ", ExitCode::refused, "1"},
           Row{"no sept ve disable", [](auto& td) { td.td_attributes = 0; }, "td-sept-ve-disable=warn ", ExitCode::refused, "0x0"},
           Row{"pks", [](auto& td) { td.td_attributes |= 1u << 30; }, "", ExitCode::verified, ""},
           Row{"perfmon", [](auto& td) { td.td_attributes |= 1ull << 63; }, "td-perfmon=warn ", ExitCode::refused, "0x8000000010000000 (SEPT_VE_DISABLE, PERFMON)"},
           Row{"xfam without SSE", [](auto& td) { td.xfam &= ~2ull; }, "xfam-fixed=fail ", ExitCode::rejected, "0x602e5"},
           Row{"xfam bit 3", [](auto& td) { td.xfam |= 8; }, "xfam-fixed=fail ", ExitCode::rejected, "0x602ef"},
           Row{"xfam bit 10", [](auto& td) { td.xfam |= 1u << 10; }, "xfam-fixed=fail ", ExitCode::rejected, "0x606e7"},
           Row{"xfam bit 19", [](auto& td) { td.xfam |= 1u << 19; }, "xfam-fixed=fail ", ExitCode::rejected, "0xe02e7"},
           Row{"xfam bit 63", [](auto& td) { td.xfam |= 1ull << 63; }, "xfam-fixed=fail ", ExitCode::rejected, "0x80000000000602e7"},
           Row{"half of AVX-512", [](auto& td) { td.xfam &= ~0x80ull; }, "xfam-combination=warn ", ExitCode::refused, "0x60267"},
           Row{"AVX-512 without AVX", [](auto& td) { td.xfam &= ~4ull; }, "xfam-combination=warn ", ExitCode::refused, "0x602e3"},
           Row{"half of CET", [](auto& td) { td.xfam |= 0x800; }, "xfam-combination=warn ", ExitCode::refused, "0x60ae7"},
           Row{"half of AMX", [](auto& td) { td.xfam &= ~0x20000ull; }, "xfam-combination=warn ", ExitCode::refused, "0x402e7"},
           Row{"with both halves of CET", [](auto& td) { td.xfam |= 0x1800; }, "", ExitCode::verified, ""},
           Row{"service TD", [](auto& td) { (*td.mr_servicetd)[47] = 1; }, "mr-servicetd=fail ", ExitCode::refused, "0000"},
           Row{"body without a service TD field", [](auto& td) { td.mr_servicetd.reset(), td.tee_tcb_svn2.reset(); }, "", ExitCode::verified, ""},
           Row{"module signer", [](auto& td) { td.mr_signer_seam[0] = 1; }, "seam-zero=fail ", ExitCode::rejected, "MRSIGNERSEAM 0100"},
           Row{"module attributes", [](auto& td) { td.seam_attributes = 1; }, "seam-zero=fail ", ExitCode::rejected, "SEAMATTRIBUTES 0x1"},
       }) {
    CAPTURE(row.name);
    IntelPolicyGuest guest;
    row.change(guest.td());
    const Report report = guest.judge(from_flags(pinned()));
    REQUIRE(problems(report) == row.problems);
    if (*row.problems == 0) continue;
    const std::string id(row.problems, std::string(row.problems).find('='));
    CHECK(report.find(id)->on_fail == row.code);
    CHECK(report.find(id)->actual.starts_with(row.actual));
    CHECK_FALSE(report.find(id)->detail.empty());
    CHECK_FALSE(report.find(id)->expected.empty());
  }
}

TEST_CASE("what may be loosened shows as a warning, and only that") {
  struct Row { const char* name; std::function<void(intel::TdReport&)> change; std::function<void(policy::Policy&)> allow; std::string section; const char* problems; };
  const std::string pin = R"("mr_td":")" + times("aa", 48) + "\"";
  const auto none = [](policy::Policy&) {};
  const auto debug = [](auto& td) { td.td_attributes |= 1; };
  const auto moves = [](auto& td) { td.td_attributes |= 1u << 29; };
  const auto service = [](auto& td) { td.mr_servicetd->fill(7); };
  const auto reserved = [](auto& td) { td.td_attributes |= 1ull << 41; };
  for (const Row& row : {
           Row{"debug by option", debug, [](auto& p) { p.allow_debug = true; }, "", "td-debug=warn "},
           Row{"debug by file", debug, none, R"(,"debug":"allow")", "td-debug=warn "},
           Row{"debug by bit", debug, none, R"(,"td_attributes":{"allow":["debug"]})", "td-debug=warn "},
           Row{"debug by another option", debug, [](auto& p) { p.allow_migratable = p.allow_migration = p.allow_reserved_nonzero = true; }, "", "td-debug=fail "},
           Row{"debug by option and refused bit", debug, [](auto& p) { p.allow_debug = true; }, R"(,"td_attributes":{"forbid":["debug"]})", "td-debug=warn policy-td-attributes=fail "},
           Row{"migratable by option", moves, [](auto& p) { p.allow_migratable = true; }, "", "td-migratable=warn "},
           Row{"migratable by bit", moves, none, R"(,"td_attributes":{"allow":["migratable"]})", "td-migratable=warn "},
           Row{"migratable where other bits are allowed", moves, none, R"(,"td_attributes":{"allow":["pks"]})", "td-migratable=fail policy-td-attributes=fail "},
           Row{"key locker by bit", [](auto& td) { td.td_attributes |= 1u << 31; }, none, R"(,"td_attributes":{"allow":["kl"]})", "td-attributes-reserved=warn "},
           Row{"reserved bit by mask", reserved, none, R"(,"td_attributes":{"allow_reserved":"0000000000020000"})", "td-attributes-reserved=warn "},
           Row{"another reserved bit by mask", reserved, none, R"(,"td_attributes":{"allow_reserved":"0000000000040000"})", "td-attributes-reserved=fail "},
           Row{"service TD by option", service, [](auto& p) { p.allow_service_td = true; }, "", "mr-servicetd=warn "},
           Row{"service TD by value", service, none, R"(,"mr_servicetd":")" + times("07", 48) + "\"", ""},
           Row{"another service TD by value", service, none, R"(,"mr_servicetd":")" + times("08", 48) + "\"", "mr-servicetd=fail policy-mr-servicetd=fail "},
           Row{"unchecked service TD", service, none, R"(,"mr_servicetd":{"unchecked":true})", "mr-servicetd=fail "},
           Row{"service TD as a warning", service, none, R"(,"mr_servicetd":{"equals":")" + times("07", 48) + R"(","severity":"warn"})", "mr-servicetd=fail "},
           Row{"service TD under a mask", service, none, R"(,"mr_servicetd":{"equals":")" + times("07", 48) + R"(","mask":"01)" + times("00", 47) + "\"}", "mr-servicetd=fail "},
           Row{"SEPT_VE_DISABLE is demanded", [](auto& td) { td.td_attributes = 0; }, [](auto& p) { p.require_sept_ve_disable = true; }, "", "td-sept-ve-disable=fail "},
       }) {
    CAPTURE(row.name);
    IntelPolicyGuest guest;
    row.change(guest.td());
    auto policy = one("tdx", "{" + pin + row.section + "}");
    row.allow(policy);
    CHECK(problems(guest.judge(policy)) == row.problems);
  }
}

TEST_CASE("each attribute of an enclave fails by its own check alone") {
  struct Row { const char* name; std::uint8_t flags; bool allow; const char* problems; };
  for (const Row& row : {Row{"debug", 0x07, false, "sgx-debug=fail "}, Row{"debug, allowed", 0x07, true, "sgx-debug=warn "}, Row{"not initialised", 0x04, false, "sgx-init=fail "}, Row{"32 bit", 0x01, false, "sgx-init=warn "},
                         Row{"nothing set", 0x00, false, "sgx-init=fail "}}) {
    CAPTURE(row.name);
    IntelPolicyGuest guest(false);
    guest.enclave().attributes[0] = row.flags;
    auto policy = from_flags(pinned_enclave());
    policy.allow_debug = row.allow;
    CHECK(problems(guest.judge(policy)) == row.problems);
  }
  IntelPolicyGuest guest(false);
  guest.enclave().attributes[0] = 0x07;
  CHECK(problems(guest.judge(one("sgx", R"({"debug":"allow","mr_enclave":")" + times("aa", 32) + "\"}"))) == "sgx-debug=warn ");
}

TEST_CASE("intel policy: each constraint passes on its value and fails by its own check alone") {
  struct Row { bool tdx; const char* check; std::string good, bad; const char* says; };
  const auto q = [](const std::string& key, const std::string& hex) { return "\"" + key + "\":\"" + hex + "\""; };
  for (const Row& row : {
           Row{true, "policy-mr-seam", q("mr_seam", times("ab", 48)), q("mr_seam", times("aa", 48)), "not the expected value"},
           Row{true, "policy-mr-signer-seam", q("mr_signer_seam", times("00", 48)), q("mr_signer_seam", times("01", 48)), "not the expected value"},
           Row{true, "policy-rtmr-0", R"("rtmr":{)" + q("0", times("01", 48)) + "}", R"("rtmr":{)" + q("0", times("02", 48)) + "}", "p.json#/alternatives/0/tdx/rtmr/0"},
           Row{true, "policy-rtmr-1", R"("rtmr":{)" + q("1", times("02", 48)) + "}", R"("rtmr":{)" + q("1", times("01", 48)) + "}", "p.json#/alternatives/0/tdx/rtmr/1"},
           Row{true, "policy-rtmr-2", R"("rtmr":{)" + q("2", times("03", 48)) + "}", R"("rtmr":{)" + q("2", times("00", 48)) + "}", "not the expected value"},
           Row{true, "policy-rtmr-3", R"("rtmr":{"3":{"none_of":[")" + times("03", 48) + "\"]}}", R"("rtmr":{"3":{"none_of":[")" + times("04", 48) + "\"]}}", "a refused value"},
           Row{true, "policy-mr-config-id", q("mr_config_id", times("ac", 48)), q("mr_config_id", times("00", 48)), "not the expected value"},
           Row{true, "policy-mr-owner", q("mr_owner", times("ad", 48)), q("mr_owner", times("00", 48)), "not the expected value"},
           Row{true, "policy-mr-owner-config", q("mr_owner_config", times("ae", 48)), q("mr_owner_config", times("00", 48)), "not the expected value"},
           Row{true, "policy-td-attributes", q("td_attributes", "0000001000000000"), q("td_attributes", "0000001000000080"), "not the expected value"},
           Row{true, "policy-td-attributes", R"("td_attributes":{"mask":"ff00000000000000","equals":"0000000000000000"})", R"("td_attributes":{"mask":"0000001000000000","equals":"0000000000000000"})", "not the expected value"},
           Row{true, "policy-td-attributes", R"("td_attributes":{"require":["sept_ve_disable"],"forbid":["perfmon"],"allow":["pks"]})", R"("td_attributes":{"require":["pks"]})", "pks is clear and required"},
           Row{true, "policy-td-attributes", R"("td_attributes":{"equals":"0000001000000000","forbid":["kl"]})", R"("td_attributes":{"equals":"0000001000000000","forbid":["sept_ve_disable"]})", "sept_ve_disable is set and forbidden"},
           Row{true, "policy-xfam", q("xfam", "e702060000000000"), q("xfam", "e700060000000000"), "not the expected value"},
           Row{true, "policy-min-tee-tcb-svn", R"("tee_tcb_svn":{"min_bytes":"06010300000000000000000000000000"})", R"("tee_tcb_svn":{"min_bytes":"06010400000000000000000000000000"})", "byte 2: have 3, need 4"},
           Row{true, "policy-min-tee-tcb-svn", R"("tee_tcb_svn":{"min_bytes":"06000000000000000000000000000000","none_of":["07010300000000000000000000000000"]})", R"("tee_tcb_svn":{"min_bytes":"00000000000000000000000000000001"})", "byte 15: have 0, need 1"},
           Row{true, "policy-tee-tcb-svn-2", R"("tee_tcb_svn_2":{"min_bytes":"07000000000000000000000000000000"})", R"("tee_tcb_svn_2":{"min_bytes":"08000000000000000000000000000000"})", "byte 0: have 7, need 8"},
           Row{true, "policy-mr-servicetd", q("mr_servicetd", times("00", 48)), q("mr_servicetd", times("01", 48)), "not the expected value"},
           Row{true, "policy-report-data", q("report_data", times("cc", 64)), q("report_data", times("cd", 64)), "not the expected value"},
           Row{true, "policy-qe-vendor-id", q("qe_vendor_id", times("93", 16)), q("qe_vendor_id", times("94", 16)), "not the expected value"},
           Row{true, "policy-min-qe-svn", R"("qe_svn":{"min":8})", R"("qe_svn":{"min":9})", "have 8, need at least 9"},
           Row{true, "policy-min-pce-svn", R"("pce_svn":{"min":14})", R"("pce_svn":{"min":15})", "have 14, need at least 15"},
           Row{false, "policy-min-qe-svn", R"("qe_svn":{"min":7})", R"("qe_svn":{"min":8})", "have 7, need at least 8"},
           Row{false, "policy-min-pce-svn", R"("pce_svn":{"min":13})", R"("pce_svn":{"min":14})", "have 13, need at least 14"},
           Row{true, "policy-fmspc", q("fmspc", "51d0c0ffee00"), q("fmspc", "51d0c0ffee01"), "not the expected value"},
           Row{true, "policy-pce-id", q("pce_id", "0000"), q("pce_id", "0001"), "not the expected value"},
           Row{true, "policy-ppid", q("ppid", times("11", 16)), q("ppid", times("12", 16)), "not the expected value"},
           Row{true, "policy-platform-instance", q("piid", times("22", 16)), q("piid", times("23", 16)), "not the expected value"},
           Row{true, "policy-platform", R"("platform":{"smt_disabled":true,"severity":"fail"})", R"("platform":{"smt_disabled":true})", "multithreading is on"},
           Row{true, "policy-tcb-date", R"("tcb_date":{"min":"2024-03-13T00:00:00Z"})", R"("tcb_date":{"min":"2024-03-13T00:00:01Z"})", "of 2024-03-13"},
           Row{true, "policy-advisory-ids", R"("advisory_ids":{"any_of":["INTEL-SA-00615"]})", R"("advisory_ids":{"any_of":["INTEL-SA-00616"]})", "open and not accepted: INTEL-SA-00615"},
           Row{true, "policy-advisory-ids", R"("advisory_ids":{"none_of":["INTEL-SA-00616"]})", R"("advisory_ids":{"none_of":["INTEL-SA-00615"]})", "open and not accepted: INTEL-SA-00615"},
           Row{true, "collateral-eval-number", R"("tcb_eval_number":{"min":17})", R"("tcb_eval_number":{"min":18})", "have 17, need at least 18"},
           Row{false, "policy-mr-signer", q("mr_signer", times("ab", 32)), q("mr_signer", times("ac", 32)), "not the expected value"},
           Row{false, "policy-isv-prod-id", R"("isv_prod_id":0)", R"("isv_prod_id":1)", "have 0, need 1"},
           Row{false, "policy-min-isv-svn", R"("isv_svn":{"min":3})", R"("isv_svn":{"min":4})", "have 3, need at least 4"},
           Row{false, "policy-attributes", q("attributes", "0500000000000000e700000000000000"), q("attributes", "0500000000000000e700000000000001"), "not the expected value"},
           Row{false, "policy-misc-select", q("misc_select", "01000000"), q("misc_select", "00000001"), "not the expected value"},
           Row{false, "policy-config-id", q("config_id", times("ad", 64)), q("config_id", times("00", 64)), "not the expected value"},
           Row{false, "policy-isv-family-id", q("isv_family_id", times("ae", 16)), q("isv_family_id", times("00", 16)), "not the expected value"},
           Row{false, "policy-isv-ext-prod-id", q("isv_ext_prod_id", times("af", 16)), q("isv_ext_prod_id", times("00", 16)), "not the expected value"},
           Row{false, "policy-report-data", q("report_data", times("cc", 64)), q("report_data", times("cd", 64)), "not the expected value"},
           Row{false, "policy-fmspc", q("fmspc", "51d0c0ffee00"), q("fmspc", "51d0c0ffee01"), "not the expected value"},
       }) {
    CAPTURE(row.check);
    CAPTURE(row.bad);
    const std::string pin = row.tdx ? q("mr_td", times("aa", 48)) : q("mr_enclave", times("aa", 32));
    const std::string kind = row.tdx ? "tdx" : "sgx";
    IntelPolicyGuest good(row.tdx), bad(row.tdx);
    if (std::string(row.check) == "policy-platform") good.c.extension->smt_enabled = false;
    const Report holds = good.judge(one(kind, "{" + pin + "," + row.good + "}"));
    CHECK(problems(holds) == "");
    CHECK(holds.find(row.check)->outcome == Outcome::pass);
    const Report fails = bad.judge(one(kind, "{" + pin + "," + row.bad + "}"));
    REQUIRE(problems(fails) == std::string(row.check) + "=fail ");
    CHECK(fails.find(row.check)->on_fail == ExitCode::refused);
    CHECK(fails.find(row.check)->detail.find(row.says) != std::string::npos);
  }
}

TEST_CASE("intel policy: the measurement itself, by file and by flag") {
  const std::string other = times("bb", 48);
  CHECK(problems(IntelPolicyGuest().judge(one("tdx", R"({"mr_td":")" + other + "\"}"))) == "policy-mr-td=fail ");
  CHECK(problems(IntelPolicyGuest().judge(from_flags({{"--mrtd", {other}}}))) == "policy-mr-td=fail ");
  CHECK(problems(IntelPolicyGuest().judge(from_flags({{"--mrtd", {other, times("aa", 48)}}}))) == "");
  CHECK(problems(IntelPolicyGuest().judge(from_flags(pinned({{"--rtmr", {"1=" + times("01", 48), "2=" + times("03", 48)}}})))) == "policy-rtmr-1=fail ");
  CHECK(problems(IntelPolicyGuest(false).judge(from_flags({{"--mr-enclave", {times("bb", 32)}}}))) == "policy-mr-enclave=fail ");
  // A flag tightens what the file says.
  policy::Policy both = one("tdx", R"({"mr_td":{"any_of":[")" + other + "\",\"" + times("aa", 48) + "\"]}}");
  auto flags = policy::read_flags({{"--mrtd", {other}}});
  REQUIRE(flags);
  policy::add_flags(both, *flags);
  CHECK(problems(IntelPolicyGuest().judge(both)) == "policy-mr-td=fail ");
}

TEST_CASE("intel policy: what is missing decides nothing") {
  struct Row { const char* name; std::function<void(IntelPolicyGuest&)> change; std::string section; const char* problems; };
  for (const Row& row : {
           Row{"no extension", [](IntelPolicyGuest& g) { g.c.extension.reset(); }, R"("fmspc":"51d0c0ffee00")", "policy-fmspc=error "},
           Row{"no extension, PCE", [](IntelPolicyGuest& g) { g.c.extension.reset(); }, R"("pce_svn":{"min":1})", "policy-min-pce-svn=error "},
           Row{"no extension, platform", [](IntelPolicyGuest& g) { g.c.extension.reset(); }, R"("platform":{"static":true})", "policy-platform=error "},
           Row{"no instance", [](IntelPolicyGuest& g) { g.c.extension->platform_instance_id.reset(); }, R"("piid":")" + times("22", 16) + "\"", "policy-platform-instance=fail "},
           Row{"multithreading not told", [](IntelPolicyGuest& g) { g.c.extension->smt_enabled.reset(); }, R"("platform":{"smt_disabled":true})", "policy-platform=fail "},
           Row{"no memory integrity", [](IntelPolicyGuest&) {}, R"("platform":{"memory_integrity":true})", "policy-platform=fail "},
           Row{"not static", [](IntelPolicyGuest&) {}, R"("platform":{"static":true})", "policy-platform=fail "},
           Row{"no second SVN", [](IntelPolicyGuest& g) { g.td().tee_tcb_svn2.reset(); }, R"("tee_tcb_svn_2":{"min_bytes":"07000000000000000000000000000000"})", "policy-tee-tcb-svn-2=fail "},
           Row{"no evaluation, date", [](IntelPolicyGuest& g) { g.tcb = {}; }, R"("tcb_date":{"min":"2024-03-13T00:00:00Z"})", "tcb-status=error policy-tcb-date=error "},
           Row{"no evaluation, advisories", [](IntelPolicyGuest& g) { g.tcb = {}, g.tcb.missing_allowed = true; }, R"("advisory_ids":{"none_of":["INTEL-SA-00616"]})", "policy-advisory-ids=error "},
           Row{"no TCB info", [](IntelPolicyGuest& g) { g.c.tcb_info.reset(); }, R"("tcb_eval_number":{"min":1})", "collateral-eval-number=error "},
           Row{"unsigned QE identity", [](IntelPolicyGuest& g) { g.before.fail(checks::kQeIdentitySignature, "x"); }, R"("tcb_eval_number":{"min":1})", "qe-identity-signature=fail collateral-eval-number=error "},
           Row{"no event log", [](IntelPolicyGuest&) {}, R"("ccel":{"replay":true})", "event-log-parse=fail "},
       }) {
    CAPTURE(row.name);
    IntelPolicyGuest guest;
    row.change(guest);
    Report report = guest.judge(one("tdx", "{\"mr_td\":\"" + times("aa", 48) + "\"," + row.section + "}"));
    report.finish({}, false);
    CHECK(problems(report) == row.problems);
    CHECK(report.verdict->code != ExitCode::verified);
  }
}

TEST_CASE("intel policy: run-time events count when the replay proves them, each of the name, up to the end of the boot") {
  const std::string log = R"([{"imr":3,"event_type":134217729,"event":"app-id","event_payload":"0102"},{"imr":3,"event_type":134217729,"event":"compose-hash","event_payload":"aa"},
      {"imr":3,"event_type":134217729,"event":"compose-hash","event_payload":"bb"},{"imr":3,"event_type":134217729,"event":"system-ready","event_payload":"00"},
      {"imr":3,"event_type":134217729,"event":"late","event_payload":"01"}])";
  struct Row { const char* events; bool has_log, proven; const char* problems; };
  for (const Row& row : {
           Row{R"({"app-id":"0102"})", true, true, ""}, Row{R"({"app-id":{"any_of":["00","0102"]},"compose-hash":{"none_of":["cc"]}})", true, true, ""},
           Row{R"({"app-id":"0103"})", true, true, "policy-events=fail "}, Row{R"({"app-id":"010200"})", true, true, "policy-events=fail "}, Row{R"({"App-id":"0102"})", true, true, "policy-events=fail "},
           Row{R"({"compose-hash":"aa"})", true, true, "policy-events=fail "}, Row{R"({"compose-hash":{"any_of":["aa","bb"]}})", true, true, ""}, Row{R"({"late":"01"})", true, true, "policy-events=fail "},
           Row{R"({"app-id":"0102"})", false, false, "policy-events=fail "}, Row{R"({"app-id":"0102"})", true, false, "policy-events=error "},
           Row{R"({"app-id":{"equals":"0103","severity":"warn"}})", true, true, "policy-events=warn "},
       }) {
    CAPTURE(row.events);
    IntelPolicyGuest guest;
    if (row.has_log) guest.raw.event_log = to_buffer(log);
    if (row.proven) guest.before.pass(checks::kRtmrReplay3);
    CHECK(problems(guest.judge(one("tdx", "{\"mr_td\":\"" + times("aa", 48) + "\",\"events\":" + row.events + "}"))) == row.problems);
  }
  // They identify the guest.
  IntelPolicyGuest guest;
  guest.raw.event_log = to_buffer(log);
  guest.before.pass(checks::kRtmrReplay3);
  CHECK(problems(guest.judge(one("tdx", R"({"events":{"app-id":"0102"}})"))) == "tdx-no-reference=fail ");   // firmware that is not pinned can extend RTMR3
}

TEST_CASE("intel policy: an accepted TCB status is a matter of the alternative") {
  IntelPolicyGuest guest;
  guest.tcb.evaluation->status = evidence::TcbStatus::out_of_date;
  const std::string pin = "\"mr_td\":\"" + times("aa", 48) + "\"";
  CHECK(problems(guest.judge(from_flags(pinned()))) == "tcb-status=fail ");
  CHECK(problems(guest.judge(one("tdx", "{" + pin + R"(,"tcb_status":"OutOfDate"})"))) == "tcb-status=warn ");
  CHECK(problems(guest.judge(one("tdx", "{" + pin + R"(,"tcb_status":"SWHardeningNeeded"})"))) == "tcb-status=fail ");
  CHECK(problems(guest.judge(one("tdx", "{" + pin + R"(,"tcb_status":{"any_of":[{"status":"OutOfDate","until":"2025-12-31T00:00:00Z"}]}})"))) == "tcb-status=fail ");
  CHECK(problems(guest.judge(one("tdx", "{" + pin + R"(,"tcb_status":{"any_of":[{"status":"OutOfDate","until":"2026-12-31T00:00:00Z"}]}})"))) == "tcb-status=warn ");
  // Two alternatives: the one that accepts the status names another guest.
  const auto mixed = load_policy(R"({"schema":"atls-policy/1","alternatives":[{"name":"ours","evidence":["tdx"],"tdx":{)" + pin + R"(}},
      {"name":"old","evidence":["tdx"],"tdx":{"mr_td":")" + times("bb", 48) + R"(","tcb_status":"OutOfDate"}}]})");
  CHECK(problems(guest.judge(mixed)) == "tcb-status=fail ");
}

TEST_CASE("intel policy: what identifies a TD or an enclave") {
  struct Row { const char* kind; std::string section; const char* problems; bool host_only; };
  const std::string h = "\"" + times("ac", 48) + "\"";
  for (const Row& row : {
           Row{"tdx", R"({"mr_td":")" + times("aa", 48) + "\"}", "", false}, Row{"tdx", R"({"rtmr":{"1":")" + times("02", 48) + "\"}}", "tdx-no-reference=fail ", false},
           Row{"tdx", R"({"mr_config_id":)" + h + "}", "tdx-no-reference=fail ", true}, Row{"tdx", R"({"mr_owner":")" + times("ad", 48) + "\"}", "tdx-no-reference=fail ", true},
           Row{"tdx", R"({"mr_owner_config":")" + times("ae", 48) + "\"}", "tdx-no-reference=fail ", true}, Row{"tdx", R"({"mr_seam":")" + times("ab", 48) + "\"}", "tdx-no-reference=fail ", false},
           Row{"tdx", R"({"mr_td":{"unchecked":true}})", "tdx-no-reference=fail ", false}, Row{"tdx", R"({"mr_td":{"none_of":[)" + h + "]}}", "tdx-no-reference=fail ", false},
           Row{"tdx", R"({"mr_td":{"equals":")" + times("aa", 48) + R"(","severity":"warn"}})", "tdx-no-reference=fail ", false},
           Row{"tdx", R"({"fmspc":"51d0c0ffee00","report_data":")" + times("cc", 64) + "\"}", "tdx-no-reference=fail ", false},
           Row{"sgx", R"({"mr_signer":")" + times("ab", 32) + "\"}", "sgx-no-reference=fail ", false}, Row{"sgx", R"({"isv_prod_id":0})", "sgx-no-reference=fail ", false},
           Row{"sgx", R"({"mr_signer":")" + times("ab", 32) + R"(","isv_prod_id":0})", "", false}, Row{"sgx", R"({"mr_signer":")" + times("ab", 32) + R"(","isv_prod_id":{"min":0}})", "sgx-no-reference=fail ", false},
           Row{"sgx", R"({"mr_enclave":")" + times("aa", 32) + "\"}", "", false},
       }) {
    CAPTURE(row.section);
    IntelPolicyGuest guest(std::string_view(row.kind) == "tdx");
    auto policy = one(row.kind, row.section);
    const Report report = guest.judge(policy);
    CHECK(problems(report) == row.problems);
    const bool told = std::any_of(report.not_proven.begin(), report.not_proven.end(), [](const std::string& s) { return s.find("the host chooses it") != std::string::npos; });
    CHECK(told == row.host_only);
    if (*row.problems == 0) continue;
    policy.any_measurement = true;
    CHECK(problems(guest.judge(policy)) == std::string(row.kind) + "-no-reference=warn ");
  }
  // File and flag may say one half each.
  policy::Policy halves = one("sgx", R"({"mr_signer":")" + times("ab", 32) + "\"}");
  auto flags = policy::read_flags({{"--isv-prod-id", {"0"}}});
  REQUIRE(flags);
  policy::add_flags(halves, *flags);
  CHECK(problems(IntelPolicyGuest(false).judge(halves)) == "");
}

TEST_CASE("intel policy: a flag about other evidence is a wrong command line, one that several kinds share is not") {
  struct Row { bool tdx; policy::GivenFlags flags; bool wrong; };
  const std::string m48 = times("aa", 48);
  for (const Row& row : {
           Row{true, pinned({{"--measurement", {m48}}}), true}, Row{true, pinned({{"--mr-enclave", {times("aa", 32)}}}), true}, Row{true, pinned({{"--require-id-block", {}}}), true},
           Row{true, pinned({{"--report-data", {times("cc", 64)}}}), false}, Row{true, pinned({{"--fmspc", {"51d0c0ffee00"}}}), false}, Row{true, pinned({{"--min-tcb-eval", {"17"}}}), false},
           Row{true, pinned({{"--min-qe-svn", {"1"}}, {"--min-isv-svn", {"1"}}}), true},
           Row{false, pinned_enclave({{"--mrtd", {m48}}}), true}, Row{false, pinned_enclave({{"--rtmr", {"0=" + m48}}}), true}, Row{false, pinned_enclave({{"--require-event-log", {}}}), true},
           Row{false, pinned_enclave({{"--events", {"app-id=00"}}}), true}, Row{false, pinned_enclave({{"--report-data", {times("cc", 64)}}}), false},
           Row{false, pinned_enclave({{"--fmspc", {"51d0c0ffee00"}}, {"--min-isv-svn", {"1"}}}), false},
       }) {
    IntelPolicyGuest guest(row.tdx);
    Report report = guest.judge(from_flags(row.flags));
    REQUIRE(problems(report) == (row.wrong ? "policy-evidence-kind=fail " : ""));
    if (!row.wrong) continue;
    CHECK(report.find("policy-evidence-kind")->on_fail == ExitCode::usage);
    // Rejected evidence does not turn into a wrong command line.
    IntelPolicyGuest rejected(row.tdx);
    rejected.before.fail(checks::kQuoteSignature, "x");
    CHECK(rejected.judge(from_flags(row.flags)).find("policy-evidence-kind")->on_fail == ExitCode::refused);
  }
  auto policy = from_flags(pinned_enclave());
  policy.require_sept_ve_disable = true;
  policy.options = {"--require-sept-ve-disable"};   // as the command line hands it over
  CHECK(problems(IntelPolicyGuest(false).judge(policy)) == "policy-evidence-kind=fail ");
  policy.options = {"--no-row-in-the-table"};       // nobody said what it is about, so it fits nothing
  CHECK(problems(IntelPolicyGuest(false).judge(policy)) == "policy-evidence-kind=fail ");
  policy.options = {"--allow-debug", "--tcb-profile"};
  CHECK(problems(IntelPolicyGuest(false).judge(policy)) == "");
}

TEST_CASE("intel policy: alternatives about other evidence never look closest") {
  const auto mixed = load_policy(R"({"schema":"atls-policy/1","alternatives":[{"name":"snp","evidence":["snp"]},
      {"name":"td","evidence":["tdx"],"tdx":{"mr_td":")" + times("bb", 48) + R"(","fmspc":"000000000001","ppid":")" + times("00", 16) + R"("}}]})");
  const Report report = IntelPolicyGuest().judge(mixed);
  CHECK(problems(report) == "policy-mr-td=fail policy-fmspc=fail policy-ppid=fail ");
  CHECK(report.notes.at(0).find("\"td\"") != std::string::npos);
  CHECK(problems(IntelPolicyGuest(false).judge(mixed)).find("policy-evidence-kind=fail") != std::string::npos);
}

TEST_CASE("names of TCB statuses and profiles in policies are those of the evaluation") {
  for (const std::string_view name : policy::kAcceptableTcbStatuses) CHECK(evidence::tcb_status_from(name).has_value());
  for (const std::string_view name : policy::kNeverAcceptableTcbStatuses) CHECK(evidence::tcb_status_from(name).has_value());
  REQUIRE(policy::tcb_profile_names().size() == evidence::tcb_profiles().size());
  for (std::size_t i = 0; i < evidence::tcb_profiles().size(); ++i) CHECK(policy::tcb_profile_names()[i] == evidence::tcb_profile_name(evidence::tcb_profiles()[i]));
  CHECK(policy::Policy{}.tcb_profile == policy::tcb_profile_names().front());
}
