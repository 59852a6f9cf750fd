#include "snp/cert_table.hpp"

#include <algorithm>

#include "base/cursor.hpp"
#include "base/hex.hpp"
#include "base/writer.hpp"

namespace atls::snp {
namespace {

constexpr std::size_t kEntrySize = 24;

struct KindRow { TableEntryKind kind; std::string_view name, guid; };
constexpr KindRow kKinds[] = {
    {TableEntryKind::vcek, "VCEK", "63da758d-e664-4564-adc5-f4b93be8accd"},
    {TableEntryKind::vlek, "VLEK", "a8074bc2-a25a-483e-aae6-39c045a0b8a1"},
    {TableEntryKind::ask, "ASK", "4ab7b379-bbac-4fe4-a02f-05aef327c782"},
    {TableEntryKind::ark, "ARK", "c0b406a4-a803-4952-9743-3fb6014cd0ae"},
    {TableEntryKind::crl, "CRL", "92f81bc3-5811-4d3d-97ff-d19f88dc67ea"},
    {TableEntryKind::extra_platform_info, "EXTRA_PLATFORM_INFO", "ecae0c0f-9502-43b1-afa2-0ae2e0d565b6"},
    {TableEntryKind::gce_endorsement, "GCE_ENDORSEMENT", "9f4116cd-c503-4f5a-8f6f-fb68882f4ce2"},
};

std::string describe(const CertTable& table, std::size_t index) {
  const TableEntry& e = table.entries[index];
  const std::string name = e.kind == TableEntryKind::unknown ? guid_text(e.guid) : std::string(table_entry_name(e.kind));
  return "entry " + std::to_string(index) + " (" + name + ")";
}

std::string range(const TableEntry& e) {
  return "bytes " + std::to_string(e.offset) + " to " + std::to_string(std::uint64_t{e.offset} + e.length);
}

void place_blobs(CertTable& table, Bytes input) {
  std::uint64_t last_end = table.header_size;
  for (std::size_t i = 0; i < table.entries.size(); ++i) {
    TableEntry& e = table.entries[i];
    const std::uint64_t end = std::uint64_t{e.offset} + e.length;  // 64 bits: the sum of two u32 may not fit in 32
    e.in_bounds = e.offset >= table.header_size && end <= input.size();
    if (!e.in_bounds) {
      table.out_of_bounds.push_back(describe(table, i) + ": " + range(e) + " are not between the end of the header at " +
                                    std::to_string(table.header_size) + " and the end of the table at " + std::to_string(input.size()));
      continue;
    }
    if (e.length == 0) table.empty_entries.push_back(describe(table, i) + " has length 0");
    e.data = to_buffer(input.subspan(e.offset, e.length));
    last_end = std::max(last_end, end);
  }
  table.trailing_nonzero = !is_zero(input.subspan(static_cast<std::size_t>(last_end)));
}

void compare_entries(CertTable& table) {
  for (std::size_t b = 0; b < table.entries.size(); ++b) {
    for (std::size_t a = 0; a < b; ++a) {
      const TableEntry &x = table.entries[a], &y = table.entries[b];
      if (x.guid == y.guid) table.duplicates.push_back(describe(table, b) + " repeats the GUID of entry " + std::to_string(a));
      if (!x.in_bounds || !y.in_bounds || x.length == 0 || y.length == 0) continue;
      if (x.offset < std::uint64_t{y.offset} + y.length && y.offset < std::uint64_t{x.offset} + x.length)
        table.overlaps.push_back(describe(table, b) + ": " + range(y) + " overlap " + describe(table, a) + ": " + range(x));
    }
  }
}

}  // namespace

std::string guid_text(const Guid& guid) {
  const std::string h = hex(guid);
  return h.substr(0, 8) + "-" + h.substr(8, 4) + "-" + h.substr(12, 4) + "-" + h.substr(16, 4) + "-" + h.substr(20);
}

Result<Guid> guid_from_text(std::string_view text) {
  const Error bad{Errc::bad_value, "guid", "expected 8-4-4-4-12 hexadecimal digits", 0};
  if (text.size() != 36) return bad;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen != (text[i] == '-')) return bad;
    if (!hyphen) digits += text[i];
  }
  const auto bytes = from_hex(digits);
  if (!bytes) return bad;
  Guid out{};
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

TableEntryKind table_entry_kind(const Guid& guid) {
  const std::string text = guid_text(guid);
  for (const KindRow& row : kKinds)
    if (row.guid == text) return row.kind;
  return TableEntryKind::unknown;
}

std::string_view table_entry_name(TableEntryKind kind) {
  for (const KindRow& row : kKinds)
    if (row.kind == kind) return row.name;
  return "UNKNOWN";
}

Guid guid_of(TableEntryKind kind) {
  for (const KindRow& row : kKinds)
    if (row.kind == kind) return *guid_from_text(row.guid);
  return {};
}

const TableEntry* CertTable::find(TableEntryKind kind) const {
  for (const TableEntry& e : entries)
    if (e.kind == kind) return &e;
  return nullptr;
}

Result<CertTable> parse_cert_table(Bytes input) {
  CertTable table;
  table.size = input.size();
  if (input.empty()) {
    table.terminated = true;
    return table;
  }
  if (input.size() > kMaxTableBytes)
    return Error{Errc::too_large, "snp.cert_table", "table of " + std::to_string(input.size()) + " bytes, the limit is " + std::to_string(kMaxTableBytes), 0};
  Cursor in(input, "snp.cert_table");
  while (in.left() >= kEntrySize && !table.terminated) {
    TableEntry e;
    e.guid = in.array<16>("GUID");
    e.offset = in.u32le("OFFSET");
    e.length = in.u32le("LENGTH");
    e.kind = table_entry_kind(e.guid);
    table.terminated = is_zero(e.guid) && e.offset == 0 && e.length == 0;
    if (table.terminated) break;
    if (table.entries.size() == kMaxTableEntries)
      return Error{Errc::too_large, "snp.cert_table", "more than " + std::to_string(kMaxTableEntries) + " entries", in.pos() - kEntrySize};
    table.entries.push_back(std::move(e));
  }
  table.header_size = in.pos();
  place_blobs(table, input);
  compare_entries(table);
  return table;
}

Buffer encode_cert_table(const std::vector<TableBlob>& blobs, std::size_t align) {
  Writer out;
  std::size_t offset = (blobs.size() + 1) * kEntrySize;
  for (const TableBlob& blob : blobs) {
    out.bytes(blob.guid).u32le(static_cast<std::uint32_t>(offset)).u32le(static_cast<std::uint32_t>(blob.data.size()));
    offset += blob.data.size();
  }
  out.zeros(kEntrySize);
  for (const TableBlob& blob : blobs) out.bytes(blob.data);
  if (align > 1 && out.size() % align != 0) out.zeros(align - out.size() % align);
  return out.take();
}

Result<std::uint32_t> parse_extra_platform_info(Bytes blob) {
  Cursor in(blob, "snp.extra_platform_info");
  const std::uint32_t size = in.u32le("SIZE");
  const std::uint32_t eax = in.u32le("CPUID_1_EAX");
  if (!in.error() && (size != 8 || in.left() != 0)) in.fail(Errc::bad_value, "SIZE", "expected 8 bytes, SIZE says " + std::to_string(size));
  if (in.error()) return *in.error();
  return eax & 0x0FFF0FFF;
}

}  // namespace atls::snp
