// sim-report [tdx] FOLDER HEX: writes outblob and auxblob (tdx: outblob) of the simulated platform over that report data, for
// tests/support/fake_tsm.py --command. The platform is that of atls-serve with its default seed.
// sim-report FOLDER HEX OFFSET=HEX...: the same SNP report with other bytes at these places (decimal), signed again.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/hex.hpp"
#include "sim/identity.hpp"
#include "sim/intel_platform.hpp"
#include "sim/x509_parts.hpp"

namespace {

bool write(const std::filesystem::path& path, atls::Bytes content) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  return static_cast<bool>(file.flush());
}

constexpr std::size_t kIntegerBytes = 72;   // of r and s, little-endian; SEV-SNP ABI (AMD 56860), signature format

bool changed(atls::Buffer& report, std::string_view change) {
  const std::size_t equals = std::min(change.find('='), change.size());
  std::size_t at = 0;
  const auto number = std::from_chars(change.data(), change.data() + equals, at);
  const auto value = atls::from_hex(change.substr(std::min(equals + 1, change.size())));
  if (number.ec != std::errc{} || number.ptr != change.data() + equals || !value || at + value->size() > atls::snp::kSignedSize) return false;
  std::copy(value->begin(), value->end(), report.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

bool signed_again(atls::Buffer& report) {
  const auto identity = atls::sim::derive_identity({});
  if (!identity) return false;
  const auto signature = atls::sim::ecdsa_sign(atls::sim::Curve::p384, identity->vcek.get(), atls::Bytes(report).first(atls::snp::kSignedSize));
  std::uint8_t* const r = report.data() + atls::snp::kSignatureOffset;
  return BN_bn2lebinpad(signature.r.get(), r, kIntegerBytes) >= 0 && BN_bn2lebinpad(signature.s.get(), r + kIntegerBytes, kIntegerBytes) >= 0;
}

int failed(const atls::Error& error) {
  std::fprintf(stderr, "sim-report: error: %s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool tdx = argc == 4 && std::string_view(argv[1]) == "tdx";
  const int last = tdx ? 3 : 2;
  const auto asked = atls::from_hex_of_size(argc > last ? argv[last] : "", 64, "report data");
  if (!asked) {
    std::fprintf(stderr, "usage: sim-report [tdx] FOLDER HEX [OFFSET=HEX...]: %s\n", asked.error().message().c_str());
    return 1;
  }
  std::array<std::uint8_t, 64> report_data{};
  std::copy(asked->begin(), asked->end(), report_data.begin());
  const std::filesystem::path folder = argv[last - 1];
  if (tdx) {
    const auto platform = atls::sim::IntelPlatform::create({});
    return platform ? (write(folder / "outblob", (*platform)->quote(report_data)) ? 0 : 1) : failed(platform.error());
  }
  const auto platform = atls::sim::SnpPlatform::create({});
  if (!platform) return failed(platform.error());
  atls::Buffer report = (*platform)->report(report_data);
  const bool good = std::all_of(argv + last + 1, argv + argc, [&](const char* change) { return changed(report, change); });
  if (!good || (argc > last + 1 && !signed_again(report))) {
    std::fprintf(stderr, "sim-report: error: changes are OFFSET=HEX inside the signed part\n");
    return 1;
  }
  return write(folder / "outblob", report) && write(folder / "auxblob", (*platform)->cert_table()) ? 0 : 1;
}
