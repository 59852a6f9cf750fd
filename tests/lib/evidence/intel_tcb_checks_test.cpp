// check_tcb over a made-up case: which check tells what, and that documents whose own checks did not hold decide nothing.
#include <doctest/doctest.h>

#include <algorithm>

#include "evidence/intel_case.hpp"
#include "evidence/intel_tcb_status.hpp"
#include "lib/evidence/intel_tcb_fixture.hpp"
#include "report/checks_intel.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
using namespace atls::evidence;
using namespace atls::checks;

namespace {

constexpr const CheckSpec* kInfoChecks[] = {&kTcbInfoParse, &kTcbInfoIdVersion, &kTcbInfoSignerChain, &kTcbInfoSignature, &kTcbInfoTime, &kTcbInfoFmspc, &kTcbInfoPceid, &kTcbInfoTcbtype};
constexpr const CheckSpec* kIdentityChecks[] = {&kQeIdentityParse, &kQeIdentityIdVersion, &kQeIdentitySignerChain, &kQeIdentitySignature, &kQeIdentityTime};
constexpr const CheckSpec* kArea[] = {&kQeMiscselect, &kQeAttributes, &kQeMrsigner, &kQeIsvprodid, &kQeDebug, &kQeTcbLevel, &kTdxModuleMrsigner, &kTdxModuleAttributes,
                                      &kTdxModuleIdentity, &kTdxModuleTcbLevel, &kPlatformTcbLevel, &kTdRelaunch};

struct World : test::TcbWorld {
  policy::Policy policy;
  intel::SgxReport enclave;
  bool has_info = true, has_identity = true;
  std::vector<std::pair<const CheckSpec*, Outcome>> earlier;   // instead of pass
  TcbVerdict tcb;

  World() {
    qe.misc_select_mask.fill(0xFF);
    qe.attributes = {0x11};
    qe.attributes_mask = {0xFB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    qe.mr_signer.fill(0xDC);
    qe.isv_prod_id = 2;
    enclave = *intel::parse_sgx_report(Buffer(intel::kSgxReportSize, 0));
    enclave.attributes = {0x15, 0, 0, 0, 0, 0, 0, 0, 0xE7};
    enclave.mr_signer.fill(0xDC);
    enclave.isv_prod_id = 2;
  }

  Report operator()() {
    IntelCase c;
    intel::Quote quote = test::quote(svn2 ? 5 : tdx ? 4 : 3, svn2 ? 3 : 2);
    if (tdx) {
      auto& td = std::get<intel::TdReport>(quote.body);
      td.tee_tcb_svn = svn;
      td.tee_tcb_svn2 = svn2;
      td.mr_signer_seam = signer;
      td.seam_attributes = seam_attributes;
    }
    enclave.isv_svn = qe_svn;
    quote.qe_report = enclave;
    c.quote = std::move(quote);
    c.extension = pck;
    if (has_info) c.tcb_info.emplace().document = std::make_shared<const intel::TcbInfo>(info);
    if (has_identity) c.qe_identity.emplace().document = std::make_shared<const intel::QeIdentity>(qe);
    const TrustStore trust = TrustStore::builtin();
    const Collateral collateral;
    const Context context{policy, trust, collateral, *parse_rfc3339("2026-06-01")};
    Report report;
    const auto record = [&](const CheckSpec* spec) {
      Outcome outcome = Outcome::pass;
      for (const auto& [changed, to] : earlier)
        if (changed == spec) outcome = to;
      report.add(*spec, outcome, "as the test says");
    };
    if (has_info) std::for_each(std::begin(kInfoChecks), std::end(kInfoChecks), record);
    if (has_identity) std::for_each(std::begin(kIdentityChecks), std::end(kIdentityChecks), record);
    record(&kTcbSignerRevoked);
    tcb = check_tcb(c, context, report);
    judge_tcb_status(tcb, {}, policy, context.now, report);
    return report;
  }
};

std::string failed(const Report& report) {
  std::string out;
  for (const CheckResult& c : report.checks)
    if (c.outcome == Outcome::fail && c.detail != "as the test says") out += (out.empty() ? "" : " ") + std::string(c.spec->id);
  return out;
}

}  // namespace

TEST_CASE("check_tcb: everything as it should be") {
  World w;
  const Report r = w();
  for (const CheckSpec* spec : kArea) {
    CAPTURE(spec->id);
    REQUIRE(r.find(spec->id));
    CHECK(r.outcome_of(*spec) == (spec == &kTdRelaunch ? Outcome::skip : Outcome::pass));
  }
  CHECK(r.outcome_of(kTcbStatus) == Outcome::pass);
  REQUIRE(r.tcb);
  CHECK(r.tcb->status == "UpToDate");
  CHECK(r.tcb->next_steps.empty());
  CHECK_FALSE(r.tcb->goal);
  CHECK_FALSE(r.tcb->nearest);

  World sgx;
  sgx.make_sgx();
  sgx.qe.isv_prod_id = sgx.enclave.isv_prod_id = 1;
  const Report s = sgx();
  CHECK(failed(s) == "");
  CHECK(s.outcome_of(kTcbStatus) == Outcome::pass);
  for (const CheckSpec* spec : {&kTdxModuleMrsigner, &kTdxModuleAttributes, &kTdxModuleIdentity, &kTdxModuleTcbLevel, &kTdRelaunch}) CHECK(s.outcome_of(*spec) == Outcome::skip);
}

TEST_CASE("check_tcb: each deviation fails its own check") {
  struct Row { const char* name; void (*change)(World&); const char* failed; const char* status; };
  const Row rows[] = {
      {"QE miscselect", [](World& w) { w.enclave.misc_select = 1; }, "qe-miscselect", "UpToDate"},
      {"QE attribute", [](World& w) { w.enclave.attributes[0] |= 0x20; }, "qe-attributes", "UpToDate"},
      {"QE attribute outside the mask", [](World& w) { w.enclave.attributes[0] ^= 0x04; }, "", "UpToDate"},
      {"QE xfrm outside the mask", [](World& w) { w.enclave.attributes[8] = 3; }, "", "UpToDate"},
      {"QE signer", [](World& w) { w.enclave.mr_signer[31] = 0; }, "qe-mrsigner", "UpToDate"},
      {"QE product", [](World& w) { w.enclave.isv_prod_id = 1; }, "qe-isvprodid", "UpToDate"},
      {"QE debug", [](World& w) { w.enclave.attributes[0] |= 2; }, "qe-debug qe-attributes", "UpToDate"},
      {"QE debug that its identity allows", [](World& w) { w.enclave.attributes[0] |= 2; w.qe.attributes_mask[0] = 0; w.qe.attributes[0] = 0; }, "qe-debug", "UpToDate"},
      {"expected miscselect outside its mask", [](World& w) { w.qe.misc_select[0] = 1; w.qe.misc_select_mask[0] = 0; }, "qe-miscselect", "UpToDate"},
      {"QE level", [](World& w) { w.qe_svn = 3; }, "qe-tcb-level", "NOT_SUPPORTED"},
      {"QE out of date", [](World& w) { w.qe_svn = 4; }, "tcb-status", "OutOfDate"},
      {"QE revoked", [](World& w) { w.qe.levels[0].status = "Revoked"; }, "tcb-status", "Revoked"},
      {"module signer", [](World& w) { w.signer[0] = 1; }, "tdx-module-mrsigner", "NOT_SUPPORTED"},
      {"module attributes", [](World& w) { w.seam_attributes = 1; }, "tdx-module-attributes", "NOT_SUPPORTED"},
      {"module attributes that the collateral expects", [](World& w) { w.seam_attributes = w.info.tdx_module_identities[1].attributes[0] = 1; }, "tdx-module-attributes", "NOT_SUPPORTED"},
      {"module attributes outside the mask", [](World& w) { w.seam_attributes = 1; w.info.tdx_module_identities[1].attributes_mask[0] = 0; }, "tdx-module-attributes", "NOT_SUPPORTED"},
      {"module identity", [](World& w) { w.info.tdx_module_identities.pop_back(); }, "tdx-module-identity", "NOT_SUPPORTED"},
      {"no module identities", [](World& w) { w.info.tdx_module_identities.clear(); }, "tdx-module-identity", "NOT_SUPPORTED"},
      {"module level", [](World& w) { w.info.tdx_module_identities[1].levels = {test::TcbWorld::isv(9, "UpToDate", "2025-01-01T00:00:00Z")}; }, "tdx-module-tcb-level", "NOT_SUPPORTED"},
      {"module out of date", [](World& w) { w.svn[0] = 5; }, "tcb-status", "OutOfDate"},
      {"platform level", [](World& w) { w.pck.components[7] = 3; }, "platform-tcb-level", "NOT_SUPPORTED"},
      {"platform without levels", [](World& w) { w.info.levels.clear(); }, "platform-tcb-level", "NOT_SUPPORTED"},
      {"platform out of date", [](World& w) { w.pck.pce_svn = 12; }, "tcb-status", "OutOfDate"},
      {"platform revoked", [](World& w) { w.info.levels[0].status = "Revoked"; }, "tcb-status", "Revoked"},
      {"unknown status", [](World& w) { w.info.levels[0].status = "Fine"; }, "tcb-status", "NOT_SUPPORTED"},
      {"relaunch advised", [](World& w) { w.svn = {4, 1, 3}; w.svn2 = {6, 1, 3}; }, "tcb-status", "TDRelaunchAdvised"},
      {"relaunch from an up-to-date module", [](World& w) { w.svn2 = {7, 1, 3}; }, "", "UpToDate"},
      {"no identity for what runs now", [](World& w) { w.svn2 = {6, 2, 3}; }, "tdx-module-identity", "NOT_SUPPORTED"},
      {"no level for what runs now", [](World& w) { w.svn2 = {6, 1, 0}; }, "platform-tcb-level", "NOT_SUPPORTED"},
      {"what runs now is revoked", [](World& w) { w.svn = {6, 1, 3}; w.svn2 = {5, 1, 3}; w.info.tdx_module_identities[1].levels[1].status = "Revoked"; }, "td-relaunch", "UpToDate"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World w;
    row.change(w);
    const Report r = w();
    CHECK(failed(r) == row.failed);
    REQUIRE(r.find("tcb-status"));
    CHECK(r.find("tcb-status")->actual == row.status);
    CHECK((r.outcome_of(kTcbStatus) == Outcome::pass) == (std::string(row.status) == "UpToDate"));
    for (const CheckSpec* spec : kArea) CHECK(r.find(spec->id));
    REQUIRE(r.tcb);
    CHECK(r.tcb->status == row.status);
    if (std::string(row.status) != "UpToDate") CHECK_FALSE(r.tcb->next_steps.empty());
    if (r.outcome_of(kTdRelaunch) == Outcome::fail) CHECK(r.find("td-relaunch")->on_fail == ExitCode::rejected);
  }
}

TEST_CASE("check_tcb: relaunch is told with what runs now") {
  World w;
  w.svn = {4, 1, 3};
  w.svn2 = {6, 1, 3};
  const Report r = w();
  CHECK(r.outcome_of(kTdRelaunch) == Outcome::warn);
  CHECK(r.find("td-relaunch")->detail.find("the one that runs now is UpToDate") != std::string::npos);
  REQUIRE(r.tcb->current);
  CHECK(r.tcb->current->status == "UpToDate");
  REQUIRE(r.tcb->next_steps.size() == 1);
  CHECK(r.tcb->next_steps[0].find("restart the TD") != std::string::npos);
  World same;
  same.svn2 = same.svn;
  CHECK(same().outcome_of(kTdRelaunch) == Outcome::pass);
}

TEST_CASE("check_tcb: documents decide only when all their own checks hold") {
  for (const Outcome outcome : {Outcome::fail, Outcome::error, Outcome::skip}) {
    for (const CheckSpec* spec : kInfoChecks) {
      CAPTURE(spec->id);
      World w;
      w.policy.allow_missing_collateral = true;          // it is there, so nothing is missing
      w.earlier = {{spec, outcome}};
      const Report r = w();
      for (const CheckSpec* mine : {&kTdxModuleMrsigner, &kTdxModuleIdentity, &kPlatformTcbLevel, &kTcbStatus}) CHECK(r.outcome_of(*mine) == Outcome::error);
      CHECK(r.outcome_of(kQeTcbLevel) == Outcome::pass);
      CHECK_FALSE(w.tcb.evaluation);
      CHECK_FALSE(r.tcb);
    }
    for (const CheckSpec* spec : kIdentityChecks) {
      CAPTURE(spec->id);
      World w;
      w.policy.allow_missing_collateral = true;
      w.earlier = {{spec, outcome}};
      const Report r = w();
      for (const CheckSpec* mine : {&kQeMrsigner, &kQeTcbLevel, &kTcbStatus}) CHECK(r.outcome_of(*mine) == Outcome::error);
      CHECK_FALSE(w.tcb.evaluation);
    }
  }
  World revoked;
  revoked.earlier = {{&kTcbSignerRevoked, Outcome::fail}};
  const Report r = revoked();
  for (const CheckSpec* mine : {&kQeMrsigner, &kPlatformTcbLevel, &kTcbStatus}) CHECK(r.outcome_of(*mine) == Outcome::error);
  World expired;                                         // told as a warning where that is allowed
  expired.earlier = {{&kTcbInfoTime, Outcome::warn}, {&kQeIdentityTime, Outcome::warn}};
  CHECK(expired().outcome_of(kTcbStatus) == Outcome::pass);
}

TEST_CASE("check_tcb: missing documents are an error, and where that is allowed a skip that hides nothing") {
  for (const bool allowed : {false, true}) {
    World none;
    none.policy.allow_missing_collateral = allowed;
    none.has_info = none.has_identity = false;
    const Report r = none();
    for (const CheckSpec* spec : kArea)
      if (spec != &kQeDebug && spec != &kTdRelaunch) CHECK(r.outcome_of(*spec) == (allowed ? Outcome::skip : Outcome::error));
    CHECK(r.outcome_of(kTcbStatus) == (allowed ? Outcome::skip : Outcome::error));

    World no_identity;
    no_identity.policy.allow_missing_collateral = allowed;
    no_identity.has_identity = false;
    const Report n = no_identity();
    CHECK(n.outcome_of(kPlatformTcbLevel) == Outcome::pass);
    CHECK(n.outcome_of(kTcbStatus) == (allowed ? Outcome::warn : Outcome::error));

    World bad_platform = no_identity;
    bad_platform.pck.pce_svn = 12;
    CHECK(bad_platform().outcome_of(kTcbStatus) == (allowed ? Outcome::fail : Outcome::error));

    World bad_qe;
    bad_qe.policy.allow_missing_collateral = allowed;
    bad_qe.has_info = false;
    bad_qe.qe.levels[0].status = "Revoked";
    CHECK(bad_qe().outcome_of(kTcbStatus) == (allowed ? Outcome::fail : Outcome::error));
  }
  World debug;                                           // needs no document
  debug.has_info = debug.has_identity = false;
  debug.enclave.attributes[0] |= 2;
  CHECK(failed(debug()) == "qe-debug");
}

TEST_CASE("check_tcb: an override lowers what the levels demand, and is told with its reason") {
  const auto file = [](const char* fmspc, const char* rest) {
    return to_buffer(std::string(R"({"schema":"atls-tcb-override/1","overrides":[{"fmspc":")") + fmspc + R"(",)" + rest + R"("reason":"Azure platforms report 3"}]})");
  };
  World w;
  w.pck.components[7] = 3;
  w.pck.cpu_svn[7] = 3;
  w.policy.tcb_override = file("90C06F000000", R"("components":"sgx","index":7,"cap":3,)");
  const Report r = w();
  CHECK(r.outcome_of(kPlatformTcbLevel) == Outcome::warn);
  CHECK(r.find("platform-tcb-level")->detail.find("Azure platforms report 3") != std::string::npos);
  CHECK(r.outcome_of(kTcbStatus) == Outcome::pass);
  CHECK(r.tcb->overrides.find("in 3 of 3 levels") != std::string::npos);
  CHECK(w.info.levels[0].sgx[7].svn == 5);

  for (const auto& [fmspc, rest] : {std::pair{"90c06f000001", R"("components":"sgx","index":7,"cap":3,)"}, {"90c06f000000", R"("tee":"sgx","components":"sgx","index":7,"cap":3,)"},
                                   {"90c06f000000", R"("components":"sgx","index":7,"cap":4,)"}, {"90c06f000000", R"("components":"tdx","index":7,"cap":0,)"}}) {
    World other = w;
    other.policy.tcb_override = file(fmspc, rest);
    CHECK(failed(other()) == "platform-tcb-level");
  }
  World unneeded;                                        // told even where it changes nothing
  unneeded.policy.tcb_override = file("00806f050000", R"("components":"sgx","index":7,"cap":3,)");
  CHECK(unneeded().outcome_of(kPlatformTcbLevel) == Outcome::warn);
  World broken;
  broken.policy.tcb_override = to_buffer(std::string("{}"));
  const Report b = broken();
  CHECK(b.outcome_of(kPlatformTcbLevel) == Outcome::fail);
  CHECK(b.find("platform-tcb-level")->on_fail == ExitCode::usage);
  CHECK(b.outcome_of(kTcbStatus) == Outcome::error);
}

TEST_CASE("check_tcb: with another profile its status is told, and a profile that does not exist is refused") {
  World w;
  w.pck.pce_svn = 12;
  w.policy.tcb_profile = "go-tdx-guest";
  const Report go = w();
  CHECK(go.find("tcb-status")->actual == "UpToDate");
  CHECK(go.outcome_of(kTcbStatus) == Outcome::warn);
  CHECK(go.tcb->profile == "go-tdx-guest");
  w.policy.tcb_profile = "dcap-qvl";
  CHECK(w().find("tcb-status")->actual == "OutOfDate");
  w.policy.tcb_profile = "qvl";
  const Report r = w();
  CHECK(r.outcome_of(kPlatformTcbLevel) == Outcome::fail);
  CHECK(r.outcome_of(kTcbStatus) == Outcome::error);

  World rust;                                            // it compares the first TDX component, too
  rust.svn = {4, 1, 3};
  rust.info.tdx_module_identities[1].levels[0].isv_svn = 4;
  rust.policy.tcb_profile = "dcap-qvl";
  CHECK(failed(rust()) == "platform-tcb-level");
  rust.policy.tcb_profile = "qvl-2026";
  CHECK(failed(rust()) == "");
}

TEST_CASE("check_tcb: the explanation says what is missing, who can fix it, and which level is nearest") {
  World w;
  w.pck.components[0] = 2;
  w.pck.pce_svn = 5;
  w.svn = {5, 1, 2};
  w.info.levels[0].sgx[0].category = "BIOS";
  w.info.levels[0].sgx[0].type = "Early Microcode Update";
  (*w.info.levels[0].tdx)[2].type = "TDX Late Microcode Update";
  const Report r = w();
  const TcbExplanation& t = *r.tcb;
  CHECK(t.status == "OutOfDate");
  CHECK(t.parts.size() == 3);
  CHECK(t.parts[0].status == "OutOfDate");
  CHECK(t.parts[1].id == "TDX_01");
  REQUIRE(t.nearest);
  CHECK(t.nearest->status == "UpToDate");
  REQUIRE(t.goal);
  std::string missing;
  for (const auto& m : t.goal->missing) missing += m.name + ":" + std::to_string(m.have) + "<" + std::to_string(m.need) + " ";
  CHECK(missing == "sgx-0:2<3 pce:5<13 tdx-2:2<3 tdx-module:5<6 ");
  std::string steps;
  for (const std::string& s : t.next_steps) steps += s + "\n";
  for (const char* words : {"BIOS of the platform's maker (raises SGX component 0)", "microcode package", "TDX module of the host (raises TDX module)", "DCAP packages", "restart the TD", "new PCK certificate"})
    CHECK(steps.find(words) != std::string::npos);
  REQUIRE(t.components.size() == 16 + 1 + 16 + 2);
  CHECK(t.components[17].name == "tdx-0");
  CHECK_FALSE(t.components[17].compared);                // left to the identity of the module
  CHECK_FALSE(t.components[17].is_short());

  World none;
  none.pck.components[7] = 3;
  const Report n = none();
  CHECK(n.find("platform-tcb-level")->detail.find("the nearest is UpToDate of 2024-03-13T00:00:00Z, for which it lacks SGX component 7 (3, needs 5)") != std::string::npos);
}

TEST_CASE("check_tcb: profiles are compared on request, with the reason of each difference") {
  World w;
  CHECK(w().tcb->profiles.empty());
  w.policy.compare_tcb_profiles = true;
  CHECK(w().tcb->profiles.size() == 4);
  CHECK(w().tcb->differences.empty());
  const auto differences = [&] {
    std::string all;
    const Report r = w();
    for (const std::string& d : r.tcb->differences) all += d + "\n";
    return all;
  };
  w.pck.pce_svn = 12;
  CHECK(differences().find("go-tdx-guest does not look at the status of the platform's level (OutOfDate)") != std::string::npos);
  w = World();
  w.policy.compare_tcb_profiles = true;
  w.svn = {4, 1, 3};
  w.info.tdx_module_identities[1].levels[0].isv_svn = 4;
  CHECK(differences().find("component 0 is 4, and the level has 5") != std::string::npos);
  w.svn2 = {6, 1, 3};
  w.info.tdx_module_identities[1].levels = {test::TcbWorld::isv(6, "UpToDate", "2025-01-01T00:00:00Z"), test::TcbWorld::isv(4, "OutOfDate", "2024-01-01T00:00:00Z")};
  CHECK(differences().find("know no relaunch") != std::string::npos);
}
