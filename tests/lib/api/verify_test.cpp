#include "atls/verify.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "pem/pem.hpp"
#include "sim/platform.hpp"
#include "support/http_server.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;

namespace {

// Evidence of the simulated platform, judged by roots, CRL and policy that are given explicitly.
struct Case {
  TempDir dir;
  std::unique_ptr<sim::SnpPlatform> platform;
  Buffer input;
  v1::Options options;

  explicit Case(std::vector<std::string> faults = {}) {
    sim::SnpOptions wanted;
    wanted.faults = std::move(faults);
    auto made = sim::SnpPlatform::create(wanted);
    REQUIRE_MESSAGE(made, made.error().message());
    platform = std::move(*made);
    input = platform->report({});
    const Buffer table = platform->cert_table();
    input.insert(input.end(), table.begin(), table.end());
    options.policy_json = platform->matching_policy();
    options.trust_anchors_pem = {pem::encode("CERTIFICATE", platform->ark_der())};
    options.collateral_dirs = {dir.write("crl.der", platform->crl_der())};
    options.offline = true;
  }
};

std::string policy_about(const std::string& section) { return R"({"schema":"atls-policy/1","alternatives":[{"evidence":["snp"],"snp":{)" + section + "}}]}"; }

}  // namespace

TEST_CASE("api: genuine evidence under its policy, root and CRL is verified, from memory and from a file") {
  Case c;
  const v1::Verdict verdict = v1::verify(c.input, c.options);
  CHECK_MESSAGE(verdict.exit_code == 0, verdict.report_json);
  CHECK(verdict.verified());
  CHECK(verdict.result == "verified");
  CHECK(verdict.reason.empty());
  CHECK(v1::verify_file(c.dir.write("report.bin", c.input), c.options).verified());
}

TEST_CASE("api: each thing that is left out or wrong has its own answer, and none is 0") {
  struct Row { const char* name; void (*spoil)(Case&); int exit_code; };
  for (const Row& row : {Row{"built-in roots", [](Case& c) { c.options.trust_anchors_pem.clear(); }, 2},
                         Row{"no CRL", [](Case& c) { c.options.collateral_dirs.clear(); }, 4},
                         Row{"nothing pinned", [](Case& c) { c.options.policy_json.clear(); }, 6},
                         Row{"another measurement", [](Case& c) { c.options.policy_json = R"({"schema":"atls-policy/1","name":"x","alternatives":[{"name":"a","evidence":["snp"],"snp":{"measurement":")" + std::string(96, '1') + "\"}}]}"; }, 5},
                         Row{"pinned by what the host chooses", [](Case& c) { c.options.policy_json = policy_about(R"("host_data":")" + hex(Bytes(c.input).subspan(0xC0, 32)) + '"'); }, 6},
                         Row{"pinned by one byte", [](Case& c) { c.options.policy_json = policy_about(R"("measurement":{"equals":")" + hex(Bytes(c.input).subspan(0x90, 48)) + R"(","mask":"ff)" + std::string(94, '0') + "\"}"); }, 6},
                         Row{"a signed byte changed", [](Case& c) { c.input[0x90] ^= 1; }, 2},
                         Row{"the signature changed", [](Case& c) { c.input[0x2A0] ^= 1; }, 2},
                         Row{"cut", [](Case& c) { c.input.resize(1183); }, 7},
                         Row{"long before the certificates", [](Case& c) { c.options.at = std::chrono::sys_days{std::chrono::year{1999} / 1 / 1}; }, 2},
                         Row{"a nonce for raw evidence", [](Case& c) { c.options.nonce_hex = std::string(64, '0'); }, 1},
                         Row{"a network address while offline", [](Case& c) { c.options.kds_url = "http://127.0.0.1:1"; }, 1},
                         Row{"a policy that is no JSON", [](Case& c) { c.options.policy_json = "{"; }, 1},
                         Row{"an unknown CRL mode", [](Case& c) { c.options.crl = "maybe"; }, 1}}) {
    CAPTURE(row.name);
    Case c;
    row.spoil(c);
    const v1::Verdict verdict = v1::verify(c.input, c.options);
    CAPTURE(verdict.reason);
    CAPTURE(verdict.error);
    CHECK(verdict.exit_code == row.exit_code);
    CHECK_FALSE(verdict.verified());
    CHECK(verdict.report_json.find("atls-report/1") != std::string::npos);
  }
}

TEST_CASE("api: what is missing does not hide what is wrong") {
  Case c;
  c.options.collateral_dirs.clear();
  c.options.policy_json = policy_about(R"("measurement":")" + std::string(96, '1') + '"');
  const v1::Verdict verdict = v1::verify(c.input, c.options);
  CHECK(verdict.exit_code == 4);
  CHECK(verdict.report_json.find("not acceptable even when what is missing is supplied: snp-policy-measurement") != std::string::npos);
}

TEST_CASE("api: a missing CRL is fetched from the service that is named, unless offline") {
  Case c;
  const Buffer crl = c.platform->crl_der();
  HttpServer server([&](const std::string& target, std::size_t) { return target == "/vcek/v1/Milan/crl" ? reply(crl) : reply(404); });
  c.options.collateral_dirs.clear();
  CHECK(v1::verify(c.input, c.options).exit_code == 4);
  CHECK(server.requests() == 0);
  c.options.offline = false;
  c.options.kds_url = server.url();
  c.options.cache_dir = c.dir.path() / "cache";
  CHECK(v1::verify(c.input, c.options).verified());
  CHECK(server.requests() == 1);
  c.options.offline = true;
  c.options.kds_url.clear();
  CHECK(v1::verify(c.input, c.options).verified());      // now from the cache
}

TEST_CASE("api: a simulated root that is given as a trust anchor is told as simulated, also where a policy names it") {
  Case c;
  const auto says_so = [&] {
    const v1::Verdict verdict = v1::verify(c.input, c.options);
    CHECK_MESSAGE(verdict.verified(), verdict.report_json);
    CHECK(verdict.report_json.find("the platform is simulated") != std::string::npos);
    return verdict.report_json.find("\"simulated\": true") != std::string::npos;
  };
  CHECK(says_so());
  const std::string pem = c.options.trust_anchors_pem.front();
  c.options.trust_anchors_pem.clear();
  const std::string file = c.dir.write("root.pem", to_buffer(pem)).string();
  c.options.policy_json.insert(c.options.policy_json.find('{') + 1, "\"defaults\":{\"trust\":{\"roots\":{\"amd_ark\":[\"" + file + "\"]}}},");
  CHECK(says_so());
}
