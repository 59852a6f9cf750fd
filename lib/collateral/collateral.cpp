#include "collateral/collateral.hpp"

#include <algorithm>
#include <iterator>

namespace atls {
namespace {

struct KindName { CollateralKind kind; std::string_view name; };
constexpr KindName kKinds[] = {
    {CollateralKind::amd_vcek, "amd-vcek"}, {CollateralKind::amd_vlek, "amd-vlek"}, {CollateralKind::amd_ask, "amd-ask"},
    {CollateralKind::amd_asvk, "amd-asvk"}, {CollateralKind::amd_ark, "amd-ark"},   {CollateralKind::amd_crl, "amd-crl"},
    {CollateralKind::intel_pck, "intel-pck"}, {CollateralKind::intel_pck_ca, "intel-pck-ca"}, {CollateralKind::intel_root, "intel-root"},
    {CollateralKind::intel_tcb_signer, "intel-tcb-signer"}, {CollateralKind::intel_root_crl, "intel-root-crl"}, {CollateralKind::intel_pck_crl, "intel-pck-crl"},
    {CollateralKind::intel_tcb_info, "intel-tcb-info"}, {CollateralKind::intel_qe_identity, "intel-qe-identity"},
};

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

void append(CollateralAnswer& to, CollateralAnswer from) {
  append(to.items, std::move(from.items));
  append(to.misses, std::move(from.misses));
}

}  // namespace

std::string_view collateral_kind_name(CollateralKind kind) {
  for (const KindName& row : kKinds)
    if (row.kind == kind) return row.name;
  return "unknown";
}

bool is_intel(CollateralKind kind) { return collateral_kind_name(kind).starts_with("intel-"); }

std::optional<CollateralKind> collateral_kind_from(std::string_view name) {
  for (const KindName& row : kKinds)
    if (row.name == name) return row.kind;
  return {};
}

std::string_view collateral_source_name(CollateralSource source) {
  switch (source) {
    case CollateralSource::handshake: return "handshake";
    case CollateralSource::bundle: return "bundle";
    case CollateralSource::dir: return "dir";
    case CollateralSource::cache: return "cache";
    case CollateralSource::network: return "network";
    case CollateralSource::builtin: return "builtin";
  }
  return "unknown";
}

std::string_view collateral_miss_name(CollateralMiss::Why why) {
  switch (why) {
    case CollateralMiss::Why::absent: return "absent";
    case CollateralMiss::Why::offline: return "offline";
    case CollateralMiss::Why::unavailable: return "unavailable";
    case CollateralMiss::Why::refused: return "refused";
    case CollateralMiss::Why::invalid: return "invalid";
  }
  return "unknown";
}

void Collateral::add(std::shared_ptr<CollateralProvider> provider) {
  if (provider) providers_.push_back(std::move(provider));
}

CollateralAnswer Collateral::find_local(const CollateralQuery& query) const {
  CollateralAnswer answer;
  for (const auto& provider : providers_)
    if (provider->source() != CollateralSource::network) append(answer, provider->find(query));
  return answer;
}

CollateralAnswer Collateral::find_network(const CollateralQuery& query) const {
  CollateralAnswer answer;
  for (const auto& provider : providers_)
    if (provider->source() == CollateralSource::network) append(answer, provider->find(query));
  if (!has_network())
    answer.misses.push_back({CollateralSource::network, CollateralMiss::Why::offline, "the network was not asked: it is switched off"});
  for (const CollateralItem& item : answer.items)
    for (const auto& provider : providers_) {
      if (provider->source() != CollateralSource::cache) continue;
      if (const Status stored = provider->store(query, item); !stored)
        answer.misses.push_back({CollateralSource::cache, CollateralMiss::Why::unavailable, "not stored: " + stored.error().message()});
    }
  return answer;
}

bool Collateral::has_network() const {
  return std::any_of(providers_.begin(), providers_.end(), [](const auto& p) { return p->source() == CollateralSource::network; });
}

}  // namespace atls
