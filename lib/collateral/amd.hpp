// AMD's certificates and CRLs, see object.hpp. AMD 57230 "VCEK Certificate and KDS Interface Specification".
#pragma once

#include "collateral/object.hpp"

namespace atls {

// One DER certificate or CRL. Names are compared whole: "SEV-VLEK" is a prefix of "SEV-VLEK-Milan". Errc::unsupported: not AMD's.
Result<CollateralObject> identify_amd(Bytes der);
Fit fits_amd(const CollateralObject& object, const CollateralQuery& query);
std::string describe_misfit_amd(const CollateralObject& object, const CollateralQuery& query);
// VCEK: by an ASK, VLEK: by an ASVK, ASK and ASVK and CRL: by an ARK; an ARK must be a trusted key itself.
Status check_amd(const CollateralObject& object, const evidence::TrustStore& trust, const std::vector<Buffer>& more_keys = {});

}  // namespace atls
