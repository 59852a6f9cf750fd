// One function per output format, one file each; the table is in render.cpp.
#pragma once

#include "report/render.hpp"

namespace atls::render {

std::string text(std::span<const Report> reports, const RenderOptions& options);
std::string json(std::span<const Report> reports, const RenderOptions& options);
std::string jsonl(std::span<const Report> reports, const RenderOptions& options);
std::string junit(std::span<const Report> reports, const RenderOptions& options);

}  // namespace atls::render
