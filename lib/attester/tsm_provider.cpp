#include "attester/tsm_provider.hpp"

#include "base/hex.hpp"
#include "intel/quote.hpp"
#include "snp/report.hpp"

namespace atls {
namespace {

// A quote with its certificates has about 5000 bytes; the kernel's buffer has 8 KiB with its head.
constexpr std::size_t kMaxQuote = 8192;

Status check_snp(Bytes outblob, const std::array<std::uint8_t, 64>& report_data, const std::string& where) {
  if (outblob.size() != snp::kReportSize)
    return bad_value(where, "expected a report of " + std::to_string(snp::kReportSize) + " bytes, found " + std::to_string(outblob.size()));
  const auto report = snp::parse_report(outblob);
  if (!report) return report.error();
  if (report->report_data != report_data) return bad_value(where, "the report is not over the report data that was written: " + hex(report->report_data));
  return ok();
}

Status check_tdx(Bytes outblob, const std::array<std::uint8_t, 64>& report_data, const std::string& where) {
  if (outblob.empty()) return Error{Errc::unavailable, where, "the quote is empty: the quoting service of the host gave none"};
  if (outblob.size() < intel::kMinQuoteSize || outblob.size() >= kMaxQuote)
    return bad_value(where, "expected a quote of " + std::to_string(intel::kMinQuoteSize) + " to " + std::to_string(kMaxQuote - 1) + " bytes, found " + std::to_string(outblob.size()));
  const auto quote = intel::parse_quote(outblob);
  if (!quote) return quote.error();
  const auto* td = std::get_if<intel::TdReport>(&quote->body);
  if (td == nullptr) return bad_value(where, "expected a TDX quote, found one of an SGX enclave");
  if (td->report_data != report_data) return bad_value(where, "the quote is not over the report data that was written: " + hex(td->report_data));
  return ok();
}

constexpr TsmProvider kProviders[] = {{"sev_guest", "snp", true, true, check_snp}, {"tdx_guest", "tdx", false, false, check_tdx}};

}  // namespace

const TsmProvider* find_tsm_provider(std::string_view name) {
  for (const TsmProvider& row : kProviders)
    if (row.name == name) return &row;
  return nullptr;
}

std::string tsm_provider_names() {
  std::string out;
  for (const TsmProvider& row : kProviders) out += (out.empty() ? "" : " or ") + std::string(row.name);
  return out;
}

}  // namespace atls
