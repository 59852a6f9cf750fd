// sim-report FOLDER HEX: writes outblob and auxblob of the simulated platform over that report data, for
// tests/support/fake_tsm.py --command. The platform is that of atls-serve with its default seed.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/hex.hpp"
#include "sim/platform.hpp"

namespace {

bool write(const std::filesystem::path& path, atls::Bytes content) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  return static_cast<bool>(file.flush());
}

}  // namespace

int main(int argc, char** argv) {
  const auto asked = atls::from_hex_of_size(argc == 3 ? argv[2] : "", 64, "report data");
  if (!asked) {
    std::fprintf(stderr, "usage: sim-report FOLDER HEX: %s\n", asked.error().message().c_str());
    return 1;
  }
  const auto platform = atls::sim::SnpPlatform::create({});
  if (!platform) {
    std::fprintf(stderr, "sim-report: error: %s\n", platform.error().message().c_str());
    return 1;
  }
  std::array<std::uint8_t, 64> report_data{};
  std::copy(asked->begin(), asked->end(), report_data.begin());
  const std::filesystem::path folder = argv[1];
  return write(folder / "outblob", (*platform)->report(report_data)) && write(folder / "auxblob", (*platform)->cert_table()) ? 0 : 1;
}
