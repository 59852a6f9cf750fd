#include "sim/anchors.hpp"

#include <map>
#include <stdexcept>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "crypto/certificate.hpp"
#include "sim/anchors_data.hpp"

namespace atls::sim {
namespace {

Buffer decode(const AnchorData& data) {
  Result<Buffer> der = from_base64(data.base64);
  if (!der) throw std::logic_error("simulated anchor: " + der.error().message());
  return *std::move(der);
}

std::optional<evidence::CaRole> role_of(CollateralKind kind) {
  switch (kind) {
    case CollateralKind::amd_ark: return evidence::CaRole::ark;
    case CollateralKind::amd_ask: return evidence::CaRole::ask;
    case CollateralKind::amd_asvk: return evidence::CaRole::asvk;
    case CollateralKind::intel_root: return evidence::CaRole::intel_root;
    default: return std::nullopt;   // no authority that a trust store holds
  }
}

// As the PCS sends it in the header beside a body: signer, root.
std::vector<Buffer> issuer_chain(const AnchorData& data) {
  using enum CollateralKind;
  if (data.kind == intel_pck_crl) return {intel_anchor(intel_pck_ca, {.processor_ca = data.processor_ca}), intel_anchor(intel_root)};
  if (data.kind == intel_tcb_info || data.kind == intel_qe_identity) return {intel_anchor(intel_tcb_signer), intel_anchor(intel_root)};
  return {};
}

CollateralItem item(const AnchorData& data) {
  return {.kind = data.kind, .data = decode(data), .source = CollateralSource::builtin, .origin = "simulated platform", .issuer_chain = issuer_chain(data), .obtained = {}};
}

bool answers(const AnchorData& data, const CollateralQuery& query) {
  using enum CollateralKind;
  if (data.kind != query.kind) return false;
  if (!is_intel(data.kind)) return query.product == snp::ProductLine::unknown || query.product == data.line;
  if (data.kind == intel_tcb_info && lower(query.fmspc) != kSimulatedFmspc) return false;
  if (data.kind == intel_tcb_info || data.kind == intel_qe_identity) return data.tdx == query.tdx;
  return (data.kind != intel_pck_crl && data.kind != intel_pck_ca) || data.processor_ca == query.processor_ca;
}

template <class Use>
void for_each_anchor(Use use) {
  for (const auto& list : {anchor_data(), intel_anchor_data()})
    for (const AnchorData& data : list) use(data);
}

class AnchorsProvider final : public CollateralProvider {
 public:
  CollateralSource source() const override { return CollateralSource::builtin; }
  CollateralAnswer find(const CollateralQuery& query) override {
    CollateralAnswer answer;
    for_each_anchor([&](const AnchorData& data) {
      if (answers(data, query)) answer.items.push_back(item(data));
    });
    if (answer.items.empty())
      answer.misses.push_back({source(), CollateralMiss::Why::absent, "the simulated platform has no fixed object of this kind"});
    return answer;
  }
};

}  // namespace

Buffer anchor(CollateralKind kind, snp::ProductLine line) {
  for (const AnchorData& data : anchor_data())
    if (data.kind == kind && data.line == line) return decode(data);
  throw std::logic_error("the simulated platform has no such anchor");
}

Buffer intel_anchor(CollateralKind kind, IntelVariant variant) {
  for (const AnchorData& data : intel_anchor_data())
    if (data.kind == kind && data.tdx == variant.tdx && data.processor_ca == variant.processor_ca) return decode(data);
  throw std::logic_error("the simulated platform has no such anchor");
}

std::vector<evidence::CaKey> trust_anchors() {
  std::vector<evidence::CaKey> keys;
  std::map<snp::ProductLine, std::string> roots;   // an anchor's root stands before it in the tables
  for_each_anchor([&](const AnchorData& data) {
    const std::optional<evidence::CaRole> role = role_of(data.kind);
    if (!role) return;
    const Result<crypto::Certificate> certificate = crypto::Certificate::from_der(decode(data));
    if (!certificate) throw std::logic_error("simulated anchor: " + certificate.error().message());
    if (*role == evidence::CaRole::ark || *role == evidence::CaRole::intel_root) roots[data.line] = certificate->spki_sha256();
    keys.push_back({.role = *role, .product = data.line, .subject_cn = certificate->subject_cn(),
                    .serial_hex = certificate->serial_hex(), .not_before = certificate->not_before().value(),
                    .not_after = certificate->not_after().value(), .spki = certificate->spki(),
                    .spki_sha256 = certificate->spki_sha256(), .simulated = true, .root_spki_sha256 = roots.at(data.line)});
  });
  return keys;
}

std::vector<CollateralItem> long_lived_collateral() {
  std::vector<CollateralItem> items;
  for_each_anchor([&](const AnchorData& data) { items.push_back(item(data)); });
  return items;
}

std::shared_ptr<CollateralProvider> anchors_provider() { return std::make_shared<AnchorsProvider>(); }

}  // namespace atls::sim
