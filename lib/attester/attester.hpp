// An attester produces fresh evidence over 64 bytes of report data: hardware through configfs-tsm, a file, a simulator.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "evidence/evidence.hpp"

namespace atls {

class Attester {
 public:
  virtual ~Attester() = default;
  virtual std::string_view name() const = 0;
  virtual bool has_hardware_evidence() const { return true; }     // false: "fake", served under the dummy OID
  // Plain form: the report and its certificate table; thread-safe.
  virtual Result<evidence::Evidence> attest(const std::array<std::uint8_t, 64>& report_data) = 0;
};

// Linux configfs-tsm (Documentation/ABI/testing/configfs-tsm-report) of SEV-SNP and TDX guests. privlevel: the VMPL to ask for, 0 to
// 3, SEV-SNP only. Fails at once, with what to do, when `root` is not there.
struct TsmOptions { std::filesystem::path root = "/sys/kernel/config/tsm/report"; std::optional<unsigned> privlevel; };
Result<std::unique_ptr<Attester>> tsm_attester(TsmOptions options);
// Replays one saved report (raw, extended, or a directory with outblob and auxblob) or TDX quote, whatever is asked: report data will
// not match.
Result<std::unique_ptr<Attester>> file_attester(const std::filesystem::path& path);
// No hardware signature: the evidence is the report data itself, format "dummy".
std::unique_ptr<Attester> fake_attester();

}  // namespace atls
