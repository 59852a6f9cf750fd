// Only short input is refused; every field survives encoding; reserved bytes are found.
#include "fuzz.hpp"
#include "snp/report.hpp"

using namespace atls;

FUZZ(input) {
  const auto report = snp::parse_report(input);
  fuzz::require(bool(report) == (input.size() >= snp::kReportSize), "the length alone decides");
  if (!report) return fuzz::require(report.error().code == Errc::truncated && report.error().offset <= input.size(), "truncated, with its place");
  fuzz::require(report->raw.size() == snp::kReportSize && report->trailing == input.size() - snp::kReportSize, "no byte is lost");
  const Buffer encoded = snp::encode_report(*report);
  const auto again = snp::parse_report(encoded);
  fuzz::require(again && snp::encode_report(*again) == encoded, "encoding is stable");
  bool reserved_zero = true;
  for (const snp::Field& f : snp::report_fields(report->version)) {
    const Bytes is = Bytes(report->raw).subspan(f.offset, f.size);
    if (f.kind != snp::FieldKind::reserved) fuzz::require(equal(is, Bytes(encoded).subspan(f.offset, f.size)), "every field survives encoding");
    else if (f.offset < snp::kSignatureOffset) reserved_zero = reserved_zero && is_zero(is);
  }
  fuzz::require(report->reserved_nonzero().empty() == reserved_zero, "reserved bytes are found");
}
