#pragma once

#include "sim/platform.hpp"

namespace atls::sim {

std::vector<ExportFile> snp_export_files(const SnpPlatform& platform);

}  // namespace atls::sim
