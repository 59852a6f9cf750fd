// The four TCB algorithms, point by point of how they differ.
#include <doctest/doctest.h>

#include <functional>

#include "lib/evidence/intel_tcb_fixture.hpp"

using namespace atls;
using namespace atls::evidence;
using test::TcbWorld;

namespace {

constexpr auto kQvl = TcbProfile::qvl_2026;
constexpr auto kOld = TcbProfile::qvl_2024;
constexpr auto kGo = TcbProfile::go_tdx_guest;
constexpr auto kRust = TcbProfile::dcap_qvl;

struct Row {
  const char* name;
  void (*change)(TcbWorld&);
  const char *qvl, *old, *go, *rust;
};

void check_rows(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    TcbWorld w;
    row.change(w);
    CHECK(w.status(kQvl) == row.qvl);
    CHECK(w.status(kOld) == row.old);
    CHECK(w.status(kGo) == row.go);
    CHECK(w.status(kRust) == row.rust);
    for (const TcbProfile p : tcb_profiles())
      if (w.status(p) == "NOT_SUPPORTED") {
        CHECK_FALSE(w.run(p).why.empty());
        CHECK(w.run(p).library == LibraryAnswer::refuses);
      }
  }
}

constexpr const char *kUp = "UpToDate", *kSw = "SWHardeningNeeded", *kConf = "ConfigurationNeeded", *kBoth = "ConfigurationAndSWHardeningNeeded", *kOut = "OutOfDate",
                     *kOutConf = "OutOfDateConfigurationNeeded", *kRevoked = "Revoked", *kNone = "NOT_SUPPORTED", *kRelaunch = "TDRelaunchAdvised",
                     *kRelaunchConf = "TDRelaunchAdvisedConfigurationNeeded";

}  // namespace

TEST_CASE("TCB: a platform that reaches the top level in every part is up to date for every verifier") {
  const TcbWorld w;
  for (const TcbProfile p : tcb_profiles()) {
    CAPTURE(tcb_profile_name(p));
    const TcbEvaluation e = w.run(p);
    CHECK(e.status == TcbStatus::up_to_date);
    CHECK(e.library == LibraryAnswer::accepts);
    CHECK(e.why.empty());
    CHECK(e.platform_level == 0);
    CHECK(e.module_level == 0);
    REQUIRE(e.module != nullptr);
    CHECK(e.module->id == "TDX_01");
    CHECK(e.qe_level == 0);
    CHECK(e.tcb_date == "2024-03-13T00:00:00Z");
    CHECK(e.advisories.empty());
    CHECK_FALSE(e.current);
  }
}

TEST_CASE("TCB: names of statuses and profiles go there and back") {
  for (int i = 0; i <= static_cast<int>(TcbStatus::not_supported); ++i) CHECK(tcb_status_from(tcb_status_name(static_cast<TcbStatus>(i))) == static_cast<TcbStatus>(i));
  for (const TcbProfile p : tcb_profiles()) CHECK(tcb_profile_from(tcb_profile_name(p)) == p);
  CHECK(tcb_profiles().size() == 4);
  for (const char* bad : {"", "uptodate", "UpToDate ", "qvl", "NoMatchingLevel"}) {
    CHECK_FALSE(tcb_status_from(bad));
    CHECK_FALSE(tcb_profile_from(bad));
  }
}

TEST_CASE("TCB: status of the platform") {
  for (const char* status : {kUp, kSw, kConf, kBoth, kOut, kOutConf, kRevoked}) {
    CAPTURE(status);
    TcbWorld w;
    w.info.levels[0].status = status;
    CHECK(w.status(kQvl) == status);
    CHECK(w.status(kOld) == status);
    CHECK(w.status(kRust) == status);
    CHECK(w.status(kGo) == kUp);          // the module's level counts alone
    w.svn = {5, 0, 3};                    // a module without an identity
    CHECK(w.status(kQvl) == status);
    CHECK(w.status(kOld) == status);
    CHECK(w.status(kRust) == status);
    CHECK(w.status(kGo) == status);
    CHECK((w.run(kGo).library == LibraryAnswer::accepts) == (std::string(status) == kUp));
    CHECK((w.run(kRust).library == LibraryAnswer::refuses) == (std::string(status) == kRevoked));
    CHECK((w.run(kQvl).library == LibraryAnswer::accepts) == (std::string(status) == kUp));
    CHECK((w.run(kQvl).library == LibraryAnswer::refuses) == (std::string(status) == kRevoked));
  }
}

TEST_CASE("TCB: what parts of the platform do to its status") {
  struct Merge { const char *platform, *part, *qvl, *rust; };
  constexpr Merge kMerges[] = {
      {kUp, kOut, kOut, kOut},           {kSw, kOut, kOut, kOut},           {kConf, kOut, kOutConf, kOut},       {kBoth, kOut, kOutConf, kOut},
      {kOut, kOut, kOut, kOut},          {kOutConf, kOut, kOutConf, kOutConf}, {kRevoked, kOut, kRevoked, kRevoked},
      {kUp, kRevoked, kRevoked, kRevoked}, {kSw, kRevoked, kRevoked, kRevoked}, {kConf, kRevoked, kRevoked, kRevoked}, {kBoth, kRevoked, kRevoked, kRevoked},
      {kOut, kRevoked, kRevoked, kRevoked}, {kOutConf, kRevoked, kRevoked, kRevoked}, {kRevoked, kRevoked, kRevoked, kRevoked},
  };
  for (const Merge& m : kMerges) {
    CAPTURE(m.platform);
    CAPTURE(m.part);
    TcbWorld module, qe;
    module.info.levels[0].status = qe.info.levels[0].status = m.platform;
    module.info.tdx_module_identities[1].levels[0].status = m.part;
    qe.qe.levels[0].status = m.part;
    for (const TcbProfile p : {kQvl, kOld}) {
      CHECK(module.status(p) == m.qvl);
      CHECK(qe.status(p) == m.qvl);
    }
    CHECK(module.status(kRust) == m.rust);
    CHECK(qe.status(kRust) == m.rust);
    CHECK(module.status(kGo) == m.part);
    CHECK(qe.status(kGo) == m.part);
    CHECK(module.run(kGo).library == LibraryAnswer::refuses);
    CHECK(qe.run(kGo).library == LibraryAnswer::refuses);
  }
}

TEST_CASE("TCB: statuses that a part may have, and what they change") {
  check_rows({
      {"QE ConfigurationNeeded has no effect for Intel", [](TcbWorld& w) { w.qe.levels[0].status = "ConfigurationNeeded"; }, kUp, kUp, kConf, kConf},
      {"QE OutOfDateConfigurationNeeded has no effect for Intel", [](TcbWorld& w) { w.qe.levels[0].status = "OutOfDateConfigurationNeeded"; }, kUp, kUp, kOutConf, kOutConf},
      {"QE SWHardeningNeeded is not known to Intel", [](TcbWorld& w) { w.qe.levels[0].status = "SWHardeningNeeded"; }, kNone, kNone, kSw, kSw},
      {"module SWHardeningNeeded is not known to Intel", [](TcbWorld& w) { w.info.tdx_module_identities[1].levels[0].status = "SWHardeningNeeded"; }, kNone, kNone, kSw, kSw},
      {"module ConfigurationNeeded is not known to Intel", [](TcbWorld& w) { w.info.tdx_module_identities[1].levels[0].status = "ConfigurationNeeded"; }, kNone, kNone, kConf, kConf},
      {"unknown status of the platform", [](TcbWorld& w) { w.info.levels[0].status = "Fine"; }, kNone, kNone, kNone, kNone},
      {"unknown status of the module", [](TcbWorld& w) { w.info.tdx_module_identities[1].levels[0].status = ""; }, kNone, kNone, kNone, kNone},
      {"unknown status of the QE", [](TcbWorld& w) { w.qe.levels[0].status = "uptodate"; }, kNone, kNone, kNone, kNone},
      {"a status that only an evaluation gives", [](TcbWorld& w) { w.info.levels[0].status = "TDRelaunchAdvised"; }, kNone, kNone, kNone, kNone},
      {"unknown status of a level that does not matter", [](TcbWorld& w) { w.info.levels[2].status = "Fine"; }, kUp, kUp, kNone, kNone},
  });
}

TEST_CASE("TCB: which level of the platform matches") {
  check_rows({
      {"one SGX component below the top", [](TcbWorld& w) { w.pck.components[0] = w.pck.cpu_svn[0] = 2; }, kOut, kOut, kUp, kOut},
      {"PCE below the top", [](TcbWorld& w) { w.pck.pce_svn = 12; }, kOut, kOut, kUp, kOut},
      {"microcode of TDX below the top", [](TcbWorld& w) { w.svn[2] = 2; }, kOut, kOut, kUp, kOut},
      {"below every level in SGX", [](TcbWorld& w) { w.pck.components[7] = w.pck.cpu_svn[7] = 3; }, kNone, kNone, kNone, kNone},
      {"below every level in PCE", [](TcbWorld& w) { w.pck.pce_svn = 4; }, kNone, kNone, kNone, kNone},
      {"below every level in TDX", [](TcbWorld& w) { w.svn[2] = 1; }, kNone, kNone, kNone, kNone},
      {"no levels at all", [](TcbWorld& w) { w.info.levels.clear(); }, kNone, kNone, kNone, kNone},
      {"a level without TDX components", [](TcbWorld& w) { for (auto& l : w.info.levels) l.tdx.reset(); }, kNone, kNone, kNone, kNone},
      {"the first two TDX components with a module identity", [](TcbWorld& w) { w.svn = {4, 1, 3}; w.info.tdx_module_identities[1].levels[0].isv_svn = 4; }, kUp, kUp, kUp, kNone},
      {"the first TDX component without a module identity", [](TcbWorld& w) { w.svn = {4, 0, 3}; }, kNone, kNone, kNone, kNone},
      {"CPUSVN and components differ", [](TcbWorld& w) { w.pck.cpu_svn[0] = 2; }, kUp, kUp, kUp, kOut},
      {"components and CPUSVN differ", [](TcbWorld& w) { w.pck.components[0] = 2; }, kOut, kOut, kUp, kUp},
  });
}

TEST_CASE("TCB: levels are tried in descending order, except by go-tdx-guest") {
  TcbWorld w;
  w.svn = {5, 0, 3};
  std::swap(w.info.levels[0], w.info.levels[2]);
  CHECK(w.status(kQvl) == kUp);
  CHECK(w.status(kOld) == kUp);
  CHECK(w.status(kRust) == kUp);
  CHECK(w.status(kGo) == kOut);
  CHECK(sorted_levels(w.info) == std::vector<std::size_t>{2, 1, 0});
  CHECK(w.run().platform_level == 2);

  TcbWorld tie;                             // equal in SGX and PCE: TDX components decide, then the order of the document
  tie.info.levels = {TcbWorld::level({1}, 5, {1}, "OutOfDate", "2020-01-01T00:00:00Z"), TcbWorld::level({1}, 5, {2}, "UpToDate", "2021-01-01T00:00:00Z"),
                     TcbWorld::level({1}, 6, {0}, "SWHardeningNeeded", "2022-01-01T00:00:00Z"), TcbWorld::level({1}, 5, {2}, "Revoked", "2021-01-01T00:00:00Z")};
  CHECK(sorted_levels(tie.info) == std::vector<std::size_t>{2, 1, 3, 0});
}

TEST_CASE("TCB: levels of module and QE") {
  check_rows({
      {"module one below", [](TcbWorld& w) { w.svn[0] = 5; }, kOut, kOut, kOut, kOut},
      {"module below every level", [](TcbWorld& w) { w.svn[0] = 3; w.info.levels[0].tdx.reset(); w.info.levels[0] = w.level({3, 3}, 13, {0, 0, 3}, "UpToDate", "2024-03-13T00:00:00Z"); }, kNone, kNone, kNone, kNone},
      {"QE one below", [](TcbWorld& w) { w.qe_svn = 6; }, kOut, kOut, kOut, kOut},
      {"QE below every level", [](TcbWorld& w) { w.qe_svn = 3; }, kNone, kNone, kNone, kNone},
      {"QE without levels", [](TcbWorld& w) { w.qe.levels.clear(); }, kNone, kNone, kNone, kNone},
      {"identity without levels", [](TcbWorld& w) { w.info.tdx_module_identities[1].levels.clear(); }, kNone, kNone, kNone, kNone},
      {"no identity for the version", [](TcbWorld& w) { w.info.tdx_module_identities.pop_back(); }, kNone, kNone, kNone, kNone},
      {"no identities at all", [](TcbWorld& w) { w.info.tdx_module_identities.clear(); }, kNone, kNone, kNone, kUp},
      {"no identity needed", [](TcbWorld& w) { w.svn = {5, 0, 3}; w.info.tdx_module_identities.clear(); }, kUp, kUp, kUp, kUp},
      {"identity in lower case", [](TcbWorld& w) { w.info.tdx_module_identities[1].id = "tdx_01"; }, kUp, kUp, kNone, kUp},
      {"version 0A in upper case", [](TcbWorld& w) { w.svn[1] = 10; w.info.tdx_module_identities[1].id = "TDX_0A"; }, kUp, kUp, kNone, kUp},
      {"version 0A in lower case", [](TcbWorld& w) { w.svn[1] = 10; w.info.tdx_module_identities[1].id = "TDX_0a"; }, kUp, kUp, kUp, kUp},
      {"an identity of one digit", [](TcbWorld& w) { w.info.tdx_module_identities[1].id = "TDX_1"; }, kNone, kNone, kNone, kNone},
  });
}

TEST_CASE("TCB: signer and attributes of the TDX module") {
  check_rows({
      {"another signer", [](TcbWorld& w) { w.signer[0] = 1; }, kNone, kNone, kNone, kNone},
      {"a signer that only the identity names", [](TcbWorld& w) { w.signer[0] = w.info.tdx_module_identities[1].mr_signer[0] = 1; }, kUp, kUp, kNone, kUp},
      {"a signer that only the base names", [](TcbWorld& w) { w.signer[0] = w.info.tdx_module->mr_signer[0] = 1; }, kNone, kNone, kUp, kNone},
      {"a signer of the base, without identity", [](TcbWorld& w) { w.svn = {5, 0, 3}; w.signer[0] = w.info.tdx_module->mr_signer[0] = 1; }, kUp, kUp, kUp, kUp},
      {"an attribute", [](TcbWorld& w) { w.seam_attributes = 1; }, kNone, kNone, kNone, kNone},
      {"an attribute that the collateral names", [](TcbWorld& w) { w.seam_attributes = w.info.tdx_module_identities[1].attributes[0] = w.info.tdx_module->attributes[0] = 1; }, kNone, kNone, kUp, kUp},
      {"an attribute that only the identity names", [](TcbWorld& w) { w.seam_attributes = w.info.tdx_module_identities[1].attributes[0] = 1; }, kNone, kNone, kNone, kUp},
      {"an attribute outside the mask", [](TcbWorld& w) { w.seam_attributes = std::uint64_t{1} << 40; w.info.tdx_module->attributes_mask[5] = w.info.tdx_module_identities[1].attributes_mask[5] = 0; }, kNone, kNone, kUp, kNone},
      {"the collateral expects an attribute that is not there", [](TcbWorld& w) { w.info.tdx_module_identities[1].attributes[0] = w.info.tdx_module->attributes[0] = 1; }, kNone, kNone, kNone, kNone},
      {"TCB info without tdxModule", [](TcbWorld& w) { w.info.tdx_module.reset(); }, kNone, kNone, kNone, kNone},
  });
}

TEST_CASE("TCB: documents about something else match nothing") {
  check_rows({
      {"FMSPC", [](TcbWorld& w) { w.info.fmspc = "00806f050000"; }, kNone, kNone, kNone, kNone},
      {"FMSPC in the other letter case", [](TcbWorld& w) { w.info.fmspc = "90c06f000000"; }, kUp, kUp, kUp, kUp},
      {"PCE-ID", [](TcbWorld& w) { w.info.pce_id = "0001"; }, kNone, kNone, kNone, kUp},
      {"TCB info of SGX", [](TcbWorld& w) { w.info.id = "SGX"; }, kNone, kNone, kNone, kNone},
      {"no QE identity", [](TcbWorld& w) { w.with_qe = false; }, kUp, kUp, kNone, kNone},
      {"no QE identity and a module that is out of date", [](TcbWorld& w) { w.with_qe = false; w.svn[0] = 5; }, kOut, kOut, kNone, kNone},
      {"QE identity of SGX", [](TcbWorld& w) { w.qe.id = "QE"; }, kNone, kNone, kNone, kNone},
  });
}

TEST_CASE("TCB: SGX") {
  check_rows({
      {"up to date", [](TcbWorld& w) { w.make_sgx(); }, kUp, kUp, kNone, kUp},
      {"PCE too low for any level", [](TcbWorld& w) { w.make_sgx(); w.pck.pce_svn = 4; }, kNone, kNone, kNone, kNone},
      {"merged with the QE", [](TcbWorld& w) { w.make_sgx(); w.info.levels[0].status = "ConfigurationNeeded"; w.qe_svn = 4; }, kOutConf, kOutConf, kNone, kOut},
      {"TCB info of version 2", [](TcbWorld& w) { w.make_sgx(); w.info.version = 2; }, kUp, kUp, kNone, kNone},
      {"TCB info of TDX", [](TcbWorld& w) { w.tdx = false; w.qe.id = "QE"; }, kNone, kNone, kNone, kNone},
  });
}

TEST_CASE("TCB: date is the oldest, advisories are those of platform, QE and module without repetition") {
  TcbWorld w;
  w.svn[0] = 4;
  w.qe_svn = 4;
  w.pck.pce_svn = 5;
  w.info.levels[2].tcb_date = "2021-01-04T00:00:00Z";
  w.qe.levels[1].advisories.push_back("INTEL-SA-00477");
  for (const TcbProfile p : {kQvl, kOld}) {
    const TcbEvaluation e = w.run(p);
    CHECK(e.tcb_date == "2020-01-01T00:00:00Z");
    CHECK(e.advisories == std::vector<std::string>{"INTEL-SA-00960", "INTEL-SA-00477", "INTEL-SA-00219", "INTEL-SA-01036", "INTEL-SA-00001"});
  }
}

TEST_CASE("TCB: relaunch of a TD under a module that was updated") {
  const auto updated = [](TcbWorld& w) { w.svn[0] = 4; w.svn2 = w.svn; (*w.svn2)[0] = 6; };
  struct Case { const char* name; std::function<void(TcbWorld&)> change; const char *qvl, *old; };
  const Case cases[] = {
      {"the module was updated", [](TcbWorld&) {}, kRelaunch, kRelaunch},
      {"platform needs configuration", [](TcbWorld& w) { w.info.levels[0].status = "ConfigurationNeeded"; }, kRelaunchConf, kRelaunchConf},
      {"platform needs hardening", [](TcbWorld& w) { w.info.levels[0].status = "SWHardeningNeeded"; }, kRelaunch, kRelaunch},
      {"platform needs both", [](TcbWorld& w) { w.info.levels[0].status = "ConfigurationAndSWHardeningNeeded"; }, kRelaunchConf, kRelaunchConf},
      {"platform is out of date itself", [](TcbWorld& w) { w.pck.pce_svn = 5; }, kOut, kOut},
      {"platform revoked", [](TcbWorld& w) { w.info.levels[0].status = "Revoked"; }, kRevoked, kRevoked},
      {"QE out of date", [](TcbWorld& w) { w.qe_svn = 4; }, kOut, kOut},
      {"QE revoked", [](TcbWorld& w) { w.qe.levels[0].status = "Revoked"; }, kRevoked, kRevoked},
      {"QE below every level", [](TcbWorld& w) { w.qe_svn = 1; }, kNone, kNone},
      {"the module was not updated", [](TcbWorld& w) { w.svn2 = w.svn; }, kOut, kOut},
      {"the launch TCB was up to date", [](TcbWorld& w) { w.svn[0] = 6; (*w.svn2)[0] = 7; }, kUp, kUp},
      {"updated, but not to the newest", [](TcbWorld& w) { (*w.svn2)[0] = 5; }, kOut, kOut},
      {"the launch module is revoked", [](TcbWorld& w) { w.info.tdx_module_identities[1].levels[1].status = "Revoked"; }, kRevoked, kRevoked},
      {"the module that runs now is revoked", [](TcbWorld& w) { w.info.tdx_module_identities[1].levels[0].status = "Revoked"; }, kOut, kRelaunch},
      {"no identity for the module that runs now", [](TcbWorld& w) { (*w.svn2)[1] = 2; }, kNone, kNone},
      {"microcode now below every level", [](TcbWorld& w) { (*w.svn2)[2] = 0; }, kNone, kOut},
      {"module of another version now", [](TcbWorld& w) { *w.svn2 = {5, 3, 3}; }, kRelaunch, kRelaunch},
      {"module of another version now, too old", [](TcbWorld& w) { *w.svn2 = {4, 3, 3}; }, kNone, kOut},
      {"module without identity now", [](TcbWorld& w) { *w.svn2 = {5, 0, 3}; }, kRelaunch, kRelaunch},
      {"module without identity now, too old", [](TcbWorld& w) { *w.svn2 = {4, 0, 3}; }, kNone, kOut},
      // The microcode was updated, not the module: only the newer rule sees it.
      {"microcode was updated", [](TcbWorld& w) { w.svn = {6, 1, 2}; w.svn2 = {6, 1, 3}; }, kRelaunch, kOut},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    TcbWorld w;
    updated(w);
    c.change(w);
    CHECK(w.status(kQvl) == c.qvl);
    CHECK(w.status(kOld) == c.old);
    CHECK(w.run(kGo).status != TcbStatus::td_relaunch_advised);      // the others do not look at the second TEE_TCB_SVN
    CHECK(w.run(kRust).status != TcbStatus::td_relaunch_advised);
    TcbWorld without = w;
    without.svn2.reset();
    for (const TcbProfile p : {kGo, kRust}) CHECK(w.status(p) == without.status(p));
  }
}

TEST_CASE("TCB: the current evaluation is told beside that of the launch") {
  TcbWorld w;
  w.svn = {4, 1, 3};
  w.svn2 = std::array<std::uint8_t, 16>{6, 1, 3};
  const TcbEvaluation e = w.run();
  CHECK(e.status == TcbStatus::td_relaunch_advised);
  CHECK(e.library == LibraryAnswer::leaves_to_caller);
  CHECK(e.current == TcbStatus::up_to_date);
  CHECK(e.module_level == 1);
  CHECK(e.current_match.module_level == 0);
  CHECK(e.current_date == "2024-03-13T00:00:00Z");
  CHECK(e.current_advisories.empty());
  CHECK(e.tcb_date == "2023-08-09T00:00:00Z");
  CHECK(e.advisories == std::vector<std::string>{"INTEL-SA-01036", "INTEL-SA-00001"});
}
