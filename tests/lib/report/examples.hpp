// Reports with made-up contents that exercise every field, for the golden outputs of the renderers.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "report/model.hpp"

namespace atls::examples {

std::vector<Report> reports(std::string_view name);   // "passing", "failing", "dump", "hostile", "error", "batch"; empty: unknown

}  // namespace atls::examples
