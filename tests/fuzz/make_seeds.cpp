// Writes tests/fuzz/seeds from the simulated platform and the encoders: make-seeds DIR. Run by hand when a format gains a form.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "constellation/document.hpp"
#include "crypto/digest.hpp"
#include "evidence/bundle.hpp"
#include "intel/bundle.hpp"
#include "pem/pem.hpp"
#include "profile/constellation.hpp"
#include "sim/intel_platform.hpp"
#include "sim/platform.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
namespace fs = std::filesystem;

namespace {

class Seeds {
 public:
  explicit Seeds(fs::path root) : root_(std::move(root)) {}
  void put(const std::vector<std::string>& targets, const std::string& name, Bytes bytes) {
    for (const std::string& target : targets) {
      fs::create_directories(root_ / target);
      std::ofstream(root_ / target / name, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
  }
  void put(const std::vector<std::string>& targets, const std::string& name, std::string_view text) { put(targets, name, as_bytes(text)); }

 private:
  fs::path root_;
};

Buffer joined(Bytes a, Bytes b) {
  Buffer out = to_buffer(a);
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

// Bundles of other programs around made-up certificates and lists.
void put_collateral(Seeds& seeds) {
  const std::string chain = pem::encode("CERTIFICATE", test::pattern(40, 1));
  const std::string tcb = test::response("tcbInfo", test::tdx_tcb_info()), qe = test::response("enclaveIdentity", test::td_qe_identity());
  intel::QuoteCollateral c;
  c.pck_crl_issuer_chain = c.tcb_info_issuer_chain = c.qe_identity_issuer_chain = c.pck_certificate_chain = chain;
  c.root_ca_crl = c.pck_crl = {0x30, 0x81, 0x01, 0x00};
  c.tcb_info = to_buffer(test::tdx_tcb_info());
  c.qe_identity = to_buffer(test::td_qe_identity());
  c.tcb_info_signature = c.qe_identity_signature = *from_hex(test::signature_digits());
  seeds.put({"collateral", "load"}, "dcap-qvl.json", intel::encode_dcap_qvl(c));
  seeds.put({"collateral", "load"}, "go-getter.json",
            intel::encode_go_getter({{"https://a.example/tcb", "Tcb-Info-Issuer-Chain", chain, to_buffer(tcb)}, {"https://a.example/crl", "", "", c.pck_crl}}));
  seeds.put({"collateral", "load"}, "pcs-client.json",
            R"({"collaterals":{"tcbinfos":[{"tdx_tcbinfo":)" + tcb + R"(}],"tdqeidentity":)" + qe +
                R"(,"pckcacrl":{"platformCrl":"30810100"},"rootcacrl":"30810100","certificates":{"TCB-Info-Issuer-Chain":"%2D"}}})");
  seeds.put({"collateral"}, "flat.yaml", "pck_crl_issuer_chain: |\n  x\nroot_ca_crl: >-\n  30810100\npck_crl: 30810100\ntcb_info_issuer_chain: x\ntcb_info: \"{\\\"id\\\":1}\"\ntcb_info_signature: " +
                                             test::signature_digits() + "\nqe_identity_issuer_chain: 'x'\nqe_identity: '{}'\nqe_identity_signature: " + test::signature_digits() + "\n");
  seeds.put({"collateral"}, "anchors.yaml", "tcb_info: &a [*a, {b: !!str c}]\ntcb_info: x\n");
  seeds.put({"collateral"}, "answer.json", nlohmann::json{{"issuer_chain", chain}, {"enclave_identity_json", qe}}.dump());
  seeds.put({"collateral"}, "huge-numbers.json", R"({"tcbInfo":{"version":1e300,"fmspc":99999999999999999999999,"x":{"y":[1e400]}},"signature":""})");
  seeds.put({"collateral"}, "unknown-fields.json", R"({"tcbInfo":{"id":"TDX","more":{"a":1}},"signature":"00","outside":7})");
  std::string dump("\3\0\0\0\x81\0\0\0", 8), body;
  for (const std::string& part : {chain, std::string("30810100"), std::string("30810100"), chain, tcb, chain, qe}) {
    const std::size_t size = part.size() + 1;
    dump += std::string(8, '\1') + static_cast<char>(size) + static_cast<char>(size >> 8) + std::string(6, '\0');
    body += part + '\0';
  }
  seeds.put({"collateral", "load"}, "memory.bin", dump + body);
}

void put_platform(Seeds& seeds, const sim::SnpPlatform& p, const std::string& name) {
  std::array<std::uint8_t, 64> data{};
  data.fill(0x5A);
  const Buffer report = p.report(data), table = p.cert_table();
  seeds.put({"report", "load", "verify"}, name + ".bin", report);
  seeds.put({"cert_table", "load"}, name + "-table.bin", table);
  seeds.put({"load", "verify"}, name + "-extended.bin", joined(report, table));
  seeds.put({"certificate", "der", "load"}, name + "-vek.der", p.vek_der());
  constexpr std::string_view claims = R"({"keys":[{"kid":"HCLAkPub","key_ops":["sign"],"kty":"RSA","e":"AQAB","n":"qqqq"}],"vm-configuration":{"secure-boot":true},"user-data":"00"})";
  seeds.put({"hcl", "load", "verify"}, name + "-hcl.bin", p.hcl(as_bytes(claims)));
  seeds.put({"hcl", "json"}, "claims.json", claims);
}

void put_shared(Seeds& seeds, const sim::SnpPlatform& p) {
  seeds.put({"certificate", "der", "load"}, "ask.der", p.ask_der());
  seeds.put({"certificate", "der", "load"}, "ark.der", p.ark_der());
  seeds.put({"certificate", "load", "verify"}, "crl.der", p.crl_der());
  const std::string chain = pem::encode("CERTIFICATE", p.ask_der()) + pem::encode("CERTIFICATE", p.ark_der());
  seeds.put({"pem", "certificate", "load"}, "chain.pem", chain);   // as the KDS answers
  seeds.put({"pem"}, "crlf.pem", "text\r\n-----BEGIN A B-----\r\nAAEC\r\n-----END A B-----\r\n");
  std::array<std::uint8_t, 64> data{};
  const Buffer report = p.report(data);
  seeds.put({"text", "load"}, "report.hex", hex(report));
  seeds.put({"text", "load"}, "report.b64", base64(report));
  seeds.put({"pem", "load"}, "report.pem", pem::encode("REPORT", report));
  seeds.put({"text"}, "short.b64url", "AAECAw");
  const std::string vcek = pem::encode("CERTIFICATE", p.vek_der());
  const Buffer document = constellation::encode_snp(report, as_bytes(vcek), as_bytes(chain), Buffer(32, 1));
  seeds.put({"document", "load", "json", "verify"}, "snp.json", document);
  const Buffer dummy = constellation::encode_dummy({Buffer(32, 1), Buffer(32, 2)});
  seeds.put({"document", "load", "json"}, "dummy.json", dummy);
  const Buffer tdx = constellation::encode_tdx({intel::encode_quote(test::quote(4)), Buffer(32, 1)});
  seeds.put({"document", "load", "json", "verify"}, "tdx.json", tdx);
  seeds.put({"document"}, "bare.json", R"({"Attestation":{"ak_pub":"AA=="},"InstanceInfo":null,"UserData":"AA=="})");
  seeds.put({"json"}, "kinds.json", R"({"a":[1,-2,2.5e3,true,false,null,"\u00e9\n"],"b":{"c":{}},"big":18446744073709551615})");
  const std::string escaped = nlohmann::json(vcek).dump(), escaped_chain = nlohmann::json(chain).dump();
  seeds.put({"load"}, "thim.json", "{\"vcekCert\":" + escaped + ",\"tcbm\":\"d918000000000004\",\"certificateChain\":" + escaped_chain + ",\"cacheControl\":\"86400\"}");
  seeds.put({"policy", "json"}, "matching.json", p.matching_policy());
}

Result<Buffer> leaf(const std::string& oid, Bytes document) {
  const auto key = profile::constellation::make_leaf_key();
  if (!key) return key.error();
  profile::constellation::LeafSpec spec;
  spec.extensions.push_back({oid, to_buffer(document), false});
  spec.not_before = Time{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  spec.not_after = Time{std::chrono::sys_days{std::chrono::year{2046} / 1 / 1}};
  const auto made = profile::constellation::make_leaf(**key, spec);
  if (!made) return made.error();
  Buffer der(static_cast<std::size_t>(i2d_X509(made->get(), nullptr)));
  unsigned char* at = der.data();
  i2d_X509(made->get(), &at);
  return der;
}

int put_leaves(Seeds& seeds, const sim::SnpPlatform& p) {
  std::array<std::uint8_t, 64> data{};
  const std::string vcek = pem::encode("CERTIFICATE", p.vek_der());
  const auto snp = leaf(std::string(constellation::kOidGcpSevSnp), constellation::encode_snp(p.report(data), as_bytes(vcek), {}, Buffer(32, 1)));
  const auto dummy = leaf(std::string(constellation::kOidDummy), constellation::encode_dummy({Buffer(32, 1), Buffer(32, 7)}));
  const auto tdx = leaf(std::string(constellation::kOidQemuTdx), constellation::encode_tdx({intel::encode_quote(test::quote(4)), Buffer(32, 1)}));
  if (!snp || !dummy || !tdx) return 1;
  seeds.put({"leaf", "verify"}, "leaf-tdx.der", *tdx);
  seeds.put({"leaf", "load", "certificate", "der", "verify"}, "leaf-snp.der", *snp);
  seeds.put({"leaf", "load", "certificate", "der"}, "leaf-dummy.der", *dummy);
  seeds.put({"leaf"}, "sni.txt", profile::constellation::nonce_to_sni(Buffer(32, 3)));
  const std::string cn = profile::constellation::nonce_to_sni(Buffer(32, 3));
  Buffer name = *from_hex("303731353033060355040313" "2c");
  name.insert(name.end(), cn.begin(), cn.end());
  seeds.put({"leaf"}, "ca-name.der", name);

  evidence::Bundle b;
  b.tool = "atls-connect";
  b.version = "0.1.0";
  b.subject = {"endpoint", "127.0.0.1:4433", ""};
  b.profile = "constellation";
  b.role = "server";
  b.tls = TlsInfo{"TLS 1.3", "TLS_AES_256_GCM_SHA384", "X25519", "h2", "", false};
  b.chain = {*snp};
  b.nonce = Buffer(32, 3);
  b.collateral.push_back({{CollateralKind::amd_ark, p.ark_der(), CollateralSource::bundle, "x"}, {}});
  seeds.put({"bundle", "load", "json", "verify"}, "bundle.json", evidence::encode_bundle(b));
  b.evidence.push_back({"snp", Buffer(4, 1)});
  b.exporter["label"] = Buffer(32, 9);
  b.chain.clear();
  b.collateral.clear();
  b.tls.reset();
  b.nonce.reset();
  seeds.put({"bundle"}, "small.json", evidence::encode_bundle(b));
  return 0;
}

void put_intel(Seeds& seeds) {
  struct Row { const char* name; std::uint16_t version, body; };
  for (const Row& row : {Row{"sgx-v3.bin", 3, 1}, Row{"tdx-v4.bin", 4, 2}, Row{"sgx-v4.bin", 4, 1}, Row{"tdx-v5.bin", 5, 3}, Row{"tdx-v5-extended.bin", 5, 4}}) {
    const Buffer quote = intel::encode_quote(test::quote(row.version, row.body));
    seeds.put({"quote"}, row.name, quote);
    if (row.version == 4 && row.body == 2) seeds.put({"load", "verify"}, row.name, quote);
  }
  intel::Quote ppid = test::quote(3);
  ppid.certification = {1, 0, test::pattern(36, 1)};
  seeds.put({"quote"}, "sgx-v3-ppid.bin", intel::encode_quote(ppid));
  seeds.put({"quote", "load"}, "tdreport.bin", test::td_report_struct());
  seeds.put({"pck"}, "processor.der", intel::encode_pck_extension(test::pck_extension(false)));
  seeds.put({"pck"}, "platform.der", intel::encode_pck_extension(test::pck_extension(true)));
  seeds.put({"tcb_info", "load", "json"}, "tcb-tdx.json", test::response("tcbInfo", test::tdx_tcb_info()));
  seeds.put({"tcb_info"}, "tcb-sgx-v2.json", test::response("tcbInfo", test::sgx_tcb_info_v2()));
  seeds.put({"qe_identity", "load"}, "td-qe.json", test::response("enclaveIdentity", test::td_qe_identity()));
  const Buffer log = eventlog::encode_log(test::ccel_log());
  seeds.put({"eventlog", "load"}, "ccel.bin", log);
  Buffer padded = log;
  padded.resize(padded.size() + 64, 0xFF);
  seeds.put({"eventlog"}, "ccel-padded.bin", padded);
  eventlog::Log old = test::ccel_log();
  old.crypto_agile = false;
  for (auto& event : old.events) event.digests = {{eventlog::kSha1, test::pattern(20, 1)}};
  old.events.erase(old.events.begin());
  seeds.put({"eventlog"}, "tpm12.bin", eventlog::encode_log(old));
  Buffer table(56);
  std::copy_n("CCEL8", 5, table.begin());
  table[36] = 2;
  seeds.put({"eventlog", "load"}, "ccel-table.bin", table);
}

// Quotes, collateral and logs that are really signed, and the containers of agents.
bool put_simulated_intel(Seeds& seeds) {
  std::array<std::uint8_t, 64> data{};
  data.fill(0x5A);
  const auto replaces = [](std::uint8_t what, Bytes bytes) { return joined(Buffer{what}, bytes); };
  for (const unsigned version : {3U, 4U, 5U}) {
    sim::IntelOptions options;
    options.sgx = version == 3;
    options.quote_version = version;
    const auto p = sim::IntelPlatform::create(options);
    if (!p) return false;
    const Buffer quote = (*p)->quote(data);
    seeds.put({"intel_verify"}, "quote-v" + std::to_string(version), replaces(0, quote));
    if (version != 4) continue;
    seeds.put({"intel_verify"}, "tcb-info", replaces(1, (*p)->tcb_info()));
    seeds.put({"intel_verify"}, "qe-identity", replaces(2, (*p)->qe_identity()));
    seeds.put({"intel_verify"}, "event-log", replaces(3, (*p)->event_log()));
    seeds.put({"intel_verify"}, "pck-crl", replaces(4, (*p)->pck_crl_der()));
    const std::string log = R"([{"imr":0,"event_type":4,"digest":")" + std::string(96, 'a') + R"("},{"imr":3,"event_type":134217729,"event":"app-id","event_payload":"00ff"}])";
    seeds.put({"container", "load"}, "coco.json", R"({"quote":")" + base64(quote) + R"(","cc_eventlog":")" + base64((*p)->event_log()) + "\"}");
    seeds.put({"container"}, "dstack.json", R"({"quote":")" + hex(quote) + R"(","event_log":)" + nlohmann::json(log).dump() + R"(,"report_data":"00","vm_config":"{}"})");
    seeds.put({"container"}, "azure.json", R"({"version":1,"td_quote":")" + base64(quote, Base64::url_unpadded) + R"(","hcl_report":")" + base64(to_buffer("HCLA"), Base64::url_unpadded) + "\"}");
    seeds.put({"container"}, "numbers.json", nlohmann::json(quote).dump());
    seeds.put({"container"}, "embedded.hex", "00000000" + hex(quote));
    seeds.put({"runtime_log", "eventlog"}, "dstack-log.json", log);
    seeds.put({"runtime_log"}, "dstack-v2.json", R"([{"imr":3,"event_type":134217729,"version":2,"event":"compose-hash\n","event_payload":"00"}])");
    seeds.put({"runtime_log"}, "ccel.bin", (*p)->event_log());
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make-seeds DIR\n";
    return 1;
  }
  Seeds seeds{fs::path(argv[1])};
  put_intel(seeds);
  if (!put_simulated_intel(seeds)) return 1;
  put_collateral(seeds);
  struct Row { const char* name; snp::ProductLine product; bool vlek; std::uint32_t version; };
  for (const Row& row : {Row{"milan-v2", snp::ProductLine::milan, false, 2}, Row{"milan-v3-vlek", snp::ProductLine::milan, true, 3}, Row{"genoa-v5", snp::ProductLine::genoa, false, 5},
                         Row{"turin-v5", snp::ProductLine::turin, false, 5}}) {
    sim::SnpOptions options;
    options.product = row.product;
    options.vlek = row.vlek;
    options.report_version = row.version;
    const auto platform = sim::SnpPlatform::create(options);
    if (!platform) {
      std::cerr << platform.error().message() << "\n";
      return 1;
    }
    put_platform(seeds, **platform, row.name);
    if (row.version == 2) {
      put_shared(seeds, **platform);
      if (put_leaves(seeds, **platform) != 0) return 1;
    }
  }
  return 0;
}
