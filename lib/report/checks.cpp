#include <algorithm>
#include <array>
#include <unordered_map>

#include "report/check.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_input.hpp"
#include "report/checks_intel.hpp"
#include "report/checks_policy.hpp"
#include "report/checks_snp.hpp"

namespace atls {
namespace {

template <std::size_t... N>
constexpr auto concat(const std::array<const CheckSpec*, N>&... lists) {
  std::array<const CheckSpec*, (N + ...)> out{};
  std::size_t at = 0;
  const auto append = [&](const auto& list) {
    for (const CheckSpec* spec : list) out[at++] = spec;
  };
  (append(lists), ...);
  return out;
}

constexpr auto kCatalogue = concat(checks::kInputChecks, checks::kAtlsChecks, checks::kSnpChecks, checks::kIntelChecks, checks::kPolicyChecks);

constexpr bool ids_are_unique() {
  for (std::size_t i = 0; i < kCatalogue.size(); ++i)
    for (std::size_t j = i + 1; j < kCatalogue.size(); ++j)
      if (kCatalogue[i]->id == kCatalogue[j]->id) return false;
  return true;
}
static_assert(ids_are_unique(), "a check belongs to one list");

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass: return "pass";
    case Outcome::warn: return "warn";
    case Outcome::fail: return "fail";
    case Outcome::skip: return "skip";
    case Outcome::error: return "error";
  }
  return "error";
}

std::span<const CheckSpec* const> all_checks() { return kCatalogue; }

const CheckSpec* find_check(std::string_view id) {
  const auto found = std::find_if(kCatalogue.begin(), kCatalogue.end(), [&](const CheckSpec* spec) { return spec->id == id; });
  return found == kCatalogue.end() ? nullptr : *found;
}

std::size_t catalogue_index(const CheckSpec& spec) {
  // By identity first: inline constants have one address inside one program. By id for a copy on the other side of a library.
  static const std::unordered_map<const CheckSpec*, std::size_t> places = [] {
    std::unordered_map<const CheckSpec*, std::size_t> out;
    for (std::size_t i = 0; i < kCatalogue.size(); ++i) out.emplace(kCatalogue[i], i);
    return out;
  }();
  if (const auto place = places.find(&spec); place != places.end()) return place->second;
  for (std::size_t i = 0; i < kCatalogue.size(); ++i)
    if (kCatalogue[i]->id == spec.id) return i;
  return kCatalogue.size();
}

}  // namespace atls
