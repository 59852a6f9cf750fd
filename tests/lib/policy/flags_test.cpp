#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "policy/flags.hpp"
#include "policy/shape.hpp"

using namespace atls;
using policy::GivenFlags;

namespace {
const std::string kFlagsM(96, 'a'), kM2(96, 'b'), kH(64, 'c');
}

TEST_CASE("flags are read by the reader of their policy key") {
  const auto p = policy::read_flags({{"--measurement", {kFlagsM}}, {"--measurement", {kM2, kFlagsM}}, {"--vmpl", {"0", "1"}}, {"--min-tcb", {"bootloader=3,snp=8"}}, {"--min-firmware", {"1.55.29"}},
                                     {"--min-abi", {"1.51"}}, {"--require-single-socket", {}}, {"--forbid-smt", {}}, {"--guest-policy", {"0x30000"}}, {"--require-id-block", {}},
                                     {"--forbid-provisional", {}}, {"--require-launch-mitigations", {"0x3"}}, {"--product", {"Siena"}},
                                     {"--require-cert-entry", {"9f4116cd-c503-4f5a-8f6f-fb68882f4ce2=" + kH}}, {"--json", {}}});
  if (!p) FAIL(p.error().message());
  CHECK(p->snp.measurement->any_of == std::vector<Buffer>{Buffer(48, 0xaa), Buffer(48, 0xbb)});
  CHECK(p->snp.measurement->source == "--measurement");
  CHECK(p->snp.vmpl->any_of == std::vector<std::uint64_t>{0, 1});
  CHECK(p->snp.tcb_reported->min.at(snp::TcbComponent::snp) == 8);
  CHECK(p->snp.firmware_version->build == 29);
  CHECK(p->snp.guest_policy->abi_min == std::pair{1U, 51U});
  CHECK(p->snp.guest_policy->require == std::set<std::string>{"single_socket"});
  CHECK(p->snp.guest_policy->forbid == std::set<std::string>{"smt"});
  CHECK(p->snp.guest_policy->equals == 0x30000);
  CHECK(p->snp.guest_policy->source == "--guest-policy, --min-abi, --require-single-socket, --forbid-smt");
  CHECK(p->snp.id_block_required == true);
  CHECK(p->snp.provisional == policy::Allow::forbid);
  CHECK(p->snp.mit_launch->require == 3);
  CHECK(p->snp.product->any_of == std::vector<std::string>{"Genoa"});
  CHECK(p->snp.cert_table_entry.at(0).sha256->size() == 32);
  CHECK_FALSE(p->snp.host_data);
}

TEST_CASE("wrong flag values are refused with the flag and the reason") {
  struct Row { const char* flag; std::vector<std::string> values; const char* says; };
  for (const Row& row : {
           Row{"--measurement", {""}, "empty"},
           Row{"--measurement", {"zz"}, "not hexadecimal"},
           Row{"--measurement", {kFlagsM.substr(2)}, "48 bytes"},
           Row{"--measurement", {std::string(96, '0')}, "all zero"},
           Row{"--report-data", {std::string(128, '0')}, "all zero"},
           Row{"--report-data", {kH}, "64 bytes"},
           Row{"--host-data", {kH, kH + "00"}, "32 bytes"},
           Row{"--product", {"Naples"}, "not known"},
           Row{"--product", {"milan"}, "did you mean \"Milan\"?"},
           Row{"--signer", {"vkek"}, "vcek"},
           Row{"--vmpl", {"4"}, "too large"},
           Row{"--vmpl", {"-1"}, "not a whole number"},
           Row{"--vmpl", {"1.0"}, "not a whole number"},
           Row{"--min-guest-svn", {"0x1"}, "not a whole number"},
           Row{"--min-guest-svn", {"1", "2"}, "more than once"},
           Row{"--min-guest-svn", {"99999999999999999999"}, "not a whole number"},
           Row{"--min-guest-svn", {""}, "empty"},
           Row{"--min-build", {"256"}, "too large"},
           Row{"--min-tcb", {"snp"}, "NAME=NUMBER"},
           Row{"--min-tcb", {"snp=8,"}, "NAME=NUMBER"},
           Row{"--min-tcb", {"snp=8,snp=9"}, "twice"},
           Row{"--min-tcb", {"snp=256"}, "too large"},
           Row{"--min-tcb", {"ucode=1"}, "unknown key \"ucode\""},
           Row{"--min-tcb", {"snp=8", "tee=0"}, "more than once"},
           Row{"--min-tcb", {"15636498226434670595"}, "NAME=NUMBER"},
           Row{"--min-firmware", {"1"}, "not a version"},
           Row{"--min-firmware", {"1.55.29.1"}, "not a version"},
           Row{"--min-abi", {"1.55.2"}, "not a version"},
           Row{"--guest-policy", {"0xzz"}, "not a whole number"},
           Row{"--guest-policy", {"30000h"}, "not a whole number"},
           Row{"--require-launch-mitigations", {"0"}, "demands nothing"},
           Row{"--require-current-mitigations", {"xyz"}, "not a hexadecimal number"},
           Row{"--require-cert-entry", {"vcek"}, "not a GUID"},
           Row{"--require-cert-entry", {"9f4116cd-c503-4f5a-8f6f-fb68882f4ce2="}, "empty"},
           Row{"--require-cert-entry", {"9f4116cd-c503-4f5a-8f6f-fb68882f4ce2=00"}, "32 bytes"},
           Row{"--csp-id", {""}, "empty"},
       }) {
    CAPTURE(row.flag);
    CAPTURE(row.says);
    const auto p = policy::read_flags({{row.flag, row.values}});
    REQUIRE_FALSE(p);
    CHECK(p.error().where == row.flag);
    CAPTURE(p.error().detail);
    CHECK(p.error().detail.find(row.says) != std::string::npos);
  }
}

TEST_CASE("the table of flags names existing keys, and every key of the sections has a flag or is told here") {
  std::set<std::pair<std::string, std::string>> reached;
  for (const policy::Flag& flag : policy::flags()) {
    CAPTURE(std::string(flag.name));
    CHECK(policy::find_flag(flag.name) == &flag);
    CHECK_FALSE(flag.help.empty());
    const std::string path(flag.path);
    CHECK_FALSE(policy::sections_of(flag).empty());
    for (const std::string_view section : policy::sections_of(flag)) {
      reached.emplace(section, path.substr(0, path.find('/')));
      bool exists = false;
      for (const policy::Field& field : policy::fields_of(section)) exists |= field.key == path.substr(0, path.find('/'));
      CHECK(exists);
    }
  }
  // --allow-debug and --allow-tcb-status are no pins; advisories are a matter of files.
  const std::set<std::string_view> without{"debug", "tcb_status", "advisory_ids"};
  for (const std::string_view section : policy::evidence_sections())
    for (const policy::Field& field : policy::fields_of(section))
      if (!without.contains(field.key)) CHECK_MESSAGE(reached.contains({std::string(section), std::string(field.key)}), field.key);
}

TEST_CASE("one table says which option is about which evidence") {
  for (const policy::Flag& flag : policy::options_without_key()) {
    CAPTURE(std::string(flag.name));
    CHECK(flag.form == policy::FlagForm::no_key);
    CHECK(policy::find_flag(flag.name) == &flag);
    CHECK((flag.sections == "any") == policy::sections_of(flag).empty());
  }
  for (const policy::Flag& flag : policy::flags()) {
    CHECK(flag.form != policy::FlagForm::no_key);
    for (const std::string_view kind : {"dummy", "none", "", "event-log"}) CHECK_FALSE(policy::applies_to(flag.name, kind));
  }
  struct Row { const char* option; const char* kinds; };
  for (const Row& row : {Row{"--measurement", "snp"}, Row{"--mrtd", "tdx"}, Row{"--mr-enclave", "sgx"}, Row{"--fmspc", "tdx sgx"}, Row{"--report-data", "snp tdx sgx"}, Row{"--event-log", "tdx"},
                         Row{"--allow-migration", "snp"}, Row{"--allow-debug", "snp tdx sgx"}, Row{"--fail-on-warn", "snp tdx sgx dummy none"}, Row{"--unknown", ""}}) {
    CAPTURE(row.option);
    for (const std::string_view kind : {"snp", "tdx", "sgx", "dummy", "none"}) CHECK(policy::applies_to(row.option, kind) == (std::string_view(row.kinds).find(kind) != std::string_view::npos));
  }
}

TEST_CASE("flags about Intel evidence are read by the reader of their policy key") {
  const std::string w8 = "0000001000000000";
  const auto p = policy::read_flags({{"--mrtd", {kFlagsM}}, {"--mrtd", {kM2}}, {"--rtmr", {"1=" + kFlagsM, "2=" + kM2, "1=" + kM2}}, {"--td-attributes", {w8 + "/ffffffffffffffff"}}, {"--xfam", {"e702060000000000"}},
                                     {"--min-tee-tcb-svn", {"05010200000000000000000000000000"}}, {"--min-qe-svn", {"7"}}, {"--min-tcb-eval", {"17"}}, {"--min-tcb-date", {"2024-03-13T00:00:00Z"}},
                                     {"--require-smt-disabled", {}}, {"--require-static-platform", {}}, {"--require-event-log", {}}, {"--events", {"app-id=0102", "compose-hash=" + kH}}, {"--isv-prod-id", {"0"}},
                                     {"--report-data", {kH + kH}}, {"--fmspc", {"51d0c0ffee00"}}});
  if (!p) FAIL(p.error().message());
  CHECK(p->tdx.mr_td->any_of == std::vector<Buffer>{Buffer(48, 0xaa), Buffer(48, 0xbb)});
  CHECK_FALSE(p->tdx.rtmr[0]);
  CHECK(p->tdx.rtmr[1]->any_of == std::vector<Buffer>{Buffer(48, 0xaa), Buffer(48, 0xbb)});
  CHECK(p->tdx.rtmr[2]->any_of == std::vector<Buffer>{Buffer(48, 0xbb)});
  CHECK(p->tdx.rtmr[2]->source.starts_with("--rtmr"));
  CHECK(p->tdx.td_attributes->value->mask == Buffer(8, 0xff));
  CHECK_FALSE(p->tdx.xfam->mask);
  CHECK(p->tdx.tee_tcb_svn->min_bytes->at(0) == 5);
  CHECK(p->tdx.events.at("app-id").any_of == std::vector<Buffer>{Buffer{1, 2}});
  CHECK(p->tdx.ccel_replay == true);
  CHECK(p->sgx.isv_prod_id->any_of == std::vector<std::uint64_t>{0});
  // Keys of both sections are in both; who judges takes those of the evidence at hand.
  for (const policy::IntelPolicy* section : {static_cast<const policy::IntelPolicy*>(&p->tdx), static_cast<const policy::IntelPolicy*>(&p->sgx)}) {
    CHECK(section->qe_svn->min == 7);
    CHECK(section->tcb_eval_number->min == 17);
    CHECK(section->tcb_date->min == parse_rfc3339("2024-03-13T00:00:00Z"));
    CHECK(section->platform->smt_disabled == true);
    CHECK(section->platform->static_platform == true);
    CHECK_FALSE(section->platform->memory_integrity);
    CHECK(section->fmspc->any_of.size() == 1);
    CHECK(section->report_data->any_of.size() == 1);
  }
  CHECK(p->snp.report_data->any_of.size() == 1);
  CHECK_FALSE(p->snp.measurement);
}

TEST_CASE("flags only tighten: a rule of the file stays, the rule of the flag is added") {
  auto file = policy::load_policy(as_bytes(R"({"schema":"atls-policy/1","alternatives":[
      {"name":"a","evidence":["snp"],"snp":{"measurement":")" + kFlagsM + R"(","firmware":{"provisional":"allow"}}},
      {"name":"b","evidence":["snp"],"snp":{"vmpl":0}}]})"), "p.json", ".");
  REQUIRE(file);
  const auto flags = policy::read_flags({{"--measurement", {kM2}}, {"--forbid-provisional", {}}, {"--require-id-block", {}}, {"--min-tcb", {"snp=9"}}});
  REQUIRE(flags);
  policy::add_flags(*file, *flags);
  const auto& a = file->alternatives[0];
  const auto& b = file->alternatives[1];
  REQUIRE(policy::rules_of(a, &policy::Sections::snp, &policy::SnpPolicy::measurement).size() == 2);
  CHECK(policy::rules_of(a, &policy::Sections::snp, &policy::SnpPolicy::measurement)[0]->source == "p.json#/alternatives/0/snp/measurement");
  CHECK(policy::rules_of(a, &policy::Sections::snp, &policy::SnpPolicy::measurement)[1]->source == "--measurement");
  REQUIRE(policy::rules_of(b, &policy::Sections::snp, &policy::SnpPolicy::measurement).size() == 1);
  CHECK(policy::pins_identity(b));
  CHECK(a.snp.provisional == policy::Allow::forbid);
  CHECK(b.snp.id_block_required == true);
  CHECK(policy::rules_of(b, &policy::Sections::snp, &policy::SnpPolicy::tcb_reported).size() == 1);
  CHECK(b.evidence == std::set<std::string>{"snp"});
}

TEST_CASE("flags alone make one alternative without a kind of evidence") {
  policy::Policy p;
  policy::add_flags(p, {});
  REQUIRE(p.alternatives.size() == 1);
  CHECK(p.alternatives[0].evidence.empty());
  CHECK_FALSE(policy::pins_identity(p.alternatives[0]));
}
