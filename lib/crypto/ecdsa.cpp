#include "crypto/ecdsa.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

namespace atls::crypto {
namespace {

struct Curve { KeyType type; const char* name; int bits; const EVP_MD* (*digest)(); };
constexpr Curve kCurves[] = {{KeyType::ec_p256, "ECDSA P-256", 256, EVP_sha256}, {KeyType::ec_p384, "ECDSA P-384", 384, EVP_sha384}};

Result<Buffer> der_of(Bytes r, Bytes s) {
  const Handle<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  BnPtr r_number(BN_bin2bn(r.data(), static_cast<int>(r.size()), nullptr)),
      s_number(BN_bin2bn(s.data(), static_cast<int>(s.size()), nullptr));
  if (!signature || !r_number || !s_number || ECDSA_SIG_set0(signature.get(), r_number.get(), s_number.get()) != 1)
    return openssl_error("ECDSA_SIG_set0");
  (void)r_number.release();  // owned by the signature now
  (void)s_number.release();
  unsigned char* encoded = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &encoded);
  if (size <= 0) return openssl_error("i2d_ECDSA_SIG");
  Buffer der(encoded, encoded + size);
  OPENSSL_free(encoded);
  return der;
}

}  // namespace

Result<bool> verify_ecdsa(KeyType type, EVP_PKEY& key, Bytes message, Bytes r, Bytes s) {
  const Curve* curve = nullptr;
  for (const Curve& row : kCurves)
    if (row.type == type) curve = &row;
  if (curve == nullptr) return Error{Errc::unsupported, "ECDSA", "no such curve here", 0};
  if (EVP_PKEY_get_base_id(&key) != EVP_PKEY_EC || EVP_PKEY_get_bits(&key) != curve->bits)
    return Error{Errc::unsupported, curve->name, "the key is not an EC key of this curve", 0};
  const auto der = der_of(r, s);
  if (!der) return der.error();
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  if (!ctx || EVP_DigestVerifyInit(ctx.get(), nullptr, curve->digest(), nullptr, &key) != 1)
    return openssl_error("EVP_DigestVerifyInit");
  const int rc = EVP_DigestVerify(ctx.get(), der->data(), der->size(), message.data(), message.size());
  ERR_clear_error();
  return rc == 1;
}

// fromdata refuses what is not on the curve; the uncompressed form cannot say infinity.
Result<PkeyPtr> p256_key_from_point(Bytes x_y) {
  if (x_y.size() != 64) return Error{Errc::bad_value, "P-256 key", "expected 64 bytes, X and Y", 0};
  Buffer point{0x04};
  point.insert(point.end(), x_y.begin(), x_y.end());
  char group[] = SN_X9_62_prime256v1;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                                   OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                                   OSSL_PARAM_construct_end()};
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!ctx || EVP_PKEY_fromdata_init(ctx.get()) != 1) return openssl_error("EVP_PKEY_fromdata_init");
  if (EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters)) != 1) {
    ERR_clear_error();
    return Error{Errc::bad_value, "P-256 key", "not a point of the curve", 0};
  }
  return PkeyPtr(key);
}

}  // namespace atls::crypto
