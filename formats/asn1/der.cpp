#include "asn1/der.hpp"

#include "base/cursor.hpp"

namespace atls::asn1 {
namespace {

constexpr std::uint8_t kInteger = 0x02, kUtf8String = 0x0C, kPrintableString = 0x13, kIa5String = 0x16;

}  // namespace

Result<Tlv> read(Bytes input, std::size_t offset) {
  if (offset > input.size()) return Error{Errc::truncated, "der", "nothing at this offset", offset};
  Cursor in(input.subspan(offset), "der");
  const auto fail = [&](std::string detail) -> Error { return {Errc::bad_value, "der", std::move(detail), offset}; };
  Tlv out;
  out.offset = offset;
  out.tag = in.u8("TAG");
  if (!in.error() && (out.tag & 0x1F) == 0x1F) return fail("tag numbers above 30 are not used in this suite's formats");
  std::uint64_t length = in.u8("LENGTH");
  if (!in.error() && length >= 0x80) {
    const std::size_t count = length & 0x7F;
    if (count == 0) return fail("indefinite length is not DER");
    if (count > 4) return fail("length field of " + std::to_string(count) + " bytes");
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | in.u8("LENGTH");
    const std::uint64_t least = count == 1 ? 0x80 : std::uint64_t{1} << (8 * (count - 1));
    if (!in.error() && length < least) return fail("length is not in its shortest form");
  }
  out.header = in.pos();
  out.content = in.bytes(static_cast<std::size_t>(length), "CONTENT");
  if (in.error()) {
    Error error = *in.error();
    error.offset += offset;
    return error;
  }
  return out;
}

Result<Tlv> read_exactly(Bytes input) {
  auto out = read(input);
  if (!out) return out;
  const std::size_t end = out->header + out->content.size();
  if (end != input.size()) return Error{Errc::bad_value, "der", std::to_string(input.size() - end) + " bytes after the value", end};
  return out;
}

Result<std::uint64_t> unsigned_integer(Bytes input) {
  const auto tlv = read_exactly(input);
  if (!tlv) return tlv.error();
  const auto fail = [](std::string detail) -> Error { return {Errc::bad_value, "der.INTEGER", std::move(detail), 0}; };
  const Bytes c = tlv->content;
  if (tlv->tag != kInteger) return fail("expected tag 2, found " + std::to_string(tlv->tag));
  if (c.empty()) return fail("empty");
  if ((c[0] & 0x80) != 0) return fail("negative");
  if (c.size() > 1 && c[0] == 0 && (c[1] & 0x80) == 0) return fail("not in its shortest form");
  if (c.size() > 9 || (c.size() == 9 && c[0] != 0)) return fail("more than 64 bits");
  std::uint64_t out = 0;
  for (const std::uint8_t b : c) out = out << 8 | b;
  return out;
}

Result<std::string> ia5_or_utf8_text(Bytes input) {
  const auto tlv = read_exactly(input);
  if (!tlv) return tlv.error();
  if (tlv->tag != kIa5String && tlv->tag != kUtf8String && tlv->tag != kPrintableString)
    return Error{Errc::bad_value, "der.text", "expected a character string, found tag " + std::to_string(tlv->tag), 0};
  for (std::size_t i = 0; tlv->tag != kUtf8String && i < tlv->content.size(); ++i)
    if (tlv->content[i] >= 0x80) return Error{Errc::bad_value, "der.text", "not an ASCII character", tlv->header + i};
  return std::string(as_text(tlv->content));
}

Result<std::string> oid_text(Bytes contents) {
  const auto fail = [](std::string detail, std::size_t at) -> Error { return {Errc::bad_value, "der.OID", std::move(detail), at}; };
  if (contents.empty()) return fail("empty", 0);
  if ((contents.back() & 0x80) != 0) return fail("ends inside an arc", contents.size());
  std::string out;
  std::uint64_t arc = 0;
  bool begins = true;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (begins && contents[i] == 0x80) return fail("arc is not in its shortest form", i);
    if (arc >> 57 != 0) return fail("arc of more than 64 bits", i);
    arc = arc << 7 | (contents[i] & 0x7FU);
    begins = (contents[i] & 0x80) == 0;
    if (!begins) continue;
    if (out.empty()) {
      const std::uint64_t first = arc < 80 ? arc / 40 : 2;
      out = std::to_string(first) + "." + std::to_string(arc - 40 * first);
    } else {
      out += "." + std::to_string(arc);
    }
    arc = 0;
  }
  return out;
}

}  // namespace atls::asn1
