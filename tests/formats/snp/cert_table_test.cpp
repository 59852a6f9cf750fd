#include "snp/cert_table.hpp"

#include <doctest/doctest.h>

#include "base/writer.hpp"

using namespace atls;
using namespace atls::snp;
using Kind = TableEntryKind;

namespace {

struct RawEntry { Guid guid; std::uint32_t offset, length; };

Buffer table(const std::vector<RawEntry>& entries, bool terminator, std::size_t body) {
  Writer out;
  for (const auto& e : entries) out.bytes(e.guid).u32le(e.offset).u32le(e.length);
  if (terminator) out.zeros(24);
  for (std::size_t i = 0; i < body; ++i) out.u8(0xAA);
  return out.take();
}

const Guid kVcek = guid_of(Kind::vcek), kAsk = guid_of(Kind::ask);

}  // namespace

TEST_CASE("certificate table: an empty table is valid") {
  const auto t = parse_cert_table({});
  REQUIRE(t);
  CHECK(t->terminated);
  CHECK(t->entries.empty());
}

TEST_CASE("certificate table: what was encoded is parsed back") {
  for (const std::size_t align : {0, 1, 4096}) {
    const Buffer bytes = encode_cert_table({{kVcek, Buffer(1351, 1)}, {kAsk, Buffer(1677, 2)}, {Guid{9}, Buffer(3, 3)}}, align);
    const auto t = parse_cert_table(bytes);
    REQUIRE(t);
    CHECK(t->terminated);
    CHECK(t->header_size == 96);
    REQUIRE(t->entries.size() == 3);
    CHECK(t->entries[0].offset == 96);
    CHECK(t->entries[0].data == Buffer(1351, 1));
    CHECK(t->entries[1].offset == 1447);
    CHECK(t->entries[2].kind == Kind::unknown);
    CHECK(t->find(Kind::ask) == &t->entries[1]);
    CHECK(t->find(Kind::ark) == nullptr);
    CHECK(t->out_of_bounds.empty());
    CHECK(t->duplicates.empty());
    CHECK(t->overlaps.empty());
    CHECK(t->empty_entries.empty());
    CHECK_FALSE(t->trailing_nonzero);
    CHECK(bytes.size() == (align == 4096 ? 4096 : 96 + 1351 + 1677 + 3));
  }
}

TEST_CASE("certificate table: every blob outside its place is named and gives no data") {
  struct Row { std::uint32_t offset, length; bool in_bounds; };
  for (const Row& row : {Row{48, 100, true}, Row{48, 101, false}, Row{47, 1, false}, Row{0, 10, false}, Row{148, 0, true}, Row{149, 0, false},
                         Row{0xFFFFFFFF, 0xFFFFFFFF, false}, Row{0xFFFFFFF0, 0x50, false}, Row{60, 0xFFFFFFE0, false}}) {
    CAPTURE(row.offset);
    CAPTURE(row.length);
    const auto t = parse_cert_table(table({{kVcek, row.offset, row.length}}, true, 100));
    REQUIRE(t);
    CHECK(t->entries[0].in_bounds == row.in_bounds);
    CHECK(t->out_of_bounds.size() == (row.in_bounds ? 0 : 1));
    CHECK(t->entries[0].data.size() == (row.in_bounds ? row.length : 0));
  }
}

TEST_CASE("certificate table: a missing terminator, duplicates, overlaps, empty entries and left-over bytes are kept as data") {
  CHECK_FALSE(parse_cert_table(table({{kVcek, 24, 0}}, false, 0))->terminated);
  CHECK_FALSE(parse_cert_table(Buffer(23, 0))->terminated);
  CHECK_FALSE(parse_cert_table(table({{kVcek, 24, 10}}, false, 10))->terminated);

  const auto t = parse_cert_table(table({{kVcek, 96, 10}, {kVcek, 105, 10}, {kAsk, 120, 0}}, true, 50));
  REQUIRE(t);
  CHECK(t->terminated);
  CHECK(t->duplicates.size() == 1);
  CHECK(t->overlaps.size() == 1);
  CHECK(t->empty_entries.size() == 1);
  CHECK(t->trailing_nonzero);
  CHECK(t->overlaps[0].find("bytes 105 to 115") != std::string::npos);
}

TEST_CASE("certificate table: too many bytes or entries are refused") {
  CHECK(parse_cert_table(Buffer(kMaxTableBytes, 0)));
  CHECK(parse_cert_table(Buffer(kMaxTableBytes + 1, 0)).error().code == Errc::too_large);
  const auto entries = [](std::size_t n) { return std::vector<RawEntry>(n, {Guid{1}, 0, 0}); };
  CHECK(parse_cert_table(table(entries(kMaxTableEntries), true, 0)));
  CHECK(parse_cert_table(table(entries(kMaxTableEntries + 1), true, 0)).error().code == Errc::too_large);
}

TEST_CASE("certificate table: a GUID is written in text order") {
  CHECK(guid_text(guid_of(Kind::ark)) == "c0b406a4-a803-4952-9743-3fb6014cd0ae");
  CHECK(guid_of(Kind::ark)[0] == 0xC0);
  for (const Kind kind : {Kind::vcek, Kind::vlek, Kind::ask, Kind::ark, Kind::crl, Kind::extra_platform_info, Kind::gce_endorsement})
    CHECK(table_entry_kind(guid_of(kind)) == kind);
  CHECK(table_entry_kind({}) == Kind::unknown);
  CHECK(table_entry_name(Kind::extra_platform_info) == "EXTRA_PLATFORM_INFO");
  for (const char* bad : {"", "c0b406a4a803495297433fb6014cd0ae", "c0b406a4-a803-4952-9743-3fb6014cd0a", "c0b406a4-a803-4952-97433-fb6014cd0ae",
                          "g0b406a4-a803-4952-9743-3fb6014cd0ae", "{0b406a4-a803-4952-9743-3fb6014cd0ae"})
    CHECK_FALSE(guid_from_text(bad));
}

TEST_CASE("certificate table: extra platform info is eight bytes and gives CPUID without reserved bits") {
  CHECK(*parse_extra_platform_info(Writer().u32le(8).u32le(0xFFA10F11).take()) == 0x0FA10F11);
  CHECK_FALSE(parse_extra_platform_info(Writer().u32le(7).u32le(1).take()));
  CHECK_FALSE(parse_extra_platform_info(Writer().u32le(8).take()));
  CHECK_FALSE(parse_extra_platform_info(Writer().u32le(8).u32le(1).u8(0).take()));
}
