// Writes a simulated platform in the layouts that other tools read.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/endorsements.hpp"
#include "sim/faults.hpp"
#include "sim/platform.hpp"
#include "sim/report_build.hpp"

namespace atls::sim {
namespace {

namespace fs = std::filesystem;

// Tells an export from a folder of somebody else. Its first line is fixed, the others are the files that belong to it.
constexpr std::string_view kMarker = ".atls-export", kMarkerLine = "simulated platform written by atls-serve --export-platform";

struct File { std::string path, about; Buffer content; };   // path: below the export, with '/'

std::string pem_of(Bytes der) { return pem::encode("CERTIFICATE", der); }

// Trustee's offline store: vcek/{hwid}/bl.._tee.._snp.._ucode..[_fmc..]_vcek.der, decimal with two digits.
std::string kds_store_path(const Platform& platform) {
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

std::string readme(const Platform& platform, const std::vector<File>& files) {
  const PlatformOptions& options = platform.options();
  std::ostringstream out;
  out << "A SIMULATED AMD SEV-SNP platform, written by atls-serve --export-platform.\n"
         "No hardware is behind it: its keys are public or follow from the seed, and nothing here proves anything.\n"
         "atls-connect and atls-verify accept it only with --trust-simulated, or with --trust-anchor trust-anchor.pem.\n\n"
      << snp::product_name(options.product) << ", report version " << options.report_version << ", signed with the "
      << (signs_with_vlek(options) ? "VLEK" : "VCEK") << ".\n";
  for (const std::string& name : options.faults) {
    const Fault* fault = find_fault(name);
    if (fault == nullptr || fault->layer == FaultLayer::handshake) continue;
    out << "\nFAULT " << name << ": " << fault->summary << ".\n"
        << (fault->accept ? "A correct verifier accepts it" : "A correct verifier refuses it") << " (" << fault->check << " is \""
        << fault->outcome << "\", exit status " << static_cast<int>(fault->exit) << ").\n";
  }
  constexpr std::size_t kColumn = 20;
  out << "\nFiles\n";
  for (const File& file : files) {
    out << "  " << file.path;
    if (file.path.size() <= kColumn) out << std::string(kColumn - file.path.size(), ' ');
    else out << "\n  " << std::string(kColumn, ' ');
    out << "  " << file.about << "\n";
  }
  out << "\nTry\n  atls-verify --policy policy.json --trust-simulated --offline extended.bin\n  atls-dump report.bin\n";
  return out.str();
}

std::vector<File> files_of(const Platform& platform) {
  const PlatformOptions& options = platform.options();
  const bool vlek = options.vlek && !has_fault(options, "vlek-as-vcek");
  std::array<std::uint8_t, 64> report_data{};
  const Buffer derived = derive(options.seed, "export-report-data", report_data.size());
  std::copy(derived.begin(), derived.end(), report_data.begin());

  const Buffer report = platform.report(report_data), table = platform.cert_table();
  Buffer extended(report.begin(), report.begin() + static_cast<std::ptrdiff_t>(snp::kReportSize));   // extra-data shows without a table only
  extended.insert(extended.end(), table.begin(), table.end());
  const std::string vek_name = vlek ? "vlek" : "vcek", ask_name = vlek ? "asvk" : "ask";

  std::vector<File> files;
  const auto add = [&](std::string path, std::string about, Buffer content) { files.push_back({std::move(path), std::move(about), std::move(content)}); };
  add("policy.json", "reference values of this platform without faults (atls-policy/1)", to_buffer(platform.matching_policy()));
  add("trust-anchor.pem", "the simulated ARK, always the right one (--trust-anchor)", to_buffer(pem_of(anchor(CollateralKind::amd_ark, options.product))));
  add("report.bin", "attestation report, as SNP_GET_REPORT gives it", report);
  add("extended.bin", "report and certificate table, as SNP_GET_EXT_REPORT gives them", extended);
  add("tsm/outblob", "configfs-tsm: report", report);
  add("tsm/auxblob", "configfs-tsm: certificate table", table);
  add("tsm/provider", "configfs-tsm: name of the provider", to_buffer("sev_guest\n"));
  add("certs/ark.pem", "snpguest: root", to_buffer(pem_of(platform.ark_der())));
  add("certs/" + ask_name + ".pem", "snpguest: intermediate authority", to_buffer(pem_of(platform.ask_der())));
  add("certs/" + vek_name + ".pem", "snpguest: endorsement key", to_buffer(pem_of(platform.vek_der())));
  add("ask_ark.pem", "go-sev-guest: CA bundle, as /" + vek_name + "/v1/.../cert_chain of the KDS", to_buffer(pem_of(platform.ask_der()) + pem_of(platform.ark_der())));
  if (!signs_with_vlek(options)) add(kds_store_path(platform), "Trustee: offline store of VCEKs (folder kds-store)", platform.vek_der());
  add("crl.der", "revocation list of the root", platform.crl_der());
  add("crl.pem", "the same in PEM", to_buffer(pem::encode("X509 CRL", platform.crl_der())));
  add("hcl.bin", "Azure HCL report, as vTPM NV index 0x01400001 holds it", platform.hcl(as_bytes(runtime_claims(options.seed))));
  const std::string text = readme(platform, files);
  add("README.txt", "this text", to_buffer(text));
  return files;
}

Error io_error(const fs::path& path, std::string what) { return {Errc::io, path.string(), std::move(what)}; }

Status write_file(const fs::path& path, Bytes content) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (failed) return io_error(path.parent_path(), "cannot create the folder: " + failed.message());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) return io_error(path, "cannot be written");
  return ok();
}

// A marker may have been edited: only plain names below the folder are followed.
bool is_plain(const fs::path& path) {
  return !path.empty() && path.is_relative() && std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".." || part == "."; });
}

// Takes the files of an earlier export away, so that no certificate of another chip stays behind.
Status make_room(const fs::path& directory) {
  std::error_code failed;
  const bool exists = fs::exists(directory, failed);
  if (failed) return io_error(directory, failed.message());
  if (!exists) return ok();
  if (!fs::is_directory(directory, failed)) return io_error(directory, "exists and is not a folder; name another one");
  if (fs::is_empty(directory, failed) && !failed) return ok();
  std::ifstream marker(directory / kMarker);
  std::string line;
  if (!std::getline(marker, line) || line != kMarkerLine)
    return Error{Errc::refused, directory.string(), "is not empty and not an earlier export; name an empty or new folder"};
  while (std::getline(marker, line)) {
    const fs::path path(line);
    if (!is_plain(path)) continue;
    fs::remove(directory / path, failed);
    for (fs::path folder = path.parent_path(); !folder.empty() && !failed; folder = folder.parent_path()) {
      if (!fs::is_empty(directory / folder, failed) || failed) break;
      fs::remove(directory / folder, failed);
    }
    failed.clear();   // what cannot be removed is overwritten, or stays
  }
  return ok();
}

}  // namespace

Status export_platform(const Platform& platform, const fs::path& directory) {
  if (const Status s = make_room(directory); !s) return s.error();
  const std::vector<File> files = files_of(platform);
  std::string marker = std::string(kMarkerLine) + "\n";
  for (const File& file : files) marker += file.path + "\n";
  if (const Status s = write_file(directory / kMarker, as_bytes(marker)); !s) return s.error();   // first: an interrupted export is still ours
  for (const File& file : files)
    if (const Status s = write_file(directory / file.path, file.content); !s) return s.error();
  return ok();
}

}  // namespace atls::sim
