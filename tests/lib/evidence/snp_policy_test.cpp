#include "evidence/snp_policy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/policy_kind.hpp"
#include "policy/flags.hpp"
#include "report/checks_policy.hpp"
#include "report/checks_snp.hpp"
#include "support/policies.hpp"

using namespace atls;
using namespace atls::test;

namespace {

struct SnpPolicyGuest {
  snp::AttestationReport report;
  snp::ProductLine product = snp::ProductLine::milan;
  std::optional<snp::TcbVersion> cert_tcb;
  std::string csp_id;
  std::optional<snp::CertTable> table;

  SnpPolicyGuest() {
    report.version = 5;
    report.guest_svn = 3;
    report.policy.bits = 0x30000;
    report.platform_info = 0x25;
    report.measurement.fill(0xaa);
    report.host_data.fill(0xbb);
    report.report_data.fill(0xcc);
    report.family_id.fill(0x01);
    report.image_id.fill(0x02);
    report.report_id.fill(0x03);
    report.report_id_ma.fill(0xff);
    report.chip_id.fill(0x04);
    report.id_key_digest.fill(0x05);
    report.author_key_digest.fill(0x06);
    report.signer_info = 1;      // AUTHOR_KEY_EN, VCEK
    for (snp::TcbVersion* tcb : {&report.current_tcb, &report.reported_tcb, &report.committed_tcb, &report.launch_tcb}) *tcb = legacy(4, 1, 20, 100);
    report.current_version = report.committed_version = {1, 55, 29};
    report.launch_mit_vector = 0x3;
    report.current_mit_vector = 0x7;
    cert_tcb = report.reported_tcb;
  }
  static snp::TcbVersion legacy(std::uint8_t bootloader, std::uint8_t tee, std::uint8_t firmware, std::uint8_t microcode) {
    snp::TcbVersion out;
    out.set(snp::TcbComponent::bootloader, snp::TcbLayout::legacy, bootloader);
    out.set(snp::TcbComponent::tee, snp::TcbLayout::legacy, tee);
    out.set(snp::TcbComponent::snp, snp::TcbLayout::legacy, firmware);
    out.set(snp::TcbComponent::microcode, snp::TcbLayout::legacy, microcode);
    return out;
  }
  Report judge(const policy::Policy& policy) const {
    Report out;
    evidence::check_snp_policy({report, product, cert_tcb, csp_id, table ? &*table : nullptr}, policy, out);
    return out;
  }
};

policy::Policy snp_policy_one(const std::string& snp) { return load_policy(R"({"schema":"atls-policy/1","alternatives":[{"evidence":["snp"],"snp":)" + snp + "}]}"); }
const std::string kM = times("aa", 48), kOther = times("ab", 48);

}  // namespace

TEST_CASE("snp policy: each constraint passes on its value and fails by its own check alone") {
  struct Row { const char* check; std::string good, bad; const char* says; };
  for (const Row& row : {
           Row{"snp-policy-measurement", R"({"measurement":")" + kM + "\"}", R"({"measurement":")" + kOther + "\"}", "not the expected value (p.json#/alternatives/0/snp/measurement)"},
           Row{"snp-policy-measurement", R"({"measurement":{"any_of":[")" + kOther + "\",\"" + kM + "\"]}}", R"({"measurement":{"any_of":[")" + kOther + "\",\"" + times("ac", 48) + "\"]}}", "none of the 2 accepted values"},
           Row{"snp-policy-measurement", R"({"measurement":{"none_of":[")" + kOther + "\"]}}", R"({"measurement":{"none_of":[")" + kM + "\"]}}", "a refused value"},
           Row{"snp-policy-measurement", R"({"measurement":{"mask":")" + times("f0", 48) + R"(","equals":")" + kOther + "\"}}", R"({"measurement":{"mask":")" + times("0f", 48) + R"(","equals":")" + kOther + "\"}}", "not the expected value"},
           Row{"snp-policy-host-data", R"({"host_data":")" + times("bb", 32) + "\"}", R"({"host_data":")" + times("00", 32) + "\"}", "not the expected value"},
           Row{"snp-policy-report-data", R"({"report_data":{"mask":")" + times("ff", 32) + times("00", 32) + R"(","equals":")" + times("cc", 32) + times("dd", 32) + "\"}}", R"({"report_data":")" + times("cd", 64) + "\"}", "not the expected value"},
           Row{"snp-policy-family-id", R"({"family_id":")" + times("01", 16) + "\"}", R"({"family_id":")" + times("10", 16) + "\"}", "not the expected value"},
           Row{"snp-policy-image-id", R"({"image_id":")" + times("02", 16) + "\"}", R"({"image_id":")" + times("20", 16) + "\"}", "not the expected value"},
           Row{"snp-policy-report-id", R"({"report_id":")" + times("03", 32) + "\"}", R"({"report_id":")" + times("30", 32) + "\"}", "not the expected value"},
           Row{"snp-policy-report-id-ma", R"({"report_id_ma":")" + times("ff", 32) + "\"}", R"({"report_id_ma":")" + times("00", 32) + "\"}", "not the expected value"},
           Row{"snp-policy-chip-id", R"({"chip_id":")" + times("04", 64) + "\"}", R"({"chip_id":")" + times("40", 64) + "\"}", "not the expected value"},
           Row{"snp-policy-id-key", R"({"id_key_digest":")" + times("05", 48) + "\"}", R"({"id_key_digest":")" + times("50", 48) + "\"}", "not the expected value"},
           Row{"snp-policy-author-key", R"({"author_key_digest":")" + times("06", 48) + "\"}", R"({"author_key_digest":")" + times("60", 48) + "\"}", "not the expected value"},
           Row{"snp-policy-guest-svn", R"({"guest_svn":{"min":3}})", R"({"guest_svn":{"min":4}})", "have 3, need at least 4"},
           Row{"snp-policy-guest-svn", R"({"guest_svn":{"max":3}})", R"({"guest_svn":{"max":2}})", "have 3, need at most 2"},
           Row{"snp-policy-guest-svn", R"({"guest_svn":{"none_of":[2]}})", R"({"guest_svn":{"none_of":[3]}})", "3 is refused"},
           Row{"snp-policy-vmpl", R"({"vmpl":0})", R"({"vmpl":{"any_of":[1,2]}})", "have 0, need one of 1, 2"},
           Row{"snp-policy-report-version", R"({"version":{"min":5}})", R"({"version":{"min":6}})", "have 5, need at least 6"},
           Row{"snp-policy-guest", R"({"policy":{"allow":["smt"]}})", R"({"policy":{"allow":["cxl"]}})", "smt is set and not allowed"},
           Row{"snp-policy-guest", R"({"policy":{"equals":196608}})", R"({"policy":{"equals":131072}})", "have 0x30000, need 0x20000"},
           Row{"snp-policy-guest", R"({"policy":{"forbid":["cxl"]}})", R"({"policy":{"forbid":["smt"]}})", "smt is set and forbidden"},
           Row{"snp-policy-guest", R"({"policy":{"forbid":["debug"]}})", R"({"policy":{"require":["single_socket","rapl_dis"]}})", "single_socket is clear and required; rapl_dis is clear and required"},
           Row{"snp-policy-abi", R"({"policy":{"abi":{"min":"0.0"}}})", R"({"policy":{"abi":{"min":"0.31"}}})", "have 0.0, need 0.31"},
           Row{"snp-policy-platform-info", R"({"platform_info":{"allow":["smt"],"require":["ecc","alias_check_complete"]}})", R"({"platform_info":{"allow":["tsme"],"require":["rapl_dis"]}})", "smt is set and not allowed; rapl_dis is clear and required"},
           Row{"snp-policy-minimum-tcb", R"({"tcb":{"reported":{"min":{"bootloader":4,"tee":1,"snp":20,"microcode":100}}}})", R"({"tcb":{"reported":{"min":{"bootloader":5,"tee":0,"snp":21,"microcode":1}}}})", "bootloader: have 4, need 5; snp: have 20, need 21"},
           Row{"snp-policy-minimum-tcb", R"({"tcb":{"reported":{"equals":"0401000000001464"}}})", R"({"tcb":{"reported":{"equals":"0401000000001465"}}})", "need exactly 0401000000001465"},
           Row{"snp-policy-minimum-launch-tcb", R"({"tcb":{"launch":{"min":{"snp":20}}}})", R"({"tcb":{"launch":{"min":{"snp":21}}}})", "snp: have 20, need 21"},
           Row{"snp-policy-tcb-current", R"({"tcb":{"current":{"min":{"tee":1}}}})", R"({"tcb":{"current":{"min":{"tee":2}}}})", "tee: have 1, need 2"},
           Row{"snp-policy-tcb-committed", R"({"tcb":{"committed":{"min":{"microcode":100}}}})", R"({"tcb":{"committed":{"min":{"microcode":101}}}})", "microcode: have 100, need 101"},
           Row{"snp-policy-tcb-cert", R"({"tcb":{"cert":{"min":{"microcode":100}}}})", R"({"tcb":{"cert":{"min":{"microcode":101}}}})", "microcode: have 100, need 101"},
           Row{"snp-policy-minimum-tcb", R"({"tcb":{"reported":{"min":{"snp":1}}}})", R"({"tcb":{"reported":{"min":{"fmc":0}}}})", "fmc: the TCB of Milan has no such component"},
           Row{"snp-policy-minimum-version", R"({"firmware":{"version":{"min":"1.55"}}})", R"({"firmware":{"version":{"min":"1.56"}}})", "have 1.55.29, need 1.56"},
           Row{"snp-policy-minimum-version", R"({"firmware":{"version":{"min":"0.99.255"}}})", R"({"firmware":{"version":{"min":"1.55.30"}}})", "have 1.55.29, need 1.55.30"},
           Row{"snp-policy-minimum-build", R"({"firmware":{"build":{"min":29}}})", R"({"firmware":{"build":{"min":30}}})", "have 29, need at least 30"},
           Row{"snp-policy-launch-mitigations", R"({"mitigation_vector":{"launch":{"require_mask":"3"}}})", R"({"mitigation_vector":{"launch":{"require_mask":"b"}}})", "missing 0x8"},
           Row{"snp-policy-current-mitigations", R"({"mitigation_vector":{"current":{"require_mask":"5"}}})", R"({"mitigation_vector":{"current":{"require_mask":"8000000000000000"}}})", "missing 0x8000000000000000"},
           Row{"snp-policy-product", R"({"product":{"any_of":["Genoa","Milan"]}})", R"({"product":"Turin"})", "have Milan, need Turin"},
           Row{"snp-policy-signing-key", R"({"signer":"vcek"})", R"({"signer":"vlek"})", "have vcek, need vlek"},
       }) {
    CAPTURE(row.bad);
    auto good = snp_policy_one(row.good), bad = snp_policy_one(row.bad);
    good.any_measurement = bad.any_measurement = true;
    const std::string vacuous = problems(SnpPolicyGuest().judge(from_flags({}))).empty() ? "" : "snp-no-reference=warn ";
    const auto strip = [&](std::string text) {
      if (const auto at = text.find(vacuous); at != std::string::npos) text.erase(at, vacuous.size());
      return text;
    };
    const Report passed = SnpPolicyGuest().judge(good), failed = SnpPolicyGuest().judge(bad);
    CHECK(strip(problems(passed)) == "");
    const CheckResult* p = passed.find(row.check);
    REQUIRE(p);
    if (row.good.find("forbid\":[\"debug") == std::string::npos) CHECK(p->outcome == Outcome::pass);
    CHECK_FALSE(p->expected.empty());
    CHECK_FALSE(p->actual.empty());
    CHECK(strip(problems(failed)) == std::string(row.check) + "=fail ");
    const CheckResult* f = failed.find(row.check);
    REQUIRE(f);
    CHECK(f->on_fail == ExitCode::refused);
    CAPTURE(f->detail);
    CHECK(f->detail.find(row.says) != std::string::npos);
    CHECK(f->detail.find("p.json#/alternatives/0/snp/") != std::string::npos);
  }
}

TEST_CASE("snp policy: what is not constrained is skipped with the reason, never passed") {
  const Report report = SnpPolicyGuest().judge(snp_policy_one(R"({"measurement":")" + kM + R"(","host_data":{"unchecked":true}})"));
  CHECK(problems(report) == "");
  int skipped = 0;
  for (const CheckResult& check : report.checks)
    if (check.outcome == Outcome::skip) {
      ++skipped;
      CHECK(check.detail.find(check.spec->id == "snp-policy-host-data" ? "accepts every value" : "not constrained by policy") != std::string::npos);
    }
  CHECK(skipped >= 20);
}

TEST_CASE("snp policy: nothing pinned is not proven, whatever else is demanded") {
  struct Row { const char* name; policy::Policy policy; const char* problems; };
  const auto loosened = [](policy::Policy p) { p.any_measurement = true; return p; };
  for (const Row& row : {
           Row{"nothing", from_flags({}), "snp-no-reference=fail "},
           Row{"no alternative at all", policy::Policy{}, "snp-no-reference=fail "},
           Row{"an empty file", load_policy(R"({"schema":"atls-policy/1","alternatives":[{"evidence":["snp"]}]})"), "snp-no-reference=fail "},
           Row{"report data", from_flags({{"--report-data", {times("cc", 64)}}}), "snp-no-reference=fail "},
           Row{"a chip and a product", from_flags({{"--chip-id", {times("04", 64)}}, {"--product", {"Milan"}}}), "snp-no-reference=fail "},
           Row{"minimums", from_flags({{"--min-tcb", {"snp=1"}}, {"--min-guest-svn", {"1"}}}), "snp-no-reference=fail "},
           Row{"a warning only", snp_policy_one(R"({"measurement":{"equals":")" + kM + R"(","severity":"warn"}})"), "snp-no-reference=fail "},
           Row{"any measurement", loosened(from_flags({})), "snp-no-reference=warn "},
           Row{"a measurement", from_flags({{"--measurement", {kM}}}), ""},
           Row{"host data", from_flags({{"--host-data", {times("bb", 32)}}}), "snp-no-reference=fail "},
           Row{"host data and a measurement", from_flags({{"--host-data", {times("bb", 32)}}, {"--measurement", {kM}}}), ""},
           Row{"an id key", from_flags({{"--id-key-digest", {times("05", 48)}}}), ""},
           Row{"an author key", from_flags({{"--author-key-digest", {times("06", 48)}}}), ""},
       }) {
    CAPTURE(row.name);
    const Report report = SnpPolicyGuest().judge(row.policy);
    CHECK(problems(report) == row.problems);
    CHECK(report.find("snp-no-reference")->on_fail == ExitCode::partial);
  }
  CHECK(SnpPolicyGuest().judge(from_flags({{"--host-data", {times("bb", 32)}}})).not_proven.size() == 1);
  CHECK(SnpPolicyGuest().judge(loosened(from_flags({}))).not_proven.size() == 1);
  // What the pins leave open.
  const auto open = [](const policy::GivenFlags& flags) { return SnpPolicyGuest().judge(from_flags(flags)).not_proven; };
  REQUIRE(open({{"--measurement", {kM}}}).size() == 1);
  CHECK(open({{"--measurement", {kM}}})[0].find("MEASUREMENT covers what was loaded at launch") != std::string::npos);
  CHECK(open({{"--id-key-digest", {times("05", 48)}}}).at(0).find("any guest that the pinned ID key signed") != std::string::npos);
  CHECK(open({{"--author-key-digest", {times("06", 48)}}}).at(0).find("pinned author key") != std::string::npos);
}

TEST_CASE("snp policy: a guest that does not have the claim fails, and says so") {
  struct Row { const char* check; std::string snp; std::function<void(SnpPolicyGuest&)> change; const char* outcome; const char* says; };
  const std::string pin = R"("measurement":")" + kM + "\"";
  for (const Row& row : {
           Row{"snp-policy-debug", "", [](SnpPolicyGuest& g) { g.report.policy.bits |= 1 << 19; }, "fail", "--allow-debug"},
           Row{"snp-policy-debug", R"("debug":"allow")", [](SnpPolicyGuest& g) { g.report.policy.bits |= 1 << 19; }, "warn", "on request"},
           Row{"snp-policy-debug", R"("policy":{"allow":["smt","debug"]})", [](SnpPolicyGuest& g) { g.report.policy.bits |= 1 << 19; }, "warn", "on request"},
           Row{"snp-policy-debug", R"("debug":"forbid")", [](SnpPolicyGuest& g) { g.report.policy.bits |= 1 << 19; }, "fail", "memory"},
           Row{"snp-policy-migration", "", [](SnpPolicyGuest& g) { g.report.policy.bits |= 1 << 18; }, "fail", "--allow-migration"},
           Row{"snp-policy-migration", R"("policy":{"allow":["smt","migrate_ma"]})", [](SnpPolicyGuest& g) { g.report.policy.bits |= 1 << 18; }, "warn", "on request"},
           Row{"snp-policy-vmpl", "", [](SnpPolicyGuest& g) { g.report.vmpl = 1; }, "warn", "--vmpl 1"},
           Row{"snp-policy-vmpl", R"("vmpl":{"unchecked":true})", [](SnpPolicyGuest& g) { g.report.vmpl = 1; }, "skip", "accepts every value"},
           Row{"snp-policy-vmpl", R"("vmpl":{"max":1})", [](SnpPolicyGuest& g) { g.report.vmpl = 2; }, "fail", "at most 1"},
           Row{"snp-policy-chip-id", R"("chip_id":")" + times("04", 64) + "\"", [](SnpPolicyGuest& g) { g.report.chip_id.fill(0); }, "fail", "masks its chip id"},
           Row{"snp-policy-id-key", R"("id_block":{"require":true})", [](SnpPolicyGuest& g) { g.report.id_key_digest.fill(0); }, "fail", "without a signed ID block"},
           Row{"snp-policy-id-key", R"("id_block":{"author_required":true})", [](SnpPolicyGuest& g) { g.report.id_key_digest.fill(0); }, "fail", "without a signed ID block"},
           Row{"snp-policy-author-key", R"("id_block":{"author_required":true})", [](SnpPolicyGuest& g) { g.report.signer_info = 0; }, "fail", "not signed by an author key"},
           Row{"snp-policy-author-key", R"("author_key_digest":")" + times("06", 48) + "\"", [](SnpPolicyGuest& g) { g.report.signer_info = 0; }, "fail", "AUTHOR_KEY_EN is 0"},
           Row{"snp-policy-launch-mitigations", R"("mitigation_vector":{"launch":{"require_mask":"1"}})", [](SnpPolicyGuest& g) { g.report.version = 4; }, "fail", "version 5 is needed"},
           Row{"snp-policy-current-mitigations", R"("mitigation_vector":{"current":{"require_mask":"1"}})", [](SnpPolicyGuest& g) { g.report.version = 2; }, "fail", "version 5 is needed"},
           Row{"snp-policy-minimum-tcb", R"("tcb":{"reported":{"min":{"snp":1}}})", [](SnpPolicyGuest& g) { g.product = snp::ProductLine::unknown; }, "error", "product line is not known"},
           Row{"snp-policy-product", R"("product":"Milan")", [](SnpPolicyGuest& g) { g.product = snp::ProductLine::unknown; }, "fail", "not known"},
           Row{"snp-policy-tcb-cert", R"("tcb":{"cert":{"min":{"snp":1}}})", [](SnpPolicyGuest& g) { g.cert_tcb.reset(); }, "error", "no endorsement key certificate"},
           Row{"snp-policy-tcb-cert", R"("tcb":{"cert":{"min":{"snp":1},"severity":"warn"}})", [](SnpPolicyGuest& g) { g.cert_tcb.reset(); }, "warn", "no endorsement key certificate"},
           Row{"snp-vlek-csp-id", R"("csp_id":"aws")", [](SnpPolicyGuest&) {}, "fail", "only a VLEK certificate"},
           Row{"snp-vlek-csp-id", R"("csp_id":"aws")", [](SnpPolicyGuest& g) { g.csp_id = "azure"; }, "fail", "have azure, need aws"},
           Row{"snp-vlek-csp-id", R"("csp_id":{"any_of":["gcp","aws"]})", [](SnpPolicyGuest& g) { g.csp_id = "aws"; }, "pass", "demanded by"},
           Row{"snp-tcb-committed-equals-current", R"("firmware":{"provisional":"forbid"})", [](SnpPolicyGuest& g) { g.report.committed_tcb = SnpPolicyGuest::legacy(4, 1, 19, 100); }, "fail", "provisional"},
           Row{"snp-version-committed-equals-current", R"("firmware":{"provisional":"forbid"})", [](SnpPolicyGuest& g) { g.report.committed_version = {1, 55, 28}; }, "fail", "provisional"},
           Row{"snp-policy-extra-entry", R"("cert_table_entry":[{"guid":"9f4116cd-c503-4f5a-8f6f-fb68882f4ce2"}])", [](SnpPolicyGuest&) {}, "fail", "without a certificate table"},
           Row{"snp-policy-extra-entry", R"("cert_table_entry":[{"guid":"9f4116cd-c503-4f5a-8f6f-fb68882f4ce2"}])", [](SnpPolicyGuest& g) { g.table.emplace(); }, "fail", "no entry"},
       }) {
    CAPTURE(row.check);
    CAPTURE(row.snp);
    SnpPolicyGuest guest;
    row.change(guest);
    const Report report = guest.judge(snp_policy_one("{" + pin + (row.snp.empty() ? "" : "," + row.snp) + "}"));
    const CheckResult* found = report.find(row.check);
    REQUIRE(found);
    CHECK(outcome_name(found->outcome) == row.outcome);
    CAPTURE(found->detail);
    CHECK(found->detail.find(row.says) != std::string::npos);
    const std::string expected = found->outcome == Outcome::pass || found->outcome == Outcome::skip ? "" : std::string(row.check) + "=" + row.outcome + " ";
    CHECK(problems(report) == expected);
    if (found->outcome == Outcome::fail) CHECK(found->on_fail == ExitCode::refused);
  }
}

TEST_CASE("snp policy: a required table entry is found by GUID and compared by digest") {
  SnpPolicyGuest guest;
  const Buffer content = to_buffer("endorsement");
  const auto guid = snp::guid_of(snp::TableEntryKind::gce_endorsement);
  auto table = snp::parse_cert_table(snp::encode_cert_table({{guid, content}}));
  REQUIRE(table);
  guest.table = *table;
  const std::string name = snp::guid_text(guid), digest = hex(crypto::sha256(content));
  const auto with = [&](const std::string& value) { return guest.judge(from_flags({{"--measurement", {kM}}, {"--require-cert-entry", {value}}})); };
  CHECK(problems(with(name)) == "");
  CHECK(problems(with(name + "=" + digest)) == "");
  CHECK(problems(with(name + "=" + times("00", 32))) == "snp-policy-extra-entry=fail ");
  CHECK(problems(with("a8074bc2-a25a-483e-aae6-39c045a0b8a1")) == "snp-policy-extra-entry=fail ");
}

TEST_CASE("snp policy: severity warn is a warning and never an identity") {
  const Report report = SnpPolicyGuest().judge(snp_policy_one(R"({"measurement":")" + kM + R"(","host_data":{"equals":")" + times("00", 32) + R"(","severity":"warn","comment":"since May"}})"));
  CHECK(problems(report) == "snp-policy-host-data=warn ");
  CHECK(report.find("snp-policy-host-data")->detail.find("since May") != std::string::npos);
}

TEST_CASE("snp policy: one alternative must hold completely; parts of two are never combined") {
  const std::string two = R"({"schema":"atls-policy/1","alternatives":[
    {"name":"a","evidence":["snp"],"snp":{"measurement":")" + kM + R"(","vmpl":1}},
    {"name":"b","evidence":["snp"],"snp":{"measurement":")" + kOther + R"(","vmpl":0}}]})";
  const Report both_fail = SnpPolicyGuest().judge(load_policy(two));
  CHECK(problems(both_fail) == "snp-policy-vmpl=fail ");       // ties: the first
  REQUIRE(both_fail.notes.size() == 2);
  CHECK(both_fail.notes[0].find("\"a\", the closest") != std::string::npos);
  CHECK(both_fail.notes[1].find("\"b\" does not hold: snp-policy-measurement") != std::string::npos);

  SnpPolicyGuest guest;
  guest.report.vmpl = 1;
  const Report first = guest.judge(load_policy(two));
  CHECK(problems(first) == "");
  CHECK(first.notes[0].find("\"a\", which holds") != std::string::npos);

  guest.report.vmpl = 0;
  guest.report.measurement.fill(0xab);
  const Report second = guest.judge(load_policy(two));
  CHECK(problems(second) == "");
  CHECK(second.find("snp-policy-vmpl")->detail.find("#/alternatives/1/snp/vmpl") != std::string::npos);
}

TEST_CASE("snp policy: an alternative without identity does not stand in for one with it") {
  const Report report = SnpPolicyGuest().judge(load_policy(R"({"schema":"atls-policy/1","alternatives":[
    {"name":"pinned","evidence":["snp"],"snp":{"measurement":")" + kOther + R"("}},{"name":"vacuous","evidence":["snp"]}]})"));
  CHECK(problems(report) == "snp-policy-measurement=fail ");
}

TEST_CASE("snp policy: a flag and a file must both hold") {
  auto policy = snp_policy_one(R"({"measurement":{"any_of":[")" + kM + "\",\"" + kOther + R"("]},"tcb":{"reported":{"min":{"snp":21}}}})");
  auto flags = policy::read_flags({{"--measurement", {kOther}}, {"--min-tcb", {"snp=22,bootloader=4"}}});
  REQUIRE(flags);
  policy::add_flags(policy, *flags);
  const Report report = SnpPolicyGuest().judge(policy);
  CHECK(problems(report) == "snp-policy-measurement=fail snp-policy-minimum-tcb=fail ");
  CHECK(report.find("snp-policy-measurement")->detail == "not the expected value (--measurement)");
  CHECK(report.find("snp-policy-minimum-tcb")->detail == "snp: have 20, need 21 (p.json#/alternatives/0/snp/tcb/reported); snp: have 20, need 22 (--min-tcb)");
}

TEST_CASE("snp policy: a minimum is compared by component, and only within the layout of the product") {
  SnpPolicyGuest guest;
  guest.report.reported_tcb = SnpPolicyGuest::legacy(4, 0, 20, 0x73);
  CHECK(problems(guest.judge(from_flags({{"--measurement", {kM}}, {"--min-tcb", {"bootloader=10,microcode=10"}}}))) == "snp-policy-minimum-tcb=fail ");   // larger as a number
  guest.product = snp::ProductLine::turin;
  guest.report.reported_tcb = {};
  guest.report.reported_tcb.set(snp::TcbComponent::fmc, snp::TcbLayout::turin, 1);
  guest.report.reported_tcb.set(snp::TcbComponent::snp, snp::TcbLayout::turin, 4);
  CHECK(problems(guest.judge(from_flags({{"--measurement", {kM}}, {"--min-tcb", {"fmc=1,snp=4"}}}))) == "");
  CHECK(problems(guest.judge(from_flags({{"--measurement", {kM}}, {"--min-tcb", {"fmc=2"}}}))) == "snp-policy-minimum-tcb=fail ");
}

TEST_CASE("snp policy: a flag that cannot apply is a wrong command line, unless the evidence was rejected anyway") {
  const auto policy = from_flags({{"--measurement", {kM}}, {"--min-tcb", {"fmc=1"}}});
  CHECK(SnpPolicyGuest().judge(policy).find("snp-policy-minimum-tcb")->on_fail == ExitCode::usage);
  Report rejected;
  rejected.fail(checks::kSnpReportSignature, "made up");
  const SnpPolicyGuest guest;
  evidence::check_snp_policy({guest.report, guest.product, guest.cert_tcb, "", nullptr}, policy, rejected);
  CHECK(rejected.find("snp-policy-minimum-tcb")->on_fail == ExitCode::refused);
}

TEST_CASE("policy kind: a policy or a pin about SEV-SNP never passes other evidence") {
  struct Row { const char* name; policy::Policy policy; const char* format; Outcome outcome; ExitCode code = ExitCode::refused; };
  constexpr ExitCode kUsage = ExitCode::usage;   // a flag that cannot apply is a mistake of the command line
  for (const Row& row : {
           Row{"file and snp", snp_policy_one(R"({"vmpl":0})"), "snp", Outcome::pass},
           Row{"file and dummy", snp_policy_one(R"({"vmpl":0})"), "dummy", Outcome::fail},
           Row{"empty file and dummy", load_policy(R"({"schema":"atls-policy/1","alternatives":[{"evidence":["snp"]}]})"), "dummy", Outcome::fail},
           Row{"pin and dummy", from_flags({{"--measurement", {kM}}}), "dummy", Outcome::fail, kUsage},
           Row{"demand and dummy", from_flags({{"--require-id-block", {}}}), "dummy", Outcome::fail, kUsage},
           Row{"table entry and dummy", from_flags({{"--require-cert-entry", {"a8074bc2-a25a-483e-aae6-39c045a0b8a1"}}}), "dummy", Outcome::fail, kUsage},
           Row{"pin and snp", from_flags({{"--measurement", {kM}}}), "snp", Outcome::pass},
           Row{"nothing and dummy", from_flags({}), "dummy", Outcome::pass},
           Row{"no alternative and dummy", policy::Policy{}, "dummy", Outcome::pass},
       }) {
    CAPTURE(row.name);
    Report report;
    evidence::check_evidence_kind(row.format, row.policy, report);
    CHECK(report.outcome_of(checks::kPolicyEvidenceKind) == row.outcome);
    if (row.outcome == Outcome::fail) CHECK(report.find("policy-evidence-kind")->on_fail == row.code);
  }
}
