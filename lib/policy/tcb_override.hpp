// --allow-tcb-override FILE: "atls-tcb-override/1", demands of Intel's TCB levels that the user lowers. The format is described in
// atls-policy(5).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::policy {

// In every level of the TCB info about this FMSPC, the demanded SVN of one component is lowered to `cap` where it is higher.
struct TcbCap {
  std::array<std::uint8_t, 6> fmspc{};
  std::optional<bool> tdx;             // of the TCB info: TDX, SGX; empty: both
  bool tdx_component = false;          // of "tdxtcbcomponents", else of "sgxtcbcomponents"
  std::size_t index = 0;               // 0 to 15
  std::uint8_t cap = 0;
  std::string reason;
};
// Unknown and repeated members, empty lists and empty reasons are errors; `where` carries the JSON pointer.
Result<std::vector<TcbCap>> parse_tcb_override(Bytes json);

}  // namespace atls::policy
