// Strict JSON reading. nlohmann/json accepts duplicate keys and any depth; hostile documents may use neither.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

struct JsonLimits {
  std::size_t depth = 64;                 // product limit on nesting
  std::size_t bytes = 10 * 1024 * 1024;   // product limit on evidence
};

// Refuses: trailing bytes, duplicate keys (compared exactly), invalid UTF-8, NaN, nesting beyond the limit. Errc::bad_value
// with the byte offset, Errc::too_large for the limits. `what` names the document in errors.
Result<nlohmann::json> parse_json(Bytes text, std::string_view what, const JsonLimits& limits = {});

}  // namespace atls
