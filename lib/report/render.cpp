#include "report/render.hpp"

#include <algorithm>
#include <array>

#include "report/renderers.hpp"

namespace atls {
namespace {

constexpr std::array kRenderers{
    Renderer{"text", render::text}, Renderer{"json", render::json}, Renderer{"jsonl", render::jsonl}, Renderer{"junit", render::junit}};

}  // namespace

std::span<const Renderer> renderers() { return kRenderers; }

const Renderer* find_renderer(std::string_view name) {
  const auto found = std::find_if(kRenderers.begin(), kRenderers.end(), [&](const Renderer& r) { return r.name == name; });
  return found == kRenderers.end() ? nullptr : &*found;
}

}  // namespace atls
