// Walks fixed fields of a structure into claims, as far as the bytes go.
#pragma once

#include <algorithm>

#include "base/cursor.hpp"
#include "evidence/claim_build.hpp"

namespace atls::evidence {

class FieldWalk {
 public:
  explicit FieldWalk(Bytes in, std::size_t pos = 0) : in_(in), pos_(pos) {}

  // The next field, nothing when the bytes end before it does: then the rest is shown with the reason, and nothing follows.
  std::optional<Bytes> take(Claim& parent, const std::string& name, std::size_t size) {
    if (!damage_.empty()) return std::nullopt;
    const std::size_t left = in_.size() - std::min(pos_, in_.size());
    if (size <= left) {
      pos_ += size;
      return in_.subspan(pos_ - size, size);
    }
    damage_ = "input ends after " + std::to_string(left) + " of " + std::to_string(size) + " bytes of this field, at offset " + std::to_string(in_.size());
    Claim& cut = parent.add(field_claim(name, to_buffer(in_.last(left)), pos_, left));
    cut.error = damage_;
    return std::nullopt;
  }
  Bytes bytes(Claim& parent, const std::string& name, std::size_t size, const std::string& meaning = {}) {
    const auto b = take(parent, name, size);
    if (!b) return {};
    parent.add(field_claim(name, to_buffer(*b), pos_ - size, size, !meaning.empty() ? meaning : size >= 8 && is_zero(*b) ? "zero" : ""));
    return *b;
  }
  std::uint64_t number(Claim& parent, const std::string& name, std::size_t size, const std::string& meaning = {}) {
    const auto b = take(parent, name, size);
    if (!b) return 0;
    std::uint64_t v = 0;
    for (std::size_t i = size; i-- > 0;) v = v << 8 | (*b)[i];
    parent.add(field_claim(name, v, pos_ - size, size, meaning));
    return v;
  }
  void reserved(Claim& parent, std::size_t size) {
    const auto b = take(parent, "reserved", size);
    if (!b || is_zero(*b)) return;   // only what is odd is shown
    parent.add(field_claim("reserved", to_buffer(*b), pos_ - size, size, "not zero"));
  }
  // A node for the next `size` bytes, or what is there of them.
  Claim group(std::string name, std::size_t size, std::string meaning = {}) const {
    return field_claim(std::move(name), std::monostate{}, pos_, std::min(size, in_.size() - pos_), std::move(meaning));
  }
  std::size_t pos() const { return pos_; }
  bool cut() const { return !damage_.empty(); }
  const std::string& damage() const { return damage_; }

 private:
  Bytes in_;
  std::size_t pos_;
  std::string damage_;
};

}  // namespace atls::evidence
