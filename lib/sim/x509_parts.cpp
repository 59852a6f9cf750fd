#include "sim/x509_parts.hpp"

#include <algorithm>
#include <stdexcept>

namespace atls::sim {
namespace {

using Asn1TimePtr = crypto::Handle<ASN1_TIME, ASN1_TIME_free>;
using Asn1IntegerPtr = crypto::Handle<ASN1_INTEGER, ASN1_INTEGER_free>;
using Asn1OctetsPtr = crypto::Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using Asn1ObjectPtr = crypto::Handle<ASN1_OBJECT, ASN1_OBJECT_free>;
using RevokedPtr = crypto::Handle<X509_REVOKED, X509_REVOKED_free>;

Asn1TimePtr asn1_time(Time time) {
  Asn1TimePtr out(ASN1_TIME_set(nullptr, static_cast<time_t>(time.time_since_epoch().count())));
  must(out != nullptr, "ASN1_TIME_set");
  return out;
}

Asn1IntegerPtr asn1_integer(Bytes value) {
  const crypto::BnPtr number(BN_bin2bn(value.data(), static_cast<int>(value.size()), nullptr));
  Asn1IntegerPtr out(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
  must(out != nullptr, "BN_to_ASN1_INTEGER");
  return out;
}

template <class T, class Encode>
Buffer encode(T* value, Encode function, const char* what) {
  const int size = function(value, nullptr);
  must(size > 0, what);
  Buffer out(static_cast<std::size_t>(size));
  unsigned char* p = out.data();
  must(function(value, &p) == size, what);
  return out;
}

}  // namespace

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(crypto::openssl_error(what).message());
}

NamePtr make_name(std::span<const NamePart> parts) {
  NamePtr name(X509_NAME_new());
  must(name != nullptr, "X509_NAME_new");
  for (const NamePart& part : parts)
    must(X509_NAME_add_entry_by_txt(name.get(), part.field, std::string_view(part.field) == "C" ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING,
                                    reinterpret_cast<const unsigned char*>(part.text.data()), static_cast<int>(part.text.size()), -1, 0) == 1,
         "X509_NAME_add_entry_by_txt");
  return name;
}

crypto::X509Ptr unsigned_certificate(Bytes serial, const X509_NAME* issuer, const X509_NAME* subject, EVP_PKEY* key, const Validity& validity) {
  crypto::X509Ptr out(X509_new());
  must(out != nullptr, "X509_new");
  must(X509_set_version(out.get(), X509_VERSION_3) == 1 && X509_set_serialNumber(out.get(), asn1_integer(serial).get()) == 1 &&
           X509_set_issuer_name(out.get(), issuer) == 1 && X509_set_subject_name(out.get(), subject) == 1 &&
           X509_set1_notBefore(out.get(), asn1_time(validity.not_before).get()) == 1 &&
           X509_set1_notAfter(out.get(), asn1_time(validity.not_after).get()) == 1 && X509_set_pubkey(out.get(), key) == 1,
       "X509 fields");
  return out;
}

void add_standard(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer != nullptr ? issuer : certificate, certificate, nullptr, nullptr, 0);
  ExtensionPtr extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

void add_raw(X509* certificate, const std::string& oid, Bytes value) {
  Asn1ObjectPtr object(OBJ_txt2obj(oid.c_str(), 1));
  Asn1OctetsPtr octets(ASN1_OCTET_STRING_new());
  must(object && octets && ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size())) == 1, oid.c_str());
  ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 0, octets.get()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, oid.c_str());
}

crypto::X509CrlPtr unsigned_crl(X509* issuer, const Validity& updates, std::span<const Buffer> revoked, long number) {
  crypto::X509CrlPtr crl(X509_CRL_new());
  must(crl != nullptr, "X509_CRL_new");
  must(X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 && X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer)) == 1 &&
           X509_CRL_set1_lastUpdate(crl.get(), asn1_time(updates.not_before).get()) == 1 &&
           X509_CRL_set1_nextUpdate(crl.get(), asn1_time(updates.not_after).get()) == 1,
       "X509_CRL fields");
  for (const Buffer& serial : revoked) {
    RevokedPtr entry(X509_REVOKED_new());
    must(entry && X509_REVOKED_set_serialNumber(entry.get(), asn1_integer(serial).get()) == 1 &&
             X509_REVOKED_set_revocationDate(entry.get(), asn1_time(updates.not_before).get()) == 1 &&
             X509_CRL_add0_revoked(crl.get(), entry.get()) == 1,
         "X509_REVOKED");
    entry.release();   // owned by the CRL now
  }
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl.get(), 0);
  ExtensionPtr aki(X509V3_EXT_nconf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  must(aki && X509_CRL_add_ext(crl.get(), aki.get(), -1) == 1, "authorityKeyIdentifier");
  must(X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, asn1_integer(serial_bytes(number)).get(), 0, 0) == 1, "cRLNumber");
  must(X509_CRL_sort(crl.get()) == 1, "X509_CRL_sort");
  return crl;
}

Buffer serial_bytes(long number) {
  Buffer out;
  for (auto left = static_cast<unsigned long>(number); left != 0; left >>= 8) out.push_back(static_cast<std::uint8_t>(left));
  std::reverse(out.begin(), out.end());
  return out;
}

Buffer der_of(X509* certificate) { return encode(certificate, [](X509* c, unsigned char** p) { return i2d_X509(c, p); }, "i2d_X509"); }
Buffer der_of(X509_CRL* crl) { return encode(crl, [](X509_CRL* c, unsigned char** p) { return i2d_X509_CRL(c, p); }, "i2d_X509_CRL"); }

crypto::X509Ptr parse_certificate(Bytes der) {
  const unsigned char* p = der.data();
  crypto::X509Ptr out(d2i_X509(nullptr, &p, static_cast<long>(der.size())));
  must(out != nullptr, "d2i_X509");
  return out;
}

}  // namespace atls::sim
