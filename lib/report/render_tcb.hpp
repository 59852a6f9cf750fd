// The TCB section of a report: text for an operator, JSON for a script.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/render.hpp"

namespace atls::render {

// "UpToDate, level of 2025-05-14, evaluation 18, no open advisory"
std::string tcb_line(const TcbExplanation& tcb);
// The whole section without its heading.
std::string tcb_text(const TcbExplanation& tcb, const RenderOptions& options, std::size_t width);
// --compare-tcb-profiles.
std::string tcb_profiles_text(const TcbExplanation& tcb, const RenderOptions& options, std::size_t width);
nlohmann::ordered_json tcb_json(const TcbExplanation& tcb);

}  // namespace atls::render
