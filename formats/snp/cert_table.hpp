// Certificate table of the extended report (configfs-tsm auxblob, SNP_GET_EXT_REPORT). GHCB specification, "SNP Extended
// Guest Request".
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::snp {

using Guid = std::array<std::uint8_t, 16>;             // RFC 4122 text order
std::string guid_text(const Guid& guid);               // lower case with hyphens
Result<Guid> guid_from_text(std::string_view text);

enum class TableEntryKind { vcek, vlek, ask, ark, crl, extra_platform_info, gce_endorsement, unknown };
TableEntryKind table_entry_kind(const Guid& guid);
std::string_view table_entry_name(TableEntryKind kind);   // "VCEK", "VLEK", "ASK", "ARK", "CRL", "EXTRA_PLATFORM_INFO", ...
Guid guid_of(TableEntryKind kind);

inline constexpr std::size_t kMaxTableBytes = 64 * 1024;  // the kernel's limit is 16 KiB; four times that is room enough
inline constexpr std::size_t kMaxTableEntries = 64;

struct TableEntry {
  Guid guid{};
  TableEntryKind kind = TableEntryKind::unknown;
  std::uint32_t offset = 0, length = 0;
  bool in_bounds = false;         // blob starts after the header and ends inside the table (summed in 64 bits)
  Buffer data;                    // empty unless in_bounds
};

// Layout problems are kept and judged by the snp-cert-table-* checks; only a table over the limits fails to parse.
struct CertTable {
  std::vector<TableEntry> entries;
  bool terminated = false;                  // all-zero entry found before the end
  std::vector<std::string> out_of_bounds;   // one sentence per entry
  std::vector<std::string> duplicates, overlaps, empty_entries;
  bool trailing_nonzero = false;            // bytes after the last blob that are not zero
  std::size_t header_size = 0, size = 0;
  const TableEntry* find(TableEntryKind kind) const;   // first of its kind
};
Result<CertTable> parse_cert_table(Bytes input);       // empty input: an empty, terminated table

struct TableBlob { Guid guid; Buffer data; };
// Header of (n+1)*24 bytes, blobs in order without padding, then zeros up to a multiple of `align` (0 or 1: none).
Buffer encode_cert_table(const std::vector<TableBlob>& blobs, std::size_t align = 0);

// Extra platform info blob: u32 size (8), u32 CPUID(1).EAX & 0x0FFF0FFF.
Result<std::uint32_t> parse_extra_platform_info(Bytes blob);

}  // namespace atls::snp
