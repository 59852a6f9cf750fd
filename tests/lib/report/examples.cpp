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

TcbExplanation explained() {
  TcbExplanation t;
  t.tee = "TDX";
  t.fmspc = "90c06f000000";
  t.profile = "qvl-2026";
  t.status = "OutOfDate";
  t.date = "2023-08-09T00:00:00Z";
  t.advisories = {"INTEL-SA-00960", "INTEL-SA-01036"};
  t.tcb_info_number = 20;
  t.qe_identity_number = 19;
  t.parts = {{"platform", "", "OutOfDate", "2023-08-09T00:00:00Z", {"INTEL-SA-00960"}}, {"tdx-module", "TDX_01", "OutOfDate", "2024-03-13T00:00:00Z", {"INTEL-SA-01036"}}, {"qe", "", "UpToDate", "2024-03-13T00:00:00Z", {}}};
  const std::string bios = "BIOS of the platform's maker", module = "TDX module of the host", packages = "DCAP packages of the host", microcode = "microcode package of the host";
  t.components = {{"sgx-0", "Early Microcode Update", bios, 2, 3, true}, {"sgx-1", "SGX Late Microcode Update", microcode, 2, 3, true}, {"sgx-2", "TXT SINIT", "SINIT module of BIOS or host", 2, 2, true},
                  {"sgx-3", "BIOS", bios, 0, 0, true}, {"sgx-7", "SEAMLDR ACM", "SEAM loader of the host", 5, 5, true}, {"pce", "certification enclave", packages, 11, 13, true},
                  {"tdx-0", "TDX Module", module, 5, 5, false}, {"tdx-2", "TDX Late Microcode Update", microcode, 2, 3, true}, {"tdx-module", "TDX_01", module, 4, 6, true}, {"qe", "TD quoting enclave", packages, 7, 7, true}};
  t.nearest = TcbExplanation::Level{"UpToDate", "2024-03-13T00:00:00Z", {}, {{"sgx-0", 2, 3}, {"sgx-1", 2, 3}, {"pce", 11, 13}, {"tdx-2", 2, 3}}};
  t.goal = t.nearest;
  t.goal->missing.push_back({"tdx-module", 4, 6});
  t.current = TcbExplanation::Current{"06010300000000000000000000000000", "OutOfDate", "2023-08-09T00:00:00Z", {"INTEL-SA-00960"}};
  t.next_steps = {"update: BIOS of the platform's maker (raises SGX component 0)", "then restart the TD, so that it is launched under the new TCB"};
  t.profiles = {{"qvl-2026", "OutOfDate", "leaves-to-caller", "", "2023-08-09T00:00:00Z", {"INTEL-SA-00960"}}, {"qvl-2024", "OutOfDate", "leaves-to-caller", "", "2023-08-09T00:00:00Z", {"INTEL-SA-00960"}},
                {"go-tdx-guest", "OutOfDate", "refuses", "it accepts UpToDate only", "2023-08-09T00:00:00Z", {}}, {"dcap-qvl", "NOT_SUPPORTED", "refuses", "no level of the TCB info matches the platform", "", {}}};
  t.differences = {"dcap-qvl compares the first two TDX components, too, which the others leave to the identity of the module: component 0 is 4, and the level has 5"};
  return t;
}

Report intel() {
  Report report = base("atls-verify");
  report.subject = {"file", "quote.bin", std::string(64, 'b')};
  report.evidence.push_back({"tdx", "Intel TDX, FMSPC 90c06f000000", false, claims()});
  report.pass(spec("quote-signature"));
  report.fail(spec("tcb-status"), "the status is OutOfDate: the host needs an update").actual = "OutOfDate";
  report.tcb = explained();
  report.finish({&spec("quote-signature")}, false);
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
  report.tcb = explained();
  report.tcb->profile = report.tcb->why = report.tcb->overrides = report.tcb->parts[0].status = report.tcb->parts[1].id = report.tcb->components[0].meaning = report.tcb->differences[0] = report.tcb->next_steps[0] =
      report.tcb->nearest->status = report.tcb->profiles[0].why = bad;
  report.tcb->profile = "qvl-2026";
  report.tcb->advisories = report.tcb->parts[0].advisories = report.tcb->nearest->advisories = {bad};
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
  if (name == "intel") return {intel()};
  if (name == "hostile") return {hostile()};
  if (name == "error") return {failed_run()};
  if (name == "batch") return {passing(), failing(), failed_run()};
  return {};
}

}  // namespace atls::examples
