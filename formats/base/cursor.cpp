#include "base/cursor.hpp"

namespace atls {

std::uint64_t Cursor::unsigned_le(std::size_t n, std::string_view field) {
  std::uint64_t out = 0;
  std::size_t shift = 0;
  for (const std::uint8_t b : bytes(n, field)) {
    out |= std::uint64_t{b} << shift;
    shift += 8;
  }
  return out;
}

std::uint64_t Cursor::unsigned_be(std::size_t n, std::string_view field) {
  std::uint64_t out = 0;
  for (const std::uint8_t b : bytes(n, field)) out = out << 8 | b;
  return out;
}

std::uint8_t Cursor::u8(std::string_view field) { return static_cast<std::uint8_t>(unsigned_le(1, field)); }
std::uint16_t Cursor::u16le(std::string_view field) { return static_cast<std::uint16_t>(unsigned_le(2, field)); }
std::uint16_t Cursor::u16be(std::string_view field) { return static_cast<std::uint16_t>(unsigned_be(2, field)); }
std::uint32_t Cursor::u24be(std::string_view field) { return static_cast<std::uint32_t>(unsigned_be(3, field)); }
std::uint32_t Cursor::u32le(std::string_view field) { return static_cast<std::uint32_t>(unsigned_le(4, field)); }
std::uint32_t Cursor::u32be(std::string_view field) { return static_cast<std::uint32_t>(unsigned_be(4, field)); }
std::uint64_t Cursor::u64le(std::string_view field) { return unsigned_le(8, field); }
std::uint64_t Cursor::u64be(std::string_view field) { return unsigned_be(8, field); }

Bytes Cursor::rest() {
  if (error_) return {};
  const Bytes out = data_.subspan(pos_);
  pos_ = data_.size();
  return out;
}

Cursor& Cursor::at(std::size_t spec_offset) {
  if (!error_ && pos_ != spec_offset)
    fail(Errc::bug, "layout", "parser is at " + std::to_string(pos_) + ", specification says " + std::to_string(spec_offset));
  return *this;
}

void Cursor::fail(Errc code, std::string_view field, std::string detail) {
  if (error_) return;
  error_ = Error{code, std::string(what_) + "." + std::string(field), std::move(detail), pos_};
}

}  // namespace atls
