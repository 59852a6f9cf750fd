// The fixed certificates and CRLs of the simulated authorities, DER in base64, as make_anchors.cpp printed them.
#pragma once

#include <span>
#include <string_view>

#include "collateral/collateral.hpp"

namespace atls::sim {

struct AnchorData {
  CollateralKind kind;             // amd_ark, amd_ask, amd_asvk, amd_crl
  snp::ProductLine line;
  const char* base64;
};
std::span<const AnchorData> anchor_data();
Buffer anchor(CollateralKind kind, snp::ProductLine line);      // DER; throws when there is none

}  // namespace atls::sim
