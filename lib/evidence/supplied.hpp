// An object that some source supplied, and which.
#pragma once

#include <string>

#include "collateral/collateral.hpp"
#include "crypto/certificate.hpp"

namespace atls::evidence {

template <class Object>
struct Supplied {
  Object object;
  CollateralKind kind;
  CollateralSource source;
  std::string origin;  // path or URL; empty for what came with the evidence
};
using SuppliedCertificate = Supplied<crypto::Certificate>;
using SuppliedCrl = Supplied<crypto::Crl>;

}  // namespace atls::evidence
