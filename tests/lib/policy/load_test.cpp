#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "intel/quote.hpp"
#include "policy/policy.hpp"
#include "policy/shape.hpp"
#include "support/paths.hpp"

using namespace atls;
using nlohmann::json;

namespace {

json cases() {
  std::ifstream in(std::string(test::kTestsDir) + "/lib/policy/cases.json");
  return json::parse(in);
}
Result<policy::Policy> load_text(const std::string& text) { return policy::load_policy(as_bytes(text), "p.json", "/nonexistent"); }
policy::Policy must(const std::string& text) {
  auto loaded = load_text(text);
  if (!loaded) FAIL(loaded.error().message());
  return *loaded;
}
std::string one_snp_rule(const std::string& snp) { return R"({"schema":"atls-policy/1","alternatives":[{"evidence":["snp"],"snp":)" + snp + "}]}"; }
std::string repeated(const char* two, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += two;
  return out;
}

}  // namespace

TEST_CASE("good policies load and bad ones are refused with the JSON pointer and the reason") {
  int good = 0, bad = 0;
  for (const json& c : cases()) {
    CAPTURE(c["name"].get<std::string>());
    const auto loaded = load_text(c["policy"].dump());
    REQUIRE(bool(loaded) == c["ok"].get<bool>());
    if (loaded) {
      ++good;
      continue;
    }
    ++bad;
    CHECK(loaded.error().where == "p.json" + c["where"].get<std::string>());
    CAPTURE(loaded.error().detail);
    CHECK(loaded.error().detail.find(c["says"].get<std::string>()) != std::string::npos);
  }
  CHECK(good >= 10);
  CHECK(bad > 10 * good);
}

TEST_CASE("a policy text that is not strict JSON is refused") {
  for (const char* text : {"", "{", "null", "[]", R"({"schema":"atls-policy/1","schema":"atls-policy/1","alternatives":[{"evidence":["snp"]}]})",
                           R"({"schema":"atls-policy/1","alternatives":[{"evidence":["snp"]}]} x)",
                           R"({"schema":"atls-policy/1","alternatives":[{"evidence":["snp"],"snp":{"vmpl":0,"vmpl":1}}]})", "// comment\n{}"}) {
    CAPTURE(text);
    CHECK_FALSE(load_text(text));
  }
}

TEST_CASE("operators are read into rules with the place they came from") {
  const auto p = must(one_snp_rule(R"({"measurement":{"any_of":[")" + repeated("aB", 48) + R"("],"severity":"warn","comment":"why"},"vmpl":0,
    "tcb":{"reported":{"min":{"snp":8,"bootloader":3}}},"firmware":{"version":{"min":"1.55.29"}},"policy":{"abi":{"min":"0.31"},"allow":["smt","debug"]},
    "mitigation_vector":{"launch":{"require_mask":"0x0100"}},"product":{"any_of":["Siena"]}})"));
  const policy::SnpPolicy& snp = p.alternatives.at(0).snp;
  REQUIRE(snp.measurement);
  CHECK(snp.measurement->source == "p.json#/alternatives/0/snp/measurement");
  CHECK(snp.measurement->severity == policy::Sev::warn);
  CHECK(snp.measurement->comment == "why");
  CHECK(snp.measurement->any_of == std::vector<Buffer>{Buffer(48, 0xab)});
  CHECK(snp.vmpl->any_of == std::vector<std::uint64_t>{0});
  CHECK(snp.tcb_reported->min == std::map<snp::TcbComponent, std::uint8_t>{{snp::TcbComponent::snp, 8}, {snp::TcbComponent::bootloader, 3}});
  CHECK(snp.tcb_reported->source == "p.json#/alternatives/0/snp/tcb/reported");
  CHECK(snp.firmware_version->build == 29);
  CHECK(snp.guest_policy->abi_min == std::pair{0U, 31U});
  CHECK(snp.mit_launch->require == 0x100);
  CHECK(snp.product->any_of == std::vector<std::string>{"Genoa"});
  CHECK(snp.debug == policy::Allow::allow);        // listing the bit is the explicit permission
  CHECK(snp.migrate_ma == policy::Allow::unset);
  CHECK(p.loosened.size() == 1);
}

TEST_CASE("defaults fill what an alternative leaves out, and a constraint is replaced as a whole") {
  const auto p = must(R"({"schema":"atls-policy/1",
    "defaults":{"snp":{"vmpl":0,"host_data":{"any_of":[")" + repeated("11", 32) + R"("],"severity":"warn"},"tcb":{"reported":{"min":{"snp":8,"tee":1}},"launch":{"min":{"snp":7}}}}},
    "alternatives":[{"name":"a","evidence":["snp"]},
                    {"name":"b","evidence":["snp"],"snp":{"host_data":")" + repeated("22", 32) + R"(","tcb":{"reported":{"min":{"microcode":9}}}}}]})");
  REQUIRE(p.alternatives.size() == 2);
  const auto& a = p.alternatives[0].snp;
  const auto& b = p.alternatives[1].snp;
  CHECK(a.host_data->any_of == std::vector<Buffer>{Buffer(32, 0x11)});
  CHECK(a.host_data->source == "p.json#/defaults/snp/host_data");
  CHECK(a.tcb_reported->min.size() == 2);
  CHECK(b.vmpl->source == "p.json#/defaults/snp/vmpl");
  CHECK(b.host_data->any_of == std::vector<Buffer>{Buffer(32, 0x22)});
  CHECK(b.host_data->severity == policy::Sev::fail);          // not inherited from the replaced constraint
  CHECK(b.tcb_reported->min == std::map<snp::TcbComponent, std::uint8_t>{{snp::TcbComponent::microcode, 9}});
  CHECK(b.tcb_launch->min.at(snp::TcbComponent::snp) == 7);   // a sibling in the same group is still inherited
}

TEST_CASE("settings outside the alternatives are read, and each weakening one is told") {
  const auto strict = must(R"({"schema":"atls-policy/1","alternatives":[{"evidence":["snp"]}]})");
  CHECK(strict.crl == policy::CrlMode::require);
  CHECK(strict.binding_min == BindingLevel::key);
  CHECK_FALSE(strict.binding_min_explicit);
  CHECK_FALSE(strict.any_measurement);
  CHECK_FALSE(strict.require_freshness);
  CHECK_FALSE(strict.warnings_fail);
  CHECK(strict.loosened.empty());
  const auto loose = must(R"({"schema":"atls-policy/1","insecure_allow_vacuous":true,"binding":{"insecure_optional":true},"warnings":"fail","freshness":{"required":true},
    "not_after":"2026-01-01T00:00:00Z","defaults":{"snp":{"debug":"allow"},"trust":{"crl":"off","offline":true}},"alternatives":[{"evidence":["snp"]}]})");
  CHECK(loose.crl == policy::CrlMode::off);
  CHECK(loose.offline);
  CHECK(loose.binding_min == BindingLevel::none);
  CHECK(loose.any_measurement);
  CHECK(loose.require_freshness);
  CHECK(loose.warnings_fail);
  CHECK(loose.not_after == parse_rfc3339("2026-01-01T00:00:00Z"));
  CHECK(loose.loosened.size() == 4);
}

TEST_CASE("trust roots are read relative to the folder of the policy, or given as PEM") {
  const auto folder = std::filesystem::temp_directory_path() / ("atls-policy-test-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "root.pem") << "content";
  std::ofstream(folder / "empty.pem");
  const auto with = [&](const std::string& name) {
    return policy::load_policy(as_bytes(R"({"schema":"atls-policy/1","defaults":{"trust":{"roots":{"amd_ark":[")" + name + R"("]}}},"alternatives":[{"evidence":["snp"]}]})"), "p.json", folder.string());
  };
  const auto file = with("root.pem");
  REQUIRE(file);
  CHECK(file->roots.at("amd_ark") == std::vector<Buffer>{to_buffer("content")});
  CHECK(file->loosened.size() == 1);
  const auto pem = with("-----BEGIN CERTIFICATE-----\\nx\\n");
  REQUIRE(pem);
  CHECK(as_text(pem->roots.at("amd_ark").at(0)).starts_with("-----BEGIN"));
  CHECK_FALSE(with("empty.pem"));
  CHECK_FALSE(with("."));
  CHECK_FALSE(with("missing.pem"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("only enforced equalities with a value identify a guest") {
  const std::string m = repeated("ab", 48), z48 = repeated("00", 48), h = repeated("cd", 32), z32 = repeated("00", 32);
  struct Row { const char* name; std::string snp; bool identity, host_only; };
  for (const Row& row : {
           Row{"measurement", R"({"measurement":")" + m + "\"}", true, false},
           Row{"id key", R"({"id_key_digest":")" + m + "\"}", true, false},
           Row{"author key", R"({"author_key_digest":{"any_of":[")" + m + "\"]}}", true, false},
           Row{"host data", R"({"host_data":")" + h + "\"}", false, true},
           Row{"host data and measurement", R"({"host_data":")" + h + R"(","measurement":")" + m + "\"}", true, false},
           Row{"no id key", R"({"id_key_digest":")" + z48 + "\"}", false, false},
           Row{"a list with an empty value", R"({"id_key_digest":{"any_of":[")" + m + "\",\"" + z48 + "\"]}}", false, false},
           Row{"no host data", R"({"host_data":")" + z32 + "\"}", false, false},
           Row{"warn only", R"({"measurement":{"equals":")" + m + R"(","severity":"warn"}})", false, false},
           Row{"unchecked", R"({"measurement":{"unchecked":true}})", false, false},
           Row{"refused value", R"({"measurement":{"none_of":[")" + m + "\"]}}", false, false},
           Row{"a mask that leaves nothing of the value", R"({"id_key_digest":{"equals":"00)" + repeated("ab", 47) + R"(","mask":"ff)" + repeated("00", 47) + "\"}}", false, false},
           Row{"a mask that leaves one bit out", R"({"measurement":{"equals":")" + m + R"(","mask":"fe)" + repeated("ff", 47) + "\"}}", false, false},
           Row{"a mask of every bit", R"({"measurement":{"equals":")" + m + R"(","mask":")" + repeated("ff", 48) + "\"}}", true, false},
           Row{"a mask, and host data", R"({"measurement":{"equals":")" + m + R"(","mask":"ff)" + repeated("00", 47) + R"("},"host_data":")" + h + "\"}", false, false},
           Row{"report data", R"({"report_data":")" + repeated("01", 64) + "\"}", false, false},
           Row{"chip", R"({"chip_id":")" + repeated("01", 64) + "\"}", false, false},
           Row{"product and minimums", R"({"product":"Milan","guest_svn":{"min":1},"tcb":{"reported":{"min":{"snp":1}}}})", false, false},
       }) {
    CAPTURE(row.name);
    const auto p = must(one_snp_rule(row.snp));
    CHECK(policy::pins_identity(p.alternatives[0]) == row.identity);
    CHECK(policy::identity_of(p.alternatives[0], "snp").only_host_values == row.host_only);
  }
}

TEST_CASE("the names of bits in the table are those of the report") {
  for (const auto& [key, bits] : {std::pair{"policy", snp::guest_policy_bits()}, std::pair{"platform_info", snp::platform_info_bits()}}) {
    std::set<std::string_view> known, used;
    for (const auto& bit : bits) known.insert(bit.name);
    for (const policy::Field& field : policy::fields_of("snp"))
      if (field.key == key)
        for (const policy::Field& op : field.shape->members)
          if (op.shape->kind == policy::Kind::list)
            for (const auto word : op.shape->item->words) used.insert(word);
    std::string diff;
    for (const auto name : used) if (!known.contains(name)) diff += std::string(name) + " ";
    CHECK(diff == "");
    for (const auto name : known) if (!used.contains(name)) diff += std::string(name) + " ";
    CHECK(diff == "");
  }
}

TEST_CASE("the sections about Intel evidence are read into their rules") {
  const std::string h48 = repeated("ab", 48);
  const auto p = must(R"({"schema":"atls-policy/1","defaults":{"tdx":{"tcb_status":"SWHardeningNeeded","rtmr":{"0":")" + h48 + R"(","1":")" + h48 + R"("}},"sgx":{"qe_svn":3},
      "trust":{"tcb_evaluation_data_number":{"min":17}}},"alternatives":[
      {"evidence":["tdx"],"tdx":{"rtmr":{"1":"00)" + repeated("cd", 47) + R"("},"td_attributes":{"allow":["migratable","debug"],"allow_reserved":"0002000000000000"},"events":{"a b":"00ff"}}},
      {"evidence":["sgx"],"sgx":{"tcb_status":{"any_of":["UpToDate",{"status":"OutOfDate","until":"2027-01-31T00:00:00Z","reason":"BIOS","advisories":["INTEL-SA-1"]}]}}}]})");
  const policy::TdxPolicy& tdx = p.alternatives.at(0).tdx;
  CHECK(tdx.rtmr[0]->source == "p.json#/defaults/tdx/rtmr/0");
  CHECK(tdx.rtmr[1]->source == "p.json#/alternatives/0/tdx/rtmr/1");
  CHECK(tdx.tcb_status.at(0).status == "SWHardeningNeeded");
  CHECK(tdx.tcb_status.at(0).source == "p.json#/defaults/tdx/tcb_status");
  CHECK(tdx.td_attributes->allow_reserved == 0x200);
  CHECK_FALSE(tdx.td_attributes->value);
  CHECK(tdx.debug == policy::Allow::allow);
  CHECK(tdx.events.at("a b").any_of == std::vector<Buffer>{Buffer{0x00, 0xff}});
  const policy::SgxPolicy& sgx = p.alternatives.at(1).sgx;
  CHECK(sgx.qe_svn->any_of == std::vector<std::uint64_t>{3});
  REQUIRE(sgx.tcb_status.size() == 2);
  CHECK(sgx.tcb_status[1].until == parse_rfc3339("2027-01-31T00:00:00Z"));
  CHECK(sgx.tcb_status[1].advisories == std::set<std::string>{"INTEL-SA-1"});
  CHECK(sgx.tcb_status[1].source == "p.json#/alternatives/1/sgx/tcb_status/any_of/1");
  CHECK(p.tcb_eval_number->min == 17);
  // Each alternative has only the section that it is about.
  CHECK(policy::demands_on(p.alternatives.at(0), "sgx").empty());
  CHECK(policy::demands_on(p.alternatives.at(1), "tdx").empty());
  // Debug, migratable, reserved bits and two statuses are told as loosened.
  CHECK(p.loosened.size() == 5);
  for (const std::string& sentence : p.loosened) CHECK(sentence.find("p.json#/") != std::string::npos);
}

TEST_CASE("the names of TD attributes in the table are those of the quote") {
  std::set<std::string> known, used;
  for (const auto& bit : intel::td_attribute_bits()) {
    std::string name(bit.name);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    known.insert(name);
  }
  for (const policy::Field& field : policy::fields_of("tdx"))
    if (field.key == "td_attributes")
      for (const policy::Field& op : field.shape->members)
        if (op.key == "require")
          for (const auto word : op.shape->item->words) used.emplace(word);
  CHECK(known == used);
}
