// A program of somebody else: compiled against the installed tree only, as the README of libatls shows.
#include <atls/decode.hpp>
#include <atls/verify.hpp>
#include <atls/version.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

int failures = 0;

void expect(bool holds, const char* what) {
  std::printf("%s %s\n", holds ? "ok  " : "FAIL", what);
  failures += !holds;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace atls::v1;
  expect(argc == 2 && version() == argv[1], "the library has the version that was installed");

  std::vector<std::uint8_t> report(1184, 0);       // version 5, everything else zero: no hardware ever signed it
  report[0] = 5;
  const Decoded decoded = decode(report, "report.bin");
  expect(decoded.kind == "snp-report", "a report is recognised");
  expect(decoded.claims_json.find("\"measurement\"") != std::string::npos, "its claims are JSON with the names of the specification");
  const Decoded garbage = decode(std::vector<std::uint8_t>{1, 2, 3});
  expect(!garbage.error.empty(), "garbage is an error with a reason");

  Options options;
  options.offline = true;
  const Verdict forged = verify(report, options);
  expect(!forged.verified() && forged.exit_code != 70 && forged.exit_code != 1, "a report that nobody signed is not verified");
  expect(forged.report_json.find("atls-report/1") != std::string::npos, "the verdict comes with its report");
  options.any_measurement = true;
  options.crl = "off";
  expect(!verify(report, options).verified(), "neither when everything optional is switched off");
  const Verdict malformed = verify(std::vector<std::uint8_t>(report.begin(), report.begin() + 100), options);
  expect(malformed.exit_code == 7 && malformed.result == "malformed", "a cut report is malformed");
  expect(verify_file("/nonexistent/report.bin", options).exit_code == 3, "a missing file is no evidence");

  Options wrong = options;
  wrong.crl = "sometimes";
  expect(verify(report, wrong).exit_code == 1 && !verify(report, wrong).error.empty(), "an unknown word is a usage error");
  wrong = options;
  wrong.policy_json = "{\"schema\":\"atls-policy/1\",\"unknown\":1}";
  expect(verify(report, wrong).exit_code == 1, "an unknown policy key is a usage error");
  wrong = options;
  wrong.collateral_dirs = {"/nonexistent"};
  expect(verify(report, wrong).exit_code == 1, "a missing collateral directory is a usage error");
  wrong = options;
  wrong.trust_anchors_pem = {"no certificate"};
  expect(verify(report, wrong).exit_code == 1, "a trust anchor that is none is a usage error");
  wrong = options;
  wrong.nonce_hex = "xyz";
  expect(verify(report, wrong).exit_code == 1, "a nonce that is not hexadecimal is a usage error");
  wrong = options;
  wrong.offline = false;
  wrong.kds_url = "http://kds.example";
  expect(verify(report, wrong).exit_code == 1, "plain http to another machine is a usage error");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
