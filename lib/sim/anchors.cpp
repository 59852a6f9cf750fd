#include "sim/anchors.hpp"

#include <stdexcept>

#include "base/base64.hpp"
#include "crypto/certificate.hpp"
#include "sim/anchors_data.hpp"

namespace atls::sim {
namespace {

Buffer decode(const AnchorData& data) {
  Result<Buffer> der = from_base64(data.base64);
  if (!der) throw std::logic_error("simulated anchor: " + der.error().message());
  return *std::move(der);
}

evidence::CaRole role_of(CollateralKind kind) {
  if (kind == CollateralKind::amd_ark) return evidence::CaRole::ark;
  return kind == CollateralKind::amd_ask ? evidence::CaRole::ask : evidence::CaRole::asvk;
}

CollateralItem item(const AnchorData& data) { return {data.kind, decode(data), CollateralSource::builtin, "simulated platform"}; }

class AnchorsProvider final : public CollateralProvider {
 public:
  CollateralSource source() const override { return CollateralSource::builtin; }
  CollateralAnswer find(const CollateralQuery& query) override {
    CollateralAnswer answer;
    for (const AnchorData& data : anchor_data())
      if (data.kind == query.kind && (query.product == snp::ProductLine::unknown || query.product == data.line))
        answer.items.push_back(item(data));
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

std::vector<evidence::CaKey> trust_anchors() {
  std::vector<evidence::CaKey> keys;
  for (const AnchorData& data : anchor_data()) {
    if (data.kind == CollateralKind::amd_crl) continue;
    const Result<crypto::Certificate> certificate = crypto::Certificate::from_der(decode(data));
    if (!certificate) throw std::logic_error("simulated anchor: " + certificate.error().message());
    keys.push_back({.role = role_of(data.kind), .product = data.line, .subject_cn = certificate->subject_cn(),
                    .serial_hex = certificate->serial_hex(), .not_before = certificate->not_before().value(),
                    .not_after = certificate->not_after().value(), .spki = certificate->spki(),
                    .spki_sha256 = certificate->spki_sha256(), .simulated = true});
  }
  return keys;
}

std::vector<CollateralItem> long_lived_collateral() {
  std::vector<CollateralItem> items;
  for (const AnchorData& data : anchor_data()) items.push_back(item(data));
  return items;
}

std::shared_ptr<CollateralProvider> anchors_provider() { return std::make_shared<AnchorsProvider>(); }

}  // namespace atls::sim
