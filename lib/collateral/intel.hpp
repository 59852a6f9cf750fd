// Intel's certificates, CRLs, TCB info and QE identities, see object.hpp. Intel SGX PCK Certificate and CRL Profile Specification,
// Intel PCS API v4.
#pragma once

#include "collateral/object.hpp"

namespace atls {

inline constexpr std::string_view kIntelRootName = "Intel SGX Root CA", kIntelPlatformCaName = "Intel SGX PCK Platform CA",
                                  kIntelProcessorCaName = "Intel SGX PCK Processor CA", kIntelTcbSignerName = "Intel SGX TCB Signing",
                                  kIntelPckName = "Intel SGX PCK Certificate";

// Certificates by subject CN and SGX extension, CRLs by issuer. Errc::unsupported: not Intel's.
Result<CollateralObject> identify_intel(Bytes der);
// A response {"tcbInfo":...} or {"enclaveIdentity":...}. One that names itself so and cannot be decoded is an object with a flaw, so
// that the verifier can say what is wrong with it.
Result<CollateralObject> identify_intel_document(Bytes response);
Fit fits_intel(const CollateralObject& object, const CollateralQuery& query);
std::string describe_misfit_intel(const CollateralObject& object, const CollateralQuery& query);
// Root: a trusted key itself. TCB signer, PCK CA, root CRL: by a trusted root key. PCK CRL, TCB info, QE identity: by the first
// certificate of the chain that came with it, which has the right name and is signed by a trusted root key. PCK certificates: by the
// PCK CA of their chain.
Status check_intel(const CollateralObject& object, const evidence::TrustStore& trust);

}  // namespace atls
