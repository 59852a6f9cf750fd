// The only reader of wire bytes. It keeps the first error and then returns zeros and empty spans, so a parser is a list
// of fields with one test at the end.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

class Cursor {
 public:
  Cursor(Bytes data, std::string_view what) : data_(data), what_(what) {}

  std::uint8_t u8(std::string_view field);
  std::uint16_t u16le(std::string_view field);
  std::uint16_t u16be(std::string_view field);
  std::uint32_t u24be(std::string_view field);
  std::uint32_t u32le(std::string_view field);
  std::uint32_t u32be(std::string_view field);
  std::uint64_t u64le(std::string_view field);
  std::uint64_t u64be(std::string_view field);

  Bytes bytes(std::size_t n, std::string_view field) {
    if (error_ || n > data_.size() - pos_) {  // the only bounds check; pos_ <= size always holds
      fail(Errc::truncated, field, "input ends inside this field");
      return {};
    }
    const Bytes out = data_.subspan(pos_, n);
    pos_ += n;
    return out;
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> array(std::string_view field) {
    std::array<std::uint8_t, N> out{};
    const Bytes in = bytes(N, field);
    std::copy(in.begin(), in.end(), out.begin());
    return out;
  }
  Bytes rest();                          // everything left; empty after an error
  Cursor& at(std::size_t spec_offset);   // "the next field is at this offset": a mismatch is Errc::bug
  void fail(Errc code, std::string_view field, std::string detail);  // keeps the first one
  std::size_t pos() const { return pos_; }
  std::size_t left() const { return error_ ? 0 : data_.size() - pos_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  std::uint64_t unsigned_le(std::size_t n, std::string_view field);
  std::uint64_t unsigned_be(std::size_t n, std::string_view field);

  Bytes data_;
  std::string_view what_;
  std::size_t pos_ = 0;
  std::optional<Error> error_;
};

}  // namespace atls
