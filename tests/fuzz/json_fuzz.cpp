// What is accepted can be written and read again unchanged; depth and duplicates are refused for good.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "fuzz.hpp"

using namespace atls;

FUZZ(input) {
  const auto first = parse_json(input, "fuzz");
  if (!first) return fuzz::require(!first.error().detail.empty(), "a refusal says why");
  const std::string text = first->dump();
  const auto second = parse_json(as_bytes(text), "fuzz");
  fuzz::require(bool(second), "what was written is read");
  fuzz::require(second->dump() == text, "writing is stable");
}
