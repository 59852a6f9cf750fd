#include "crypto/digest.hpp"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "crypto/openssl.hpp"

namespace atls::crypto {
namespace {

// A digest over public data fails only without memory or with a broken OpenSSL: exceptional, not an answer to print.
Buffer digest(const EVP_MD* md, std::initializer_list<Bytes> parts) {
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  if (!ctx || EVP_DigestInit_ex(ctx.get(), md, nullptr) != 1) throw std::runtime_error("EVP_DigestInit_ex failed");
  for (const Bytes part : parts)
    if (EVP_DigestUpdate(ctx.get(), part.data(), part.size()) != 1) throw std::runtime_error("EVP_DigestUpdate failed");
  Buffer out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_DigestFinal_ex(ctx.get(), out.data(), &size) != 1) throw std::runtime_error("EVP_DigestFinal_ex failed");
  out.resize(size);
  return out;
}

}  // namespace

Buffer sha256(Bytes data) {
  return digest(EVP_sha256(), {data});
}
Buffer sha384(Bytes data) {
  return digest(EVP_sha384(), {data});
}
Buffer sha512(Bytes data) {
  return digest(EVP_sha512(), {data});
}
Buffer sha1(Bytes data) {
  return digest(EVP_sha1(), {data});
}
Buffer sm3(Bytes data) {
  EVP_MD* md = EVP_MD_fetch(nullptr, "SM3", nullptr);
  if (md == nullptr) return {};
  Buffer out = digest(md, {data});
  EVP_MD_free(md);
  return out;
}
Buffer sha256_of(std::initializer_list<Bytes> parts) {
  return digest(EVP_sha256(), parts);
}

Buffer random_bytes(std::size_t n) {
  Buffer out(n);
  if (n > 0 && RAND_bytes(out.data(), static_cast<int>(n)) != 1) {
    ERR_clear_error();
    throw std::runtime_error("the random number generator failed");
  }
  return out;
}

Buffer hkdf_sha256(Bytes secret, std::string_view info, std::size_t n) {
  Buffer out(n);
  if (n == 0) return out;
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  std::size_t size = n;
  const bool done = ctx && EVP_PKEY_derive_init(ctx.get()) == 1 && EVP_PKEY_CTX_set_hkdf_md(ctx.get(), EVP_sha256()) == 1 &&
                    EVP_PKEY_CTX_set1_hkdf_key(ctx.get(), secret.data(), static_cast<int>(secret.size())) == 1 &&
                    EVP_PKEY_CTX_add1_hkdf_info(ctx.get(), as_bytes(info).data(), static_cast<int>(info.size())) == 1 &&
                    EVP_PKEY_derive(ctx.get(), out.data(), &size) == 1 && size == n;
  ERR_clear_error();
  if (!done) throw std::runtime_error("HKDF failed");  // n over 255 * 32, RFC 5869, or an empty secret
  return out;
}

}  // namespace atls::crypto
