// The public key of Intel's root of SGX and TDX attestation, as published at
// https://certificates.trustedservices.intel.com/Intel_SGX_Provisioning_Certification_RootCA.pem (Intel SGX PCK certificate and CRL
// profile). Facts only: the certificate is not part of this project. spki_sha256 is checked against the key when loading.
#include "evidence/intel_keys.hpp"

#include "base/hex.hpp"

namespace atls::evidence {
namespace {

constexpr Time utc(int y, unsigned m, unsigned d, int h, int min, int s) {
  using namespace std::chrono;
  return sys_days{year{y} / month{m} / day{d}} + hours{h} + minutes{min} + seconds{s};
}

constexpr IntelKey kRoot{kIntelRootCn,
                         "22650cd65a9d3489f383b49552bf501b392706ac",
                         utc(2018, 5, 21, 10, 45, 10),
                         utc(2049, 12, 31, 23, 59, 59),
                         "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
                         "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5",
                         "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394"};

// AlgorithmIdentifier { id-ecPublicKey, prime256v1 } and the head of an uncompressed point (RFC 5480).
constexpr std::string_view kP256Prefix = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

}  // namespace

const IntelKey& intel_root_key() { return kRoot; }

Buffer p256_spki(Bytes x_y) {
  Buffer out = *from_hex(kP256Prefix);
  out.insert(out.end(), x_y.begin(), x_y.end());
  return out;
}

std::string intel_name_text(std::string_view cn) {
  return "C=US,ST=CA,L=Santa Clara,O=Intel Corporation,CN=" + std::string(cn);
}

}  // namespace atls::evidence
