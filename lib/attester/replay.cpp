// Attesters without hardware: a saved report that is replayed, and one that signs nothing.
#include <algorithm>
#include <system_error>

#include "attester/attester.hpp"
#include "collateral/files.hpp"
#include "intel/quote.hpp"
#include "snp/cert_table.hpp"
#include "snp/report.hpp"

namespace atls {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = snp::kReportSize + snp::kMaxTableBytes;

class FileAttester : public Attester {
 public:
  explicit FileAttester(evidence::Evidence evidence) : evidence_(std::move(evidence)) {}
  std::string_view name() const override { return "file"; }
  Result<evidence::Evidence> attest(const std::array<std::uint8_t, 64>&) override { return evidence_; }

 private:
  const evidence::Evidence evidence_;
};

class FakeAttester : public Attester {
 public:
  std::string_view name() const override { return "fake"; }
  bool has_hardware_evidence() const override { return false; }
  Result<evidence::Evidence> attest(const std::array<std::uint8_t, 64>& report_data) override {
    evidence::Evidence evidence;
    evidence.format = "dummy";
    evidence.data.assign(report_data.begin(), report_data.end());
    return evidence;
  }
};

// Only the binary form is replayed. Text (hex, base64, PEM) would be sent as garbage, so it is told apart here. Gives the format.
Result<std::string> format_of(Bytes data, const fs::path& path) {
  const Bytes head = data.first(std::min<std::size_t>(data.size(), 64));
  if (!head.empty() && std::all_of(head.begin(), head.end(), [](std::uint8_t b) { return b == '\n' || b == '\r' || (b >= 0x20 && b < 0x7F); }))
    return Error{Errc::unsupported, path.string(), "this is text, expected a binary report or quote: write it with atls-dump --extract report -o FILE, or --extract quote"};
  if (intel::looks_like_quote(data)) {
    const auto quote = intel::parse_quote(data);
    if (quote && !quote->is_tdx()) return Error{Errc::unsupported, path.string(), "an SGX quote: no profile has a document for it"};
    if (quote) return std::string("tdx");   // otherwise perhaps a report that begins alike
  }
  if (data.size() < snp::kReportSize)
    return Error{Errc::truncated, path.string(), "expected a TDX quote or a report of " + std::to_string(snp::kReportSize) + " bytes, found " + std::to_string(data.size())};
  return std::string("snp");
}

}  // namespace

Result<std::unique_ptr<Attester>> file_attester(const fs::path& path) {
  evidence::Evidence evidence;
  std::error_code ec;
  if (fs::is_directory(path, ec)) {
    auto report = read_regular_file(path / "outblob", kMaxFile);
    if (!report) return report.error();
    auto format = format_of(*report, path / "outblob");
    if (!format) return format.error();
    evidence.format = std::move(*format);
    evidence.data = std::move(*report);
    evidence.container = "tsm";
    auto table = read_regular_file(path / "auxblob", snp::kMaxTableBytes);   // only reports have one
    if (table && !table->empty()) evidence.aux = std::move(*table);
    else if (!table && table.error().code != Errc::not_found) return table.error();
  } else {
    auto content = read_regular_file(path, kMaxFile);
    if (!content) return content.error();
    auto format = format_of(*content, path);
    if (!format) return format.error();
    evidence.format = std::move(*format);
    if (evidence.format == "snp" && content->size() > snp::kReportSize) {
      evidence.aux = to_buffer(Bytes(*content).subspan(snp::kReportSize));
      content->resize(snp::kReportSize);
    }
    evidence.container = evidence.aux ? "extended" : "raw";
    evidence.data = std::move(*content);
  }
  return std::unique_ptr<Attester>(std::make_unique<FileAttester>(std::move(evidence)));
}

std::unique_ptr<Attester> fake_attester() { return std::make_unique<FakeAttester>(); }

}  // namespace atls
