#include "snp/report.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"

using namespace atls;
using namespace atls::snp;

namespace {

// Byte i of the report holds a value that differs from its neighbours, so a field read from a wrong offset shows.
Buffer patterned() {
  Buffer out(kReportSize);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 256 * 13 + 1);
  return out;
}

template <class T>
bool snp_report_at(const Buffer& raw, std::size_t offset, const T& field) { return equal(Bytes(raw).subspan(offset, field.size()), field); }

std::uint64_t snp_report_little(const Buffer& raw, std::size_t offset, std::size_t n) {
  std::uint64_t out = 0;
  for (std::size_t i = n; i-- > 0;) out = out << 8 | raw[offset + i];
  return out;
}

Buffer zero_report(std::uint32_t version) {
  AttestationReport r;
  r.version = version;
  r.policy.bits = 1U << 17;
  return encode_report(r);
}

}  // namespace

TEST_CASE("report: every field is read from its own offset") {
  const Buffer raw = patterned();
  const auto r = parse_report(raw);
  REQUIRE(r);
  CHECK(r->version == snp_report_little(raw, 0x000, 4));
  CHECK(r->guest_svn == snp_report_little(raw, 0x004, 4));
  CHECK(r->policy.bits == snp_report_little(raw, 0x008, 8));
  CHECK(snp_report_at(raw, 0x010, r->family_id));
  CHECK(snp_report_at(raw, 0x020, r->image_id));
  CHECK(r->vmpl == snp_report_little(raw, 0x030, 4));
  CHECK(r->signature_algo == snp_report_little(raw, 0x034, 4));
  CHECK(snp_report_at(raw, 0x038, r->current_tcb.raw));
  CHECK(r->platform_info == snp_report_little(raw, 0x040, 8));
  CHECK(r->signer_info == snp_report_little(raw, 0x048, 4));
  CHECK(snp_report_at(raw, 0x050, r->report_data));
  CHECK(snp_report_at(raw, 0x090, r->measurement));
  CHECK(snp_report_at(raw, 0x0C0, r->host_data));
  CHECK(snp_report_at(raw, 0x0E0, r->id_key_digest));
  CHECK(snp_report_at(raw, 0x110, r->author_key_digest));
  CHECK(snp_report_at(raw, 0x140, r->report_id));
  CHECK(snp_report_at(raw, 0x160, r->report_id_ma));
  CHECK(snp_report_at(raw, 0x180, r->reported_tcb.raw));
  CHECK(r->cpuid_fam_id == raw[0x188]);
  CHECK(r->cpuid_mod_id == raw[0x189]);
  CHECK(r->cpuid_step == raw[0x18A]);
  CHECK(snp_report_at(raw, 0x1A0, r->chip_id));
  CHECK(snp_report_at(raw, 0x1E0, r->committed_tcb.raw));
  CHECK(r->current_version == FirmwareVersion{raw[0x1EA], raw[0x1E9], raw[0x1E8]});
  CHECK(r->committed_version == FirmwareVersion{raw[0x1EE], raw[0x1ED], raw[0x1EC]});
  CHECK(snp_report_at(raw, 0x1F0, r->launch_tcb.raw));
  CHECK(r->launch_mit_vector == snp_report_little(raw, 0x1F8, 8));
  CHECK(r->current_mit_vector == snp_report_little(raw, 0x200, 8));
  CHECK(snp_report_at(raw, 0x2A0, r->signature_r));
  CHECK(snp_report_at(raw, 0x2E8, r->signature_s));
  CHECK(r->raw == raw);
  CHECK(r->signed_bytes().size() == 672);
  CHECK(r->trailing == 0);
}

TEST_CASE("report: every shorter input is truncated and the place is the end of the input's last whole field") {
  const Buffer raw = patterned();
  for (std::size_t n = 0; n < kReportSize; ++n) {
    const auto r = parse_report(Bytes(raw).first(n));
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::truncated);
    CHECK(r.error().offset <= n);
    CHECK(r.error().where.starts_with("snp.report."));
  }
}

TEST_CASE("report: bytes after the report are counted and not kept") {
  Buffer raw = patterned();
  raw.resize(kReportSize + 5);
  const auto r = parse_report(raw);
  REQUIRE(r);
  CHECK(r->trailing == 5);
  CHECK(r->raw.size() == kReportSize);
}

TEST_CASE("report: parse, encode, parse gives the same fields, and encoding writes zeros where a report must have them") {
  const auto first = parse_report(patterned());
  REQUIRE(first);
  const Buffer encoded = encode_report(*first);
  REQUIRE(encoded.size() == kReportSize);
  const auto second = parse_report(encoded);
  REQUIRE(second);
  CHECK(encode_report(*second) == encoded);
  for (const Field& f : report_fields(5)) {
    CAPTURE(f.name);
    const Bytes was = Bytes(first->raw).subspan(f.offset, f.size), is = Bytes(encoded).subspan(f.offset, f.size);
    if (f.kind == FieldKind::reserved) CHECK(is_zero(is));
    else CHECK(equal(was, is));
  }
}

TEST_CASE("report: the field table of every version covers each byte exactly once") {
  for (std::uint32_t version = 0; version < 9; ++version) {
    std::size_t end = 0;
    for (const Field& f : report_fields(version)) {
      CAPTURE(f.name);
      CHECK(f.offset == end);
      end = f.offset + f.size;
    }
    CHECK(end == kReportSize);
  }
}

TEST_CASE("report: each byte that must be zero is found, and only in the versions that reserve it") {
  struct Area { std::size_t from, end; const char* name; std::uint32_t since, until; };
  constexpr Area kAreas[] = {{0x04C, 0x050, "0x04C..0x050", 2, 5}, {0x188, 0x1A0, "0x188..0x1A0", 2, 2}, {0x18B, 0x1A0, "0x18B..0x1A0", 3, 5},
                             {0x1EB, 0x1EC, "0x1EB..0x1EC", 2, 5}, {0x1EF, 0x1F0, "0x1EF..0x1F0", 2, 5}, {0x1F8, 0x2A0, "0x1F8..0x2A0", 2, 4},
                             {0x208, 0x2A0, "0x208..0x2A0", 5, 5}};
  for (std::uint32_t version = 2; version <= 5; ++version) {
    Buffer raw = zero_report(version);
    CHECK(parse_report(raw)->reserved_nonzero().empty());
    for (std::size_t i = 4; i < kReportSize; ++i) {
      raw[i] ^= 0x80;
      std::vector<std::string> expected;
      for (const Area& a : kAreas)
        if (version >= a.since && version <= a.until && i >= a.from && i < a.end) expected.push_back(a.name);
      CAPTURE(version);
      CAPTURE(i);
      CHECK(parse_report(raw)->reserved_nonzero() == expected);
      raw[i] ^= 0x80;
    }
  }
}

TEST_CASE("report: the product follows from CPUID, and version 2 has none") {
  struct Row { std::uint8_t family, model; ProductLine line; };
  using enum ProductLine;
  for (const Row& row : {Row{0x19, 0x00, milan}, Row{0x19, 0x0F, milan}, Row{0x19, 0x10, genoa}, Row{0x19, 0x1F, genoa}, Row{0x19, 0x20, unknown},
                         Row{0x19, 0x9F, unknown}, Row{0x19, 0xA0, genoa}, Row{0x19, 0xAF, genoa}, Row{0x19, 0xB0, unknown}, Row{0x1A, 0x00, turin},
                         Row{0x1A, 0x11, turin}, Row{0x1A, 0x12, unknown}, Row{0x1A, 0x50, unknown}, Row{0x18, 0x01, unknown}, Row{0, 0, unknown}}) {
    CAPTURE(int{row.family});
    CAPTURE(int{row.model});
    AttestationReport r;
    r.cpuid_fam_id = row.family;
    r.cpuid_mod_id = row.model;
    r.version = 3;
    CHECK(r.product_from_cpuid() == row.line);
    r.version = 2;
    CHECK(r.product_from_cpuid() == unknown);
  }
}

TEST_CASE("report: guest policy, signer info and firmware read as their bits say") {
  GuestPolicy p{0xB001F};
  CHECK(p.abi_minor() == 0x1F);
  CHECK(p.abi_major() == 0);
  CHECK(p.debug_allowed());
  CHECK_FALSE(p.migrate_ma_allowed());
  CHECK(p.reserved_ok());
  CHECK_FALSE(GuestPolicy{0x10000}.reserved_ok());
  for (unsigned bit = 26; bit < 64; ++bit) CHECK_FALSE(GuestPolicy{1U << 17 | std::uint64_t{1} << bit}.reserved_ok());
  AttestationReport r;
  r.signer_info = 0x1F;
  CHECK(r.author_key_en());
  CHECK(r.mask_chip_key());
  CHECK(r.signing_key_raw() == 7);
  CHECK(signing_key_name(0) == "vcek");
  CHECK(signing_key_name(1) == "vlek");
  CHECK(signing_key_name(3) == "reserved (3)");
  CHECK(signing_key_name(7) == "none");
  CHECK(FirmwareVersion{1, 55, 29}.text() == "1.55.29");
  CHECK(FirmwareVersion{1, 55, 29} < FirmwareVersion{1, 58, 0});
}
