#include "atls/decode.hpp"

#include <nlohmann/json.hpp>

#include "evidence/load.hpp"
#include "report/render.hpp"

namespace atls::v1 {

Decoded decode(std::span<const std::uint8_t> input, const std::string& name) try {
  const evidence::Loaded loaded = evidence::load_bytes(input, name);
  return {std::string(evidence::input_kind_name(loaded.kind)),
          claim_json(loaded.claims).dump(2, ' ', false, nlohmann::json::error_handler_t::replace),
          loaded.error ? loaded.error->message() : std::string()};
} catch (const std::bad_alloc&) {
  throw;
} catch (const std::exception& e) {
  return {"unknown", "null", std::string("internal error: ") + e.what()};
}

}  // namespace atls::v1
