// The fixed certificates, CRLs and collateral of the simulated authorities in base64, as make_anchors.cpp printed them.
#pragma once

#include <span>
#include <string_view>

#include "collateral/collateral.hpp"

namespace atls::sim {

struct AnchorData {
  CollateralKind kind;             // amd_ark, amd_ask, amd_asvk, amd_crl; every intel_ one but intel_pck
  snp::ProductLine line;           // AMD's
  const char* base64;              // DER; JSON of TCB info and QE identity
  bool tdx = false;                // TCB info and QE identity: of TDX, else of SGX
  bool processor_ca = false;       // PCK CA and its CRL: Processor CA, else Platform CA
};
std::span<const AnchorData> anchor_data();
std::span<const AnchorData> intel_anchor_data();
Buffer anchor(CollateralKind kind, snp::ProductLine line);      // throws when there is none
struct IntelVariant { bool tdx = false, processor_ca = false; };
Buffer intel_anchor(CollateralKind kind, IntelVariant variant = {});

}  // namespace atls::sim
