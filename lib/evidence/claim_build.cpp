#include "evidence/claim_build.hpp"

#include <functional>

namespace atls::evidence {

Claim space_claim(std::string name, Bytes bytes) {
  Claim c(std::move(name));
  c.bytes = std::make_shared<const Buffer>(to_buffer(bytes));
  c.offset = 0;
  c.size = bytes.size();
  return c;
}

void rebase(Claim& claim, std::size_t base) {
  claim.bytes.reset();
  const std::function<void(Claim&)> shift = [&](Claim& c) {
    if (c.bytes) return;   // a space of its own
    if (c.offset) *c.offset += base;
    for (Claim& child : c.children) shift(child);
  };
  shift(claim);
}

}  // namespace atls::evidence
