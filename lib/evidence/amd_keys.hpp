// AMD's CA keys as constants; evidence/trust.hpp makes a TrustStore of them.
#pragma once

#include <span>
#include <string_view>

#include "evidence/trust.hpp"

namespace atls::evidence {

struct AmdKey {
  CaRole role;
  snp::ProductLine product;
  std::string_view subject_cn, serial_hex;
  Time not_before, not_after;
  std::string_view spki_sha256, modulus_hex;
};
std::span<const AmdKey> amd_keys();

}  // namespace atls::evidence
