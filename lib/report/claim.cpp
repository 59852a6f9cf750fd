#include "report/claim.hpp"

#include <algorithm>
#include <charconv>

namespace atls {
namespace {

struct Found { const Claim* claim; const Claim* space; };   // space: the nearest ancestor-or-self with bytes

// What follows a name in a path: nothing, ".rest", or "[n]" and then one of these.
struct Tail { std::size_t index; std::string_view rest; };
std::optional<Tail> tail_after(std::string_view path, std::string_view name) {
  if (name.empty() || !path.starts_with(name)) return {};
  path.remove_prefix(name.size());
  std::size_t index = 0;
  if (path.starts_with('[')) {
    const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
    if (error != std::errc{} || end == path.data() + path.size() || *end != ']') return {};
    path.remove_prefix(static_cast<std::size_t>(end - path.data()) + 1);
  }
  if (path.empty()) return Tail{index, {}};
  if (path.front() != '.' || path.size() == 1) return {};
  return Tail{index, path.substr(1)};
}

const Claim* space_of(const Claim& claim, const Claim* outer) { return claim.bytes ? &claim : outer; }

std::optional<Found> find_below(const Claim& parent, const Claim* space, std::string_view path) {
  if (path.empty()) return Found{&parent, space};
  for (auto child = parent.children.begin(); child != parent.children.end(); ++child) {
    const auto tail = tail_after(path, child->name);   // names may contain dots (OIDs), so every child that fits is tried
    if (!tail) continue;
    const auto same_name = [&](const Claim& c) { return c.name == child->name; };
    if (static_cast<std::size_t>(std::count_if(parent.children.begin(), child, same_name)) != tail->index) continue;
    if (const auto found = find_below(*child, space_of(*child, space), tail->rest)) return found;
  }
  return {};
}

std::optional<Found> find(const Claim& root, std::string_view path) {
  const Claim* space = space_of(root, nullptr);
  if (const auto found = find_below(root, space, path)) return found;
  const auto tail = tail_after(path, root.name);   // a path may also begin with the root itself
  if (!tail || tail->index != 0) return {};
  return find_below(root, space, tail->rest);
}

}  // namespace

const Claim* find_claim(const Claim& root, std::string_view path) {
  const auto found = find(root, path);
  return found ? found->claim : nullptr;
}

Buffer claim_bytes(const Claim& root, std::string_view path) {
  const auto found = find(root, path);
  if (!found || !found->space) return {};
  const Claim& claim = *found->claim;
  const Buffer& space = *found->space->bytes;
  const bool inside = claim.offset && *claim.offset <= space.size() && claim.size <= space.size() - *claim.offset;
  if (inside && claim.size > 0) {
    const auto begin = space.begin() + static_cast<std::ptrdiff_t>(*claim.offset);
    return Buffer(begin, begin + static_cast<std::ptrdiff_t>(claim.size));
  }
  return claim.bytes ? space : Buffer{};
}

}  // namespace atls
