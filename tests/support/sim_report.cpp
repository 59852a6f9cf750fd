// sim-report [tdx] FOLDER HEX: writes outblob and auxblob (tdx: outblob) of the simulated platform over that report data, for
// tests/support/fake_tsm.py --command. The platform is that of atls-serve with its default seed.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/hex.hpp"
#include "sim/intel_platform.hpp"

namespace {

bool write(const std::filesystem::path& path, atls::Bytes content) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  return static_cast<bool>(file.flush());
}

int failed(const atls::Error& error) {
  std::fprintf(stderr, "sim-report: error: %s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool tdx = argc == 4 && std::string_view(argv[1]) == "tdx";
  const auto asked = atls::from_hex_of_size(argc == (tdx ? 4 : 3) ? argv[argc - 1] : "", 64, "report data");
  if (!asked) {
    std::fprintf(stderr, "usage: sim-report [tdx] FOLDER HEX: %s\n", asked.error().message().c_str());
    return 1;
  }
  std::array<std::uint8_t, 64> report_data{};
  std::copy(asked->begin(), asked->end(), report_data.begin());
  const std::filesystem::path folder = argv[argc - 2];
  if (tdx) {
    const auto platform = atls::sim::IntelPlatform::create({});
    return platform ? (write(folder / "outblob", (*platform)->quote(report_data)) ? 0 : 1) : failed(platform.error());
  }
  const auto platform = atls::sim::SnpPlatform::create({});
  if (!platform) return failed(platform.error());
  return write(folder / "outblob", (*platform)->report(report_data)) && write(folder / "auxblob", (*platform)->cert_table()) ? 0 : 1;
}
