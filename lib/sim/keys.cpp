#include "sim/keys.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include <array>

#include "crypto/digest.hpp"
#include "sim/x509_parts.hpp"

namespace atls::sim {
namespace {

using EcGroupPtr = crypto::Handle<EC_GROUP, EC_GROUP_free>;
using EcPointPtr = crypto::Handle<EC_POINT, EC_POINT_free>;
using BnCtxPtr = crypto::Handle<BN_CTX, BN_CTX_free>;
using ParamBuildPtr = crypto::Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using ParamsPtr = crypto::Handle<OSSL_PARAM, OSSL_PARAM_free>;
using SignaturePtr = crypto::Handle<ECDSA_SIG, ECDSA_SIG_free>;

struct CurveFacts { int nid; const char* name; std::size_t size; };
constexpr CurveFacts facts(Curve curve) {
  return curve == Curve::p256 ? CurveFacts{NID_X9_62_prime256v1, "P-256", 32} : CurveFacts{NID_secp384r1, "P-384", 48};
}

}  // namespace

Buffer derive(std::string_view seed, std::string_view label, std::size_t size) {
  const std::string secret = "atls simulated platform " + std::string(seed);   // never empty, which HKDF would refuse
  return crypto::hkdf_sha256(as_bytes(secret), label, size);
}

// scalar = material mod (n - 1) + 1, with 64 bits more than the group order, as FIPS 186-5 A.2.1 does.
crypto::PkeyPtr ec_key(Curve curve, Bytes material) {
  const CurveFacts about = facts(curve);
  const EcGroupPtr group(EC_GROUP_new_by_curve_name(about.nid));
  const BnCtxPtr work(BN_CTX_new());
  const crypto::BnPtr scalar(BN_bin2bn(material.data(), static_cast<int>(material.size()), nullptr)), limit(BN_new());
  must(group && work && scalar && limit, "EC group");
  must(BN_sub(limit.get(), EC_GROUP_get0_order(group.get()), BN_value_one()) == 1 &&
           BN_nnmod(scalar.get(), scalar.get(), limit.get(), work.get()) == 1 && BN_add_word(scalar.get(), 1) == 1,
       "EC scalar");
  const EcPointPtr point(EC_POINT_new(group.get()));
  Buffer encoded(2 * about.size + 1);
  must(point && EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, work.get()) == 1 &&
           EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(), encoded.size(), work.get()) ==
               encoded.size(),
       "EC point");

  const ParamBuildPtr build(OSSL_PARAM_BLD_new());
  must(build && OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, about.name, 0) == 1 &&
           OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get()) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size()) == 1,
       "EC parameters");
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(build.get()));
  const crypto::PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  must(params && ctx && EVP_PKEY_fromdata_init(ctx.get()) == 1 && EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1,
       "EVP_PKEY_fromdata");
  return crypto::PkeyPtr(key);
}

crypto::PkeyPtr derived_ec_key(Curve curve, std::string_view seed, std::string_view label) {
  return ec_key(curve, derive(seed, label, facts(curve).size + 8));
}

crypto::PkeyPtr share_key(EVP_PKEY* key) {
  must(EVP_PKEY_up_ref(key) == 1, "EVP_PKEY_up_ref");
  return crypto::PkeyPtr(key);
}

EcdsaSignature ecdsa_sign(Curve curve, EVP_PKEY* key, Bytes message) {
  const crypto::MdCtxPtr ctx(EVP_MD_CTX_new());
  const EVP_MD* digest = curve == Curve::p256 ? EVP_sha256() : EVP_sha384();
  std::size_t size = 0;
  must(ctx && EVP_DigestSignInit(ctx.get(), nullptr, digest, nullptr, key) == 1 &&
           EVP_DigestSign(ctx.get(), nullptr, &size, message.data(), message.size()) == 1,
       "EVP_DigestSign");
  Buffer der(size);
  must(EVP_DigestSign(ctx.get(), der.data(), &size, message.data(), message.size()) == 1, "EVP_DigestSign");
  const unsigned char* p = der.data();
  const SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(size)));
  must(signature != nullptr, "d2i_ECDSA_SIG");
  EcdsaSignature out{crypto::BnPtr(BN_dup(ECDSA_SIG_get0_r(signature.get()))), crypto::BnPtr(BN_dup(ECDSA_SIG_get0_s(signature.get())))};
  must(out.r && out.s, "BN_dup");
  return out;
}

std::array<std::uint8_t, 64> raw_p256(const EcdsaSignature& signature) {
  std::array<std::uint8_t, 64> out{};
  must(BN_bn2binpad(signature.r.get(), out.data(), 32) == 32 && BN_bn2binpad(signature.s.get(), out.data() + 32, 32) == 32, "ECDSA signature");
  return out;
}

Buffer ec_public_point(EVP_PKEY* key) {
  std::array<std::uint8_t, 133> encoded{};
  std::size_t size = 0;
  must(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size(), &size) == 1 && size > 1 && encoded[0] == 4,
       "EC public key");
  return {encoded.begin() + 1, encoded.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace atls::sim
