#pragma once

#include "sim/intel_platform.hpp"

namespace atls::sim {

std::vector<ExportFile> intel_export_files(const IntelPlatform& platform);

}  // namespace atls::sim
