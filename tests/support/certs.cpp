#include "support/certs.hpp"

#include <openssl/rsa.h>

#include <stdexcept>

namespace atls::test {
namespace {

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

crypto::Handle<X509_NAME, X509_NAME_free> decode_name(const Buffer& der) {
  const unsigned char* at = der.data();
  crypto::Handle<X509_NAME, X509_NAME_free> out(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
  must(out != nullptr, "name");
  return out;
}

crypto::Handle<ASN1_INTEGER, ASN1_INTEGER_free> serial(const std::string& hex) {
  BIGNUM* number = nullptr;
  must(BN_hex2bn(&number, hex.c_str()) > 0, "serial");
  crypto::Handle<ASN1_INTEGER, ASN1_INTEGER_free> out(BN_to_ASN1_INTEGER(number, nullptr));
  BN_free(number);
  return out;
}

crypto::Handle<ASN1_TIME, ASN1_TIME_free> time(Time t) {
  return crypto::Handle<ASN1_TIME, ASN1_TIME_free>(ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(t)));
}

crypto::MdCtxPtr signer(Sign how, EVP_PKEY& key) {
  crypto::MdCtxPtr ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* pkey = nullptr;
  const EVP_MD* md = how == Sign::pss_sha256 || how == Sign::pkcs1_sha256 || how == Sign::ecdsa_sha256 ? EVP_sha256() : EVP_sha384();
  must(EVP_DigestSignInit(ctx.get(), &pkey, md, nullptr, &key) == 1, "sign init");
  if (how == Sign::pss_sha384 || how == Sign::pss_sha256) {
    must(EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING) == 1, "pss");
    must(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, how == Sign::pss_sha384 ? 48 : 32) == 1, "salt");
  }
  return ctx;
}

crypto::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(const TestExtension& e) {
  const crypto::Handle<ASN1_OBJECT, ASN1_OBJECT_free> oid(OBJ_txt2obj(e.oid.c_str(), 1));
  const crypto::Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
  must(oid && ASN1_OCTET_STRING_set(value.get(), e.value.data(), static_cast<int>(e.value.size())) == 1, "extension");
  return crypto::Handle<X509_EXTENSION, X509_EXTENSION_free>(
      X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), e.critical ? 1 : 0, value.get()));
}

template <class T, class Encode>
Buffer encoded(T* object, Encode encode) {
  unsigned char* bytes = nullptr;
  const int size = encode(object, &bytes);
  must(size > 0, "encode");
  Buffer out(bytes, bytes + size);
  OPENSSL_free(bytes);
  return out;
}

}  // namespace

crypto::PkeyPtr rsa_key(int bits) { return crypto::PkeyPtr(EVP_RSA_gen(static_cast<unsigned>(bits))); }
crypto::PkeyPtr ec_key(const char* curve) { return crypto::PkeyPtr(EVP_EC_gen(curve)); }
Buffer spki_of(EVP_PKEY& key) { return encoded(&key, i2d_PUBKEY); }

Buffer name(const std::string& cn) {
  const crypto::Handle<X509_NAME, X509_NAME_free> out(X509_NAME_new());
  must(X509_NAME_add_entry_by_txt(out.get(), "CN", MBSTRING_UTF8, as_bytes(cn).data(), static_cast<int>(cn.size()), -1, 0) == 1, "CN");
  return encoded(out.get(), i2d_X509_NAME);
}

Buffer make_certificate(const CertSpec& spec, EVP_PKEY& key, EVP_PKEY& issuer_key) {
  const crypto::X509Ptr x(X509_new());
  must(X509_set_version(x.get(), spec.version - 1) == 1, "version");
  must(X509_set_serialNumber(x.get(), serial(spec.serial_hex).get()) == 1, "serial");
  must(X509_set_subject_name(x.get(), decode_name(spec.subject).get()) == 1, "subject");
  must(X509_set_issuer_name(x.get(), decode_name(spec.issuer).get()) == 1, "issuer");
  must(X509_set1_notBefore(x.get(), time(spec.not_before).get()) == 1 && X509_set1_notAfter(x.get(), time(spec.not_after).get()) == 1, "validity");
  must(X509_set_pubkey(x.get(), &key) == 1, "key");
  std::vector<TestExtension> extensions = spec.extensions;
  if (spec.ca) {
    extensions.push_back({"2.5.29.19", {0x30, 0x03, 0x01, 0x01, 0xFF}, true});
    extensions.push_back({"2.5.29.15", {0x03, 0x02, 0x01, 0x06}, true});
  }
  for (const TestExtension& e : extensions) must(X509_add_ext(x.get(), extension(e).get(), -1) == 1, "add extension");
  must(X509_sign_ctx(x.get(), signer(spec.sign, issuer_key).get()) > 0, "sign");
  return encoded(x.get(), i2d_X509);
}

Buffer make_crl(const CrlSpec& spec, EVP_PKEY& issuer_key) {
  const crypto::X509CrlPtr crl(X509_CRL_new());
  must(X509_CRL_set_version(crl.get(), 1) == 1 && X509_CRL_set_issuer_name(crl.get(), decode_name(spec.issuer).get()) == 1, "crl");
  must(X509_CRL_set1_lastUpdate(crl.get(), time(spec.this_update).get()) == 1, "thisUpdate");
  must(X509_CRL_set1_nextUpdate(crl.get(), time(spec.next_update).get()) == 1, "nextUpdate");
  for (const std::string& hex : spec.revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    must(X509_REVOKED_set_serialNumber(entry, serial(hex).get()) == 1, "revoked serial");
    must(X509_REVOKED_set_revocationDate(entry, time(spec.this_update).get()) == 1, "revocation date");
    must(X509_CRL_add0_revoked(crl.get(), entry) == 1, "revoked");
  }
  for (const TestExtension& e : spec.extensions) must(X509_CRL_add_ext(crl.get(), extension(e).get(), -1) == 1, "crl extension");
  must(X509_CRL_sort(crl.get()) == 1 && X509_CRL_sign_ctx(crl.get(), signer(spec.sign, issuer_key).get()) > 0, "sign crl");
  return encoded(crl.get(), i2d_X509_CRL);
}

Buffer der_integer(unsigned value) {
  if (value < 128) return {0x02, 0x01, static_cast<std::uint8_t>(value)};
  return {0x02, 0x02, 0x00, static_cast<std::uint8_t>(value)};
}

Buffer der_text(std::uint8_t tag, std::string_view text) {
  Buffer out{tag, static_cast<std::uint8_t>(text.size())};
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

}  // namespace atls::test
