#include "atls-dump/brief.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace atls::dump {
namespace {

constexpr std::array<std::string_view, 2> kSummarised{"certificate", "crl"};
constexpr std::array<std::string_view, 7> kSummary{"issuer_cn", "subject_cn", "not_after", "hwid", "this_update", "next_update", "attestation_document"};

template <std::size_t N>
bool is_one_of(const std::string& name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_damaged(const Claim& claim) {   // damage is never left out
  return !claim.error.empty() || std::any_of(claim.children.begin(), claim.children.end(), is_damaged);
}

bool is_valued(const Claim& claim) { return !std::holds_alternative<std::monostate>(claim.value); }

bool is_shown(const Claim& child, const Claim& parent) {
  if (is_damaged(child)) return true;
  if (is_valued(parent) || child.name.starts_with("reserved")) return false;
  return !is_one_of(parent.name, kSummarised) || is_one_of(child.name, kSummary);
}

}  // namespace

Claim brief(const Claim& claim) {
  Claim out = claim;
  out.children.clear();
  for (const Claim& child : claim.children)
    if (is_shown(child, claim)) out.add(brief(child));
  return out;
}

}  // namespace atls::dump
