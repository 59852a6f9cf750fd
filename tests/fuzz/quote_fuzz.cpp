// A quote that decodes encodes to its own bytes; what is in it lies inside it. TDREPORT and report bodies the same way.
#include "places.hpp"
#include "evidence/intel_claims.hpp"
#include "intel/quote.hpp"

using namespace atls;

FUZZ(input) {
  fuzz::check_places(evidence::quote_claims(input));
  fuzz::check_places(evidence::td_report_claims(input));
  const auto report = intel::parse_td_report_struct(input);
  fuzz::require(bool(report) == (input.size() >= intel::kTdReportStructSize), "the length alone decides about a TDREPORT");
  if (report) {
    const Buffer encoded = intel::encode_td_report_struct(*report);
    fuzz::require(equal(encoded, input.first(intel::kTdReportStructSize)), "a TDREPORT encodes to its bytes");
  }
  const auto quote = intel::parse_quote(input);
  if (!quote) return fuzz::require(quote.error().offset <= input.size(), "the place of damage is inside");
  fuzz::require(quote->raw.size() == input.size(), "no byte is lost");
  const std::size_t size = quote->signature_data_offset + quote->signature_data_size;
  fuzz::require(size + quote->trailing == input.size() && quote->signed_size < size, "sizes add up");
  fuzz::require(equal(quote->signed_bytes(), input.first(quote->signed_size)), "the signed bytes are those of the input");
  (void)intel::parse_ppid_data(quote->certification);
  const Buffer encoded = intel::encode_quote(*quote);
  if (quote->unused_in_signature_data == 0) fuzz::require(equal(encoded, input.first(size)), "it encodes to its bytes");
  for (std::size_t n : {std::size_t{0}, quote->signed_size / 2, quote->signed_size, size - 1}) {
    const auto cut = intel::parse_quote(input.first(n));
    fuzz::require(!cut && cut.error().code == Errc::truncated, "a prefix is truncated");
  }
}
