// No blob reaches outside the table; a table without problems survives encoding.
#include "fuzz.hpp"
#include "snp/cert_table.hpp"

using namespace atls;

FUZZ(input) {
  const auto table = snp::parse_cert_table(input);
  if (!table) return fuzz::require(table.error().code == Errc::too_large, "only limits are refused");
  fuzz::require(table->entries.size() <= snp::kMaxTableEntries && table->header_size <= input.size(), "limits");
  std::vector<snp::TableBlob> blobs;
  for (const snp::TableEntry& e : table->entries) {
    const std::uint64_t end = std::uint64_t{e.offset} + e.length;
    fuzz::require(e.in_bounds == (e.offset >= table->header_size && end <= input.size()), "bounds are those of 64-bit sums");
    fuzz::require(e.data.size() == (e.in_bounds ? e.length : 0), "data is the blob or nothing");
    blobs.push_back({e.guid, e.data});
  }
  const auto again = snp::parse_cert_table(snp::encode_cert_table(blobs));
  if (!again) return;   // overlapping blobs may add up to more than the limit
  fuzz::require(again->terminated && again->out_of_bounds.empty() && again->overlaps.empty() && !again->trailing_nonzero, "an encoded table has no layout problem");
  fuzz::require(again->entries.size() == table->entries.size(), "no entry is lost");
  (void)snp::parse_extra_platform_info(input);
}
