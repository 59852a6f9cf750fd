// Deviations of TCB info and QE identity. They change the document before its signature, or the text after it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/intel_platform.hpp"

namespace atls::sim {

void apply_tcb_info_faults(const IntelOptions& options, nlohmann::ordered_json& info);
void apply_qe_identity_faults(const IntelOptions& options, nlohmann::ordered_json& identity);
std::string tcb_info_text_after_signing(const IntelOptions& options, const nlohmann::ordered_json& info, const std::string& signed_text);

}  // namespace atls::sim
