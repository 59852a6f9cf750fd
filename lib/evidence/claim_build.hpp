// Small helpers for builders of claim trees.
#pragma once

#include <string>
#include <utility>

#include "report/claim.hpp"

namespace atls::evidence {

// A decoded field at its place. Templates so that a string literal does not become a bool.
template <class T>
Claim field_claim(std::string name, T value, std::size_t offset, std::size_t size, std::string meaning = {}) {
  Claim c(std::move(name));
  c.value = std::move(value);
  c.offset = offset;
  c.size = size;
  c.meaning = std::move(meaning);
  return c;
}

// A value that is computed, so that no bytes belong to it.
template <class T>
Claim value_claim(std::string name, T value, std::string meaning = {}) {
  Claim c(std::move(name));
  c.value = std::move(value);
  c.meaning = std::move(meaning);
  return c;
}

// A node that begins a byte space of its own.
Claim space_claim(std::string name, Bytes bytes);
// Makes the children's offsets, and that of the node, count from `base` in the space of its parent-to-be.
void rebase(Claim& claim, std::size_t base);

}  // namespace atls::evidence
