// The public key of Intel's root of SGX and TDX attestation, as published at
// https://certificates.trustedservices.intel.com/Intel_SGX_Provisioning_Certification_RootCA.pem (Intel SGX PCK certificate and CRL
// profile). Facts only: the certificate is not part of this project. spki_sha256 is checked against the key when loading.
#include "evidence/intel_keys.hpp"

#include "base/hex.hpp"

namespace atls::evidence {
namespace {

constexpr IntelKey kRoot{kIntelRootCn,
                         "22650cd65a9d3489f383b49552bf501b392706ac",
                         utc(2018, 5, 21, 10, 45, 10),
                         utc(2049, 12, 31, 23, 59, 59),
                         "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
                         "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5",
                         "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394"};

// From the TCB-Info-Issuer-Chain header of https://api.trustedservices.intel.com/sgx/certification/v4/tcb.
constexpr IntelKey kTcbSigner{kIntelTcbSignerCn,
                              "7e3882d5fb55294a40498e458403e91491bdf455",
                              utc(2018, 5, 21, 10, 50, 10),
                              utc(2032, 5, 6, 9, 25, 0),
                              "bd7d4b9c805d92607dee34683a104abfa7b2a487e06af2edf0740a8666cbc22f",
                              "43451bcc73c9d5917caf766e61af3fe98087dd4f13257b261e851897799dd13d",
                              "6811fb47713803bb9bae587fccddc2e31be9a28b86962acc6daf96da58eeca96"};

// AlgorithmIdentifier { id-ecPublicKey, prime256v1 } and the head of an uncompressed point (RFC 5480).
constexpr std::string_view kP256Prefix = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

}  // namespace

const IntelKey& intel_root_key() { return kRoot; }
const IntelKey& intel_tcb_signer_key() { return kTcbSigner; }

Buffer p256_spki(Bytes x_y) {
  Buffer out = *from_hex(kP256Prefix);
  out.insert(out.end(), x_y.begin(), x_y.end());
  return out;
}

std::string intel_name_text(std::string_view cn) {
  return "C=US,ST=CA,L=Santa Clara,O=Intel Corporation,CN=" + std::string(cn);
}

}  // namespace atls::evidence
