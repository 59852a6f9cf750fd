// The mirror of Cursor: appends fields to a buffer.
#pragma once

#include "base/bytes.hpp"

namespace atls {

class Writer {
 public:
  Writer& u8(std::uint8_t v) { out_.push_back(v); return *this; }
  Writer& u16le(std::uint16_t v) { return little(v, 2); }
  Writer& u16be(std::uint16_t v) { return big(v, 2); }
  Writer& u24be(std::uint32_t v) { return big(v, 3); }
  Writer& u32le(std::uint32_t v) { return little(v, 4); }
  Writer& u32be(std::uint32_t v) { return big(v, 4); }
  Writer& u64le(std::uint64_t v) { return little(v, 8); }
  Writer& u64be(std::uint64_t v) { return big(v, 8); }
  Writer& bytes(Bytes b) { out_.insert(out_.end(), b.begin(), b.end()); return *this; }
  Writer& zeros(std::size_t n) { out_.insert(out_.end(), n, 0); return *this; }
  std::size_t size() const { return out_.size(); }
  Buffer take() { return std::move(out_); }

 private:
  Writer& little(std::uint64_t v, int n) {
    for (int i = 0; i < n; ++i) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
    return *this;
  }
  Writer& big(std::uint64_t v, int n) {
    for (int i = n - 1; i >= 0; --i) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
    return *this;
  }
  Buffer out_;
};

}  // namespace atls
