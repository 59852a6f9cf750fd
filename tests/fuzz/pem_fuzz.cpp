// Accepted blocks survive encoding.
#include "fuzz.hpp"
#include "pem/pem.hpp"

using namespace atls;

FUZZ(input) {
  const auto blocks = pem::parse(input);
  if (!blocks) return fuzz::require(blocks.error().offset <= input.size(), "the place is inside the input");
  fuzz::require(pem::looks_like_pem(input) && !blocks->empty() && blocks->size() <= pem::kMaxBlocks, "limits");
  std::string text;
  for (const pem::Block& b : *blocks) text += pem::encode(b.label, b.data);
  const auto again = pem::parse(as_bytes(text));
  fuzz::require(again && again->size() == blocks->size(), "no block is lost");
  for (std::size_t i = 0; i < blocks->size(); ++i)
    fuzz::require((*again)[i].label == (*blocks)[i].label && (*again)[i].data == (*blocks)[i].data, "round trip");
}
