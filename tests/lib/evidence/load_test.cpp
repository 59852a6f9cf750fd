#include "evidence/load.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "azure/hcl.hpp"
#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/writer.hpp"
#include "constellation/document.hpp"
#include "evidence/bundle.hpp"
#include "pem/pem.hpp"
#include "sim/platform.hpp"
#include "snp/report.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
using evidence::InputKind;
using evidence::load_bytes;
using evidence::Loaded;
namespace fs = std::filesystem;

namespace {

const sim::SnpPlatform& sample_platform() {
  static const auto made = sim::SnpPlatform::create({});
  return **made;
}

Buffer report() {
  static const Buffer made = sample_platform().report(std::array<std::uint8_t, 64>{1, 2, 3});
  return made;
}
Buffer sample_table() { static const Buffer made = sample_platform().cert_table(); return made; }
Buffer joined(Bytes a, Bytes b) { Buffer out = to_buffer(a); out.insert(out.end(), b.begin(), b.end()); return out; }
Buffer hcl() { static const Buffer made = sample_platform().hcl(as_bytes(R"({"keys":[],"user-data":"00"})")); return made; }
std::string chain_pem() { return pem::encode("CERTIFICATE", sample_platform().ask_der()) + pem::encode("CERTIFICATE", sample_platform().ark_der()); }
std::string thim() {
  return nlohmann::json{{"vcekCert", pem::encode("CERTIFICATE", sample_platform().vek_der())}, {"certificateChain", chain_pem()}, {"tcbm", "00"}, {"cacheControl", "1"}}.dump();
}
Buffer tdx_document() { return constellation::encode_tdx({intel::encode_quote(test::quote(4)), Buffer(32, 1)}); }

Buffer snp_document() {
  return constellation::encode_snp(report(), as_bytes(pem::encode("CERTIFICATE", sample_platform().vek_der())), as_bytes(chain_pem()), Buffer(32, 1));
}
Loaded load_input(std::string_view text) { return load_bytes(as_bytes(text), "input"); }
Loaded load_input(const Buffer& bytes) { return load_bytes(bytes, "input"); }

std::string wrapped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 60) out += text.substr(i, 60) + "\r\n";
  return out;
}

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("atls-load-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)))) { fs::remove_all(path_); fs::create_directories(path_); }
  ~Folder() { fs::remove_all(path_); }
  Folder& put(const std::string& name, Bytes bytes) {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return *this;
  }
  Loaded load() const { return *evidence::load_path(path_); }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("load: content decides what an input is, in each of its encodings") {
  struct Row { const char* what; Buffer bytes; InputKind kind; std::vector<std::string> encodings; };
  std::string upper = hex(report());
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const std::vector<Row> rows = {
      {"report", report(), InputKind::snp_report, {}},
      {"hexadecimal report", to_buffer(hex(report())), InputKind::snp_report, {"hex"}},
      {"upper case, lines", to_buffer(wrapped(upper)), InputKind::snp_report, {"hex"}},
      {"base64 report", to_buffer(wrapped(base64(report()))), InputKind::snp_report, {"base64"}},
      {"base64url report", to_buffer(base64(joined(report(), sample_table()), Base64::url_unpadded)), InputKind::snp_extended, {}},
      {"PEM report", to_buffer(pem::encode("REPORT", report())), InputKind::snp_report, {"pem"}},
      {"base64 of hexadecimal", to_buffer(base64(as_bytes(hex(report())))), InputKind::snp_report, {"base64", "hex"}},
      {"extended report", joined(report(), sample_table()), InputKind::snp_extended, {}},
      {"extended report, empty page", joined(report(), Buffer(4096, 0)), InputKind::snp_extended, {}},
      {"hexadecimal extended report", to_buffer(hex(joined(report(), sample_table()))), InputKind::snp_extended, {"hex"}},
      {"certificate table", sample_table(), InputKind::cert_table, {}},
      {"base64 certificate table", to_buffer(base64(sample_table())), InputKind::cert_table, {"base64"}},
      {"HCL report", hcl(), InputKind::hcl, {}},
      {"base64 HCL report", to_buffer(base64(hcl())), InputKind::hcl, {"base64"}},
      {"certificate", sample_platform().vek_der(), InputKind::certificate, {}},
      {"chain, one after the other", joined(sample_platform().ask_der(), sample_platform().ark_der()), InputKind::certificate, {}},
      {"PEM chain", to_buffer(chain_pem()), InputKind::certificate, {"pem"}},
      {"base64 certificate", to_buffer(base64(sample_platform().vek_der())), InputKind::certificate, {"base64"}},
      {"CRL", sample_platform().crl_der(), InputKind::crl, {}},
      {"PEM CRL", to_buffer(pem::encode("X509 CRL", sample_platform().crl_der())), InputKind::crl, {"pem"}},
      {"THIM reply", to_buffer(thim()), InputKind::thim_json, {}},
      {"SNP document", snp_document(), InputKind::document, {}},
      {"dummy document", constellation::encode_dummy({Buffer(32, 1), Buffer(32, 2)}), InputKind::document, {}},
      {"TDX document", tdx_document(), InputKind::document, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Loaded l = load_input(row.bytes);
    CHECK_MESSAGE(!l.error, (l.error ? l.error->message() : ""));
    CHECK(l.kind == row.kind);
    if (!row.encodings.empty()) CHECK(l.encodings == row.encodings);
    CHECK(l.sha256.size() == 64);
  }
}

TEST_CASE("load: evidence is taken out of its container with everything that came with it") {
  const Loaded extended = load_input(joined(report(), sample_table()));
  REQUIRE(extended.evidence);
  CHECK(extended.evidence->container == "extended");
  CHECK(extended.evidence->data == report());
  CHECK(*extended.evidence->aux == sample_table());
  const Loaded from_hcl = load_input(hcl());
  REQUIRE(from_hcl.evidence);
  CHECK(from_hcl.evidence->data.size() == snp::kReportSize);
  CHECK(*from_hcl.evidence->hcl == hcl());
  const Loaded tdx = load_input(tdx_document());
  REQUIRE(tdx.evidence);
  CHECK(tdx.evidence->format == "tdx");
  CHECK(tdx.evidence->data == intel::encode_quote(test::quote(4)));
  const Claim* quote = find_claim(tdx.claims, "document.RawQuote");
  REQUIRE(quote != nullptr);
  CHECK_FALSE(quote->children.empty());
  const Loaded document = load_input(snp_document());
  REQUIRE(document.evidence);
  CHECK(document.evidence->data == report());
  REQUIRE(document.evidence->endorsements.size() == 3);
  CHECK(document.evidence->endorsements[0].kind == CollateralKind::amd_vcek);
  CHECK(document.evidence->endorsements[1].kind == CollateralKind::amd_ask);
  CHECK(document.evidence->endorsements[2].kind == CollateralKind::amd_ark);
  CHECK(load_input(chain_pem()).certificates.size() == 2);
  CHECK(load_input(sample_table()).certificates.size() == 3);
  CHECK(load_input(thim()).certificates.size() == 3);
  CHECK(load_input(constellation::encode_dummy({Buffer(32, 1), Buffer(32, 2)})).evidence->format == "dummy");
}

TEST_CASE("load: bytes after a report that are no table stay with the report, for the size check to judge") {
  for (const std::size_t extra : {1, 20, 23, 100}) {
    const Buffer input = joined(report(), Buffer(extra, 0xAB));
    const Loaded l = load_input(input);
    CHECK(l.kind == InputKind::snp_report);
    REQUIRE(l.evidence);
    CHECK(l.evidence->data == input);
    CHECK_FALSE(l.evidence->aux);
  }
  CHECK(load_bytes(joined(report(), sample_table()), "x", InputKind::snp_report).evidence->data.size() == report().size() + sample_table().size());
}

TEST_CASE("load: every prefix of a report names its end and is never whole evidence") {
  const Buffer whole = report();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Loaded l = load_input(to_buffer(Bytes(whole).first(n)));
    CAPTURE(n);
    REQUIRE(l.error);
    if (l.evidence) CHECK(l.evidence->data.size() == n);
    if (n >= 0x38) CHECK(l.kind == InputKind::snp_report);
  }
  const Loaded cut = load_input(to_buffer(Bytes(whole).first(0x100)));
  CHECK(find_claim(cut.claims, "report.measurement") != nullptr);
  REQUIRE(find_claim(cut.claims, "report.id_key_digest") != nullptr);
  CHECK(find_claim(cut.claims, "report.id_key_digest")->error.find("at offset 256 of 1184") != std::string::npos);
}

TEST_CASE("load: damaged text is decoded up to the damage, which is an error") {
  std::string bad_hex = hex(joined(report(), sample_table())), bad_base64 = base64(report());
  bad_hex[2368 + 100] = 'z';
  bad_base64[800] = '!';
  for (const std::string& text : {bad_hex, hex(report()) + "0", hex(report()) + "zz", bad_base64, base64(report()) + "A"}) {
    const Loaded l = load_input(text);
    CHECK(l.error);
    REQUIRE(l.evidence);
    CHECK(find_claim(l.claims, "report.version") != nullptr);
  }
  const std::string cut = chain_pem().substr(0, pem::encode("CERTIFICATE", sample_platform().ask_der()).size() + 200);
  const Loaded l = load_input(cut);
  CHECK(l.certificates.size() == 1);
  REQUIRE(l.error);
  CHECK(l.error->message().find("no END line") != std::string::npos);
}

TEST_CASE("load: damaged certificates are walked up to the damage") {
  const Buffer whole = sample_platform().vek_der();
  for (std::size_t n = 6; n < whole.size(); n += 7) {
    const Loaded l = load_input(to_buffer(Bytes(whole).first(n)));
    CAPTURE(n);
    CHECK(l.kind == InputKind::certificate);
    CHECK(l.certificates.empty());
    REQUIRE(l.error);
    REQUIRE(find_claim(l.claims, "certificate") != nullptr);
    if (n > 900) CHECK(find_claim(l.claims, "certificate.amd_extensions.blSPL") != nullptr);
  }
  Buffer trailing = whole;
  trailing.push_back(0);
  CHECK(load_input(trailing).error->message().find("1 bytes after it") != std::string::npos);
}

TEST_CASE("load: damaged HCL reports say where, and other guests are no SNP evidence") {
  Buffer magic = hcl(), size = hcl(), cut = hcl(), tdx = hcl();
  size[8] ^= 1;
  cut.resize(azure::kClaimsOffset + 5);
  tdx[0x4C8] = 4;
  CHECK(load_input(size).evidence->decode_error);
  CHECK(find_claim(load_input(size).claims, "hcl.report_size") != nullptr);
  const Loaded short_claims = load_input(cut);
  CHECK_FALSE(short_claims.evidence->decode_error);   // judged by its check
  CHECK(find_claim(short_claims.claims, "hcl.runtime_claims")->error.find("5 of 28 bytes") != std::string::npos);
  const Loaded other = load_input(tdx);
  CHECK(other.kind == InputKind::hcl);
  CHECK(other.evidence->format == "tdx");
  CHECK(other.evidence->decode_error);
  CHECK(find_claim(other.claims, "hcl.td_report.mr_td") != nullptr);
  CHECK(load_input(to_buffer(Bytes(magic).first(100))).evidence->decode_error);
}

TEST_CASE("load: what is nothing of ours is an error, and so is a private key") {
  for (const std::string& text : {std::string(), std::string("hello"), std::string("{}"), std::string("{\"a\":"), std::string("[]"), std::string(2000, '\0'), std::string("00"),
                                  std::string("{\"schema\":\"atls-bundle/1\"}"), pem::encode("PRIVATE KEY", Buffer(10, 1)), pem::encode("CERTIFICATE", Buffer(10, 1)),
                                  base64(as_bytes(base64(as_bytes(base64(as_bytes(base64(as_bytes(base64(report())))))))))}) {
    CAPTURE(text.substr(0, 40));
    const Loaded l = load_input(text);
    CHECK(l.error);
    CHECK_FALSE(l.evidence);
    CHECK(l.certificates.empty());
  }
}

TEST_CASE("load: claims have specification names, values, places in the file and meanings") {
  const Buffer input = joined(report(), sample_table());
  const Loaded l = load_input(input);
  struct Row { const char* path; std::size_t offset, size; };
  for (const Row& row : {Row{"report.version", 0, 4}, Row{"report.policy", 8, 8}, Row{"report.policy.debug", 10, 1}, Row{"report.signer_info.signing_key", 0x48, 1}, Row{"report.measurement", 0x90, 48},
                         Row{"report.reported_tcb", 0x180, 8}, Row{"report.reported_tcb.microcode", 0x187, 1}, Row{"report.reported_tcb.snp", 0x186, 1}, Row{"report.signature.s", 0x2E8, 72},
                         Row{"cert_table.entry[0].guid", 1184, 16}, Row{"cert_table.entry[1].length", 1184 + 44, 4}}) {
    CAPTURE(row.path);
    const Claim* c = find_claim(l.claims, row.path);
    REQUIRE(c != nullptr);
    CHECK(c->offset == row.offset);
    CHECK(c->size == row.size);
    const Buffer bytes = claim_bytes(l.claims, row.path);
    CHECK(equal(bytes, Bytes(input).subspan(row.offset, row.size)));
  }
  CHECK(find_claim(l.claims, "report.reported_tcb")->meaning.find("bootloader") == 0);
  CHECK(std::get<std::string>(find_claim(l.claims, "report.product")->value) == "Milan");
  CHECK(std::get<std::string>(find_claim(l.claims, "cert_table.entry[0].subject_cn")->value) == "SEV-VCEK");
  const Loaded vek = load_input(sample_platform().vek_der());
  const Claim* hwid = find_claim(vek.claims, "certificate.amd_extensions.hwID");
  REQUIRE(hwid != nullptr);
  CHECK(std::get<Buffer>(hwid->value).size() == 64);
  CHECK(claim_bytes(vek.claims, "certificate.amd_extensions.hwID") == std::get<Buffer>(hwid->value));
  CHECK(std::get<std::string>(find_claim(vek.claims, "certificate.public_key")->value) == "EC secp384r1");
  CHECK(find_claim(load_input(sample_platform().crl_der()).claims, "crl.this_update") != nullptr);
}

TEST_CASE("load: a configfs directory gives report, table and provider") {
  Folder folder;
  folder.put("outblob", report()).put("auxblob", sample_table()).put("provider", as_bytes("sev_guest\n")).put("generation", as_bytes("1\n"));
  const Loaded l = folder.load();
  CHECK_FALSE(l.error);
  REQUIRE(l.evidence);
  CHECK(l.evidence->container == "tsm");
  CHECK(l.evidence->data == report());
  CHECK(*l.evidence->aux == sample_table());
  CHECK(l.evidence->provider == "sev_guest");
  folder.put("auxblob", {}).put("outblob", Bytes(report()).first(100));
  const Loaded cut = folder.load();
  CHECK_FALSE(cut.evidence->aux);
  CHECK(cut.error);
}

TEST_CASE("load: a report beside its certificates is a directory input, PEM before DER, the VLEK chain when there is a VLEK") {
  Folder folder;
  folder.put("anything.bin", report()).put("certs/vcek.pem", as_bytes(pem::encode("CERTIFICATE", sample_platform().vek_der()))).put("certs/vcek.der", as_bytes("ignored"));
  folder.put("certs/ask.der", sample_platform().ask_der()).put("certs/ark.der", sample_platform().ark_der()).put("certs/crl.der", sample_platform().crl_der());
  const Loaded l = folder.load();
  CHECK_MESSAGE(!l.error, (l.error ? l.error->message() : ""));
  REQUIRE(l.evidence);
  CHECK(l.evidence->container == "directory");
  CHECK(l.evidence->endorsements.size() == 4);
  folder.put("second.bin", report());
  CHECK(folder.load().error->message().find("several reports") != std::string::npos);
  folder.put("report.bin", report());
  CHECK_FALSE(folder.load().error);
  folder.put("report.bin", as_bytes(hex(report()) + "zz"));
  CHECK(folder.load().error);
  CHECK_FALSE(folder.load().encodings.empty());
  folder.put("report.bin", report()).put("certs/crl.der", Bytes(sample_platform().crl_der()).first(100));
  const Loaded damaged = folder.load();
  CHECK(damaged.error);
  CHECK(damaged.evidence->decode_error);   // a damaged CRL is not an absent one
}

TEST_CASE("load: missing files and directories without a report are errors") {
  CHECK(evidence::load_path("/nonexistent/file").error().code == Errc::not_found);
  Folder folder;
  CHECK(folder.load().error->code == Errc::not_found);
  folder.put("certs/ark.der", sample_platform().ark_der());
  CHECK(folder.load().error->code == Errc::not_found);
}

TEST_CASE("load: AMD's names are compared whole") {
  CHECK(evidence::endorsement_kind(sample_platform().vek_der()) == CollateralKind::amd_vcek);
  CHECK(evidence::endorsement_kind(sample_platform().ask_der()) == CollateralKind::amd_ask);
  CHECK(evidence::endorsement_kind(sample_platform().ark_der()) == CollateralKind::amd_ark);
  CHECK_FALSE(evidence::endorsement_kind(sample_platform().crl_der()));
}
