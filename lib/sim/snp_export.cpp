// The files of a simulated SEV-SNP platform, in the layouts that other tools read.
#include "sim/snp_export.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/endorsements.hpp"
#include "sim/report_build.hpp"

namespace atls::sim {
namespace {

// Trustee's offline store: vcek/{hwid}/bl.._tee.._snp.._ucode..[_fmc..]_vcek.der, decimal with two digits.
std::string kds_store_path(const SnpPlatform& platform) {
  const snp::ProductLine line = platform.options().product;
  const snp::TcbLayout layout = snp::tcb_layout(line);
  const auto chip = platform.chip_id();
  const auto part = [&](const char* name, snp::TcbComponent component) {
    const auto value = platform.reported_tcb().component(component, layout);
    if (!value) return std::string();
    const std::string digits = std::to_string(*value);
    return std::string(name) + (digits.size() < 2 ? "0" : "") + digits + "_";
  };
  using enum snp::TcbComponent;
  return "kds-store/vcek/" + hex(Bytes(chip).first(line == snp::ProductLine::turin ? 8 : 64)) + "/" + part("bl", bootloader) +
         part("tee", tee) + part("snp", snp::TcbComponent::snp) + part("ucode", microcode) + part("fmc", fmc) + "vcek.der";
}

// Runtime claims as Azure's paravisor writes them. The attestation key is a number nobody has the factors of.
std::string runtime_claims(const std::string& seed) {
  Buffer modulus = derive(seed, "hcl-ak", 256);
  modulus.front() |= 0x80;
  modulus.back() |= 0x01;
  return R"({"keys":[{"kid":"HCLAkPub","key_ops":["sign"],"kty":"RSA","e":"AQAB","n":")" + base64(modulus, Base64::url_unpadded) +
         R"("}],"vm-configuration":{"console-enabled":true,"secure-boot":false,"tpm-enabled":true,"vmUniqueId":"00000000-0000-0000-0000-000000000000"},"user-data":")" +
         std::string(128, '0') + R"("})";
}

}  // namespace

std::vector<ExportFile> snp_export_files(const SnpPlatform& platform) {
  const SnpOptions& options = platform.options();
  const bool vlek = options.vlek && !has_fault(options, "vlek-as-vcek");
  std::array<std::uint8_t, 64> report_data{};
  const Buffer derived = derive(options.seed, "export-report-data", report_data.size());
  std::copy(derived.begin(), derived.end(), report_data.begin());

  const Buffer report = platform.report(report_data), table = platform.cert_table();
  Buffer extended(report.begin(), report.begin() + static_cast<std::ptrdiff_t>(snp::kReportSize));   // extra-data shows without a table only
  extended.insert(extended.end(), table.begin(), table.end());
  const std::string vek_name = vlek ? "vlek" : "vcek", ask_name = vlek ? "asvk" : "ask";

  std::vector<ExportFile> files;
  const auto add = [&](std::string path, std::string about, Buffer content) { files.push_back({std::move(path), std::move(about), std::move(content)}); };
  add("policy.json", "reference values of this platform without faults (atls-policy/1)", to_buffer(platform.matching_policy()));
  add("trust-anchor.pem", "the simulated ARK, always the right one (--trust-anchor)", to_buffer(certificate_pem(anchor(CollateralKind::amd_ark, options.product))));
  add("report.bin", "attestation report, as SNP_GET_REPORT gives it", report);
  add("extended.bin", "report and certificate table, as SNP_GET_EXT_REPORT gives them", extended);
  add("tsm/outblob", "configfs-tsm: report", report);
  add("tsm/auxblob", "configfs-tsm: certificate table", table);
  add("tsm/provider", "configfs-tsm: name of the provider", to_buffer("sev_guest\n"));
  add("certs/ark.pem", "snpguest: root", to_buffer(certificate_pem(platform.ark_der())));
  add("certs/" + ask_name + ".pem", "snpguest: intermediate authority", to_buffer(certificate_pem(platform.ask_der())));
  add("certs/" + vek_name + ".pem", "snpguest: endorsement key", to_buffer(certificate_pem(platform.vek_der())));
  add("ask_ark.pem", "go-sev-guest: CA bundle, as /" + vek_name + "/v1/.../cert_chain of the KDS", to_buffer(certificate_pem(platform.ask_der()) + certificate_pem(platform.ark_der())));
  if (!signs_with_vlek(options)) add(kds_store_path(platform), "Trustee: offline store of VCEKs (folder kds-store)", platform.vek_der());
  add("crl.der", "revocation list of the root", platform.crl_der());
  add("crl.pem", "the same in PEM", to_buffer(pem::encode("X509 CRL", platform.crl_der())));
  add("hcl.bin", "Azure HCL report, as vTPM NV index 0x01400001 holds it", platform.hcl(as_bytes(runtime_claims(options.seed))));
  return files;
}

}  // namespace atls::sim
