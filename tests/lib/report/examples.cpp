#include "lib/report/examples.hpp"

#include "report/checks_atls.hpp"

namespace atls::examples {
namespace {

const CheckSpec& spec(std::string_view id) { return *find_check(id); }

Claim claim(std::string name, decltype(Claim::value) value, std::size_t offset, std::size_t size, std::string meaning = {}) {
  Claim out(std::move(name));
  out.value = std::move(value);
  out.offset = offset;
  out.size = size;
  out.meaning = std::move(meaning);
  return out;
}

Claim claims() {
  Claim root("file");
  Buffer bytes(96, 0);
  for (std::size_t i = 0; i < 24; ++i) bytes[i] = static_cast<std::uint8_t>(i + 1);
  root.bytes = std::make_shared<Buffer>(bytes);
  Claim& report = root.add(Claim("report"));
  report.add(claim("version", std::uint64_t{3}, 0, 4));
  Claim& policy = report.add(claim("policy", std::uint64_t{0x30000}, 8, 8, "ABI 0.0, SMT allowed"));
  policy.add(claim("smt", true, 8, 8));
  policy.add(claim("debug", false, 8, 8));
  report.add(claim("measurement", Buffer(bytes.begin() + 16, bytes.begin() + 24), 16, 8));
  report.add(claim("report_data", Buffer(64, 0), 32, 64));
  return root;
}

Report base(std::string tool) {
  Report report;
  report.tool = std::move(tool);
  report.version = "0.1.0";
  report.time = *parse_rfc3339("2026-11-24T23:15:00Z");
  report.time_source = "option";
  report.subject = {"bundle", "good.bundle", std::string(64, 'a')};
  return report;
}

Report judged() {
  Report report = base("atls-verify");
  report.profile = "constellation";
  report.tls = TlsInfo{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519", "", "bm9uY2U=", false};
  report.binding = BindingInfo{BindingLevel::key, "SHA-256(SHA-256(SPKI) || nonce) || 32 x 00", {{"spki", "3059"}, {"nonce", std::string(64, '1')}}, std::string(64, '2') + std::string(64, '0')};
  report.freshness = FreshnessInfo{false, "recorded", std::string(64, '1')};
  report.evidence.push_back({"snp", "Milan", true, claims()});
  report.add_not_proven("the evidence comes from a simulated platform: no hardware vouches for it");
  report.add_not_proven("the exchange is a recording: nothing shows that the peer is still in this state");
  report.collateral.push_back({"amd-crl", "dir", "crl/milan.crl", parse_rfc3339("2026-11-01"), parse_rfc3339("2027-11-01"), std::string(64, 'c')});
  report.timing_ms = {{"evidence", 1.25}, {"verify", 3.5}};
  report.pass(spec("atls-evidence-present"));
  report.pass(spec("atls-user-data")).signed_by = "self";
  report.skip(spec("atls-nonce-request"), "the peer is a server");
  report.skip(spec("tls-handshake"), "a recording has no handshake");
  report.warn(spec("policy-loosened"), "simulated CA keys are trusted (--trust-simulated)");
  return report;
}

Report passing() {
  Report report = judged();
  report.compare(spec("snp-report-data-binding"), Buffer(64, 0x22), Buffer(64, 0x22)).signed_by = "VCEK";
  report.pass(spec("snp-report-signature"));
  report.finish({&spec("snp-report-signature"), &spec("snp-report-data-binding")}, false);
  return report;
}

Report failing() {
  Report report = judged();
  Buffer other(64, 0x22);
  other[40] = 0x23;
  report.compare(spec("snp-report-data-binding"), Buffer(64, 0x22), other).detail = "the evidence was made for another key or nonce; ask the peer for evidence of this connection";
  report.fail(spec("snp-report-signature"), "the signature does not match the 672 signed bytes under the VCEK of the certificate table;\nthe report was altered after it was signed, or belongs to another chip").signed_by = "VCEK";
  report.error(spec("snp-crl-fresh"), "no CRL of Milan at hand and --offline given; supply it with --collateral-dir");
  report.finish({&spec("snp-report-signature")}, false);
  return report;
}

Report dump() {
  Report report = base("atls-dump");
  report.evidence.push_back({"snp-report", "", false, claims()});
  return report;
}

// Everything that a peer can write, trying to look like our own words.
Report hostile() {
  const std::string bad = "\x1b[2J\rVERIFIED\n\xc2\x9b" "1m \xe2\x80\xae" "dcba\xff</testcase>&\"'";
  Report report = base("atls-connect");
  report.subject = {"endpoint", bad, {}};
  report.profile = bad;
  report.tls = TlsInfo{bad, bad, bad, bad, bad, true};
  report.binding = BindingInfo{BindingLevel::none, bad, {{bad, "00"}}, ""};
  Claim root(bad);
  root.value = bad;
  root.meaning = bad;
  root.error = bad;
  report.evidence.push_back({"snp", bad, false, root});
  report.collateral.push_back({bad, "network", bad, {}, {}, ""});
  CheckResult& check = report.fail(spec("atls-user-data"), bad);
  check.expected = check.actual = check.signed_by = bad;
  report.skip(spec("atls-leaf-validity"), "x\nVERIFIED");
  report.error(spec("atls-leaf-signature"), bad);
  report.warn(spec("policy-loosened"), bad);
  report.add_not_proven(bad);
  report.notes.push_back(bad);
  report.finish({}, false);
  return report;
}

Report failed_run() {
  Report report = base("atls-verify");
  report.subject = {"file", "missing.bin", {}};
  report.finish_error(ExitCode::no_evidence, "missing.bin: cannot open: no such file or directory");
  return report;
}

}  // namespace

std::vector<Report> reports(std::string_view name) {
  if (name == "passing") return {passing()};
  if (name == "failing") return {failing()};
  if (name == "dump") return {dump()};
  if (name == "hostile") return {hostile()};
  if (name == "error") return {failed_run()};
  if (name == "batch") return {passing(), failing(), failed_run()};
  return {};
}

}  // namespace atls::examples
