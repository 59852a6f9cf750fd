#include "evidence/evidence.hpp"

namespace atls::evidence {

CollateralSource supplied_by(const Evidence& evidence) {
  if (evidence.container == "constellation") return CollateralSource::handshake;
  if (evidence.container == "directory" || evidence.container == "tsm") return CollateralSource::dir;
  return CollateralSource::bundle;
}

}  // namespace atls::evidence
