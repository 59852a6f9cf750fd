// What stands behind configfs-tsm: one row for each provider whose evidence is understood.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

struct TsmProvider {
  std::string_view name, format;     // as the attribute "provider" says; of the evidence
  bool has_aux, has_privlevel;       // attributes that other providers do not have
  // Whether `outblob` is evidence of this provider over what was asked for; `where` names it in errors.
  Status (*check)(Bytes outblob, const std::array<std::uint8_t, 64>& report_data, const std::string& where);
};
const TsmProvider* find_tsm_provider(std::string_view name);   // null: not understood
std::string tsm_provider_names();                              // "sev_guest or tdx_guest"

}  // namespace atls
