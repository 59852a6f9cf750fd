#include "sim/x509_build.hpp"

#include <openssl/rsa.h>

#include <stdexcept>

namespace atls::sim {
namespace {

using evidence::CaRole;
using Asn1TimePtr = crypto::Handle<ASN1_TIME, ASN1_TIME_free>;
using Asn1IntegerPtr = crypto::Handle<ASN1_INTEGER, ASN1_INTEGER_free>;
using Asn1OctetsPtr = crypto::Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using Asn1ObjectPtr = crypto::Handle<ASN1_OBJECT, ASN1_OBJECT_free>;
using NamePtr = crypto::Handle<X509_NAME, X509_NAME_free>;
using ExtensionPtr = crypto::Handle<X509_EXTENSION, X509_EXTENSION_free>;
using RevokedPtr = crypto::Handle<X509_REVOKED, X509_REVOKED_free>;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(crypto::openssl_error(what).message());
}

// One attribute per RDN; Go compares issuer and subject as bytes, so the string types matter.
NamePtr amd_name(std::string_view common_name) {
  struct Part { const char* field; int type; std::string_view text; };
  NamePtr name(X509_NAME_new());
  must(name != nullptr, "X509_NAME_new");
  for (const Part& part : {Part{"OU", V_ASN1_UTF8STRING, "Engineering"}, Part{"C", V_ASN1_PRINTABLESTRING, "US"},
                           Part{"L", V_ASN1_UTF8STRING, "Santa Clara"}, Part{"ST", V_ASN1_UTF8STRING, "CA"},
                           Part{"O", V_ASN1_UTF8STRING, "Advanced Micro Devices"}, Part{"CN", V_ASN1_UTF8STRING, common_name}})
    must(X509_NAME_add_entry_by_txt(name.get(), part.field, part.type, reinterpret_cast<const unsigned char*>(part.text.data()),
                                    static_cast<int>(part.text.size()), -1, 0) == 1, "X509_NAME_add_entry_by_txt");
  return name;
}

Asn1TimePtr asn1_time(Time time) {
  Asn1TimePtr out(ASN1_TIME_set(nullptr, static_cast<time_t>(time.time_since_epoch().count())));
  must(out != nullptr, "ASN1_TIME_set");
  return out;
}

Asn1IntegerPtr asn1_integer(long value) {
  Asn1IntegerPtr out(ASN1_INTEGER_new());
  must(out && ASN1_INTEGER_set(out.get(), value) == 1, "ASN1_INTEGER_set");
  return out;
}

// RSASSA-PSS with SHA-384, MGF1 with SHA-384, salt of 48 bytes: what all of AMD's certificates use.
crypto::MdCtxPtr pss_context(EVP_PKEY* key) {
  crypto::MdCtxPtr ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  must(ctx && EVP_DigestSignInit(ctx.get(), &options, EVP_sha384(), nullptr, key) == 1, "EVP_DigestSignInit");
  must(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1, "EVP_PKEY_CTX_set_rsa_padding");
  must(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 48) == 1, "EVP_PKEY_CTX_set_rsa_pss_saltlen");
  must(EVP_PKEY_CTX_set_rsa_mgf1_md(options, EVP_sha384()) == 1, "EVP_PKEY_CTX_set_rsa_mgf1_md");
  return ctx;
}

void sign(X509* certificate, EVP_PKEY* key) {
  must(X509_sign_ctx(certificate, pss_context(key).get()) > 0, "X509_sign_ctx");
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

crypto::X509Ptr unsigned_certificate(long serial, const X509_NAME* issuer, const X509_NAME* subject, EVP_PKEY* key,
                                     const Validity& validity) {
  crypto::X509Ptr out(X509_new());
  must(out != nullptr, "X509_new");
  must(X509_set_version(out.get(), X509_VERSION_3) == 1 && X509_set_serialNumber(out.get(), asn1_integer(serial).get()) == 1 &&
           X509_set_issuer_name(out.get(), issuer) == 1 && X509_set_subject_name(out.get(), subject) == 1 &&
           X509_set1_notBefore(out.get(), asn1_time(validity.not_before).get()) == 1 &&
           X509_set1_notAfter(out.get(), asn1_time(validity.not_after).get()) == 1 && X509_set_pubkey(out.get(), key) == 1,
       "X509 fields");
  return out;
}

}  // namespace

std::string ca_common_name(CaRole role, snp::ProductLine line) {
  const std::string product(snp::product_name(line));
  switch (role) {
    case CaRole::ark: return "ARK-" + product;
    case CaRole::ask: return "SEV-" + product;
    case CaRole::asvk: return "SEV-VLEK-" + product;
    case CaRole::intel_root: break;   // sim/intel_x509
  }
  throw std::logic_error("unknown CA role");
}

long ca_serial(CaRole role, snp::ProductLine line) {
  const long base = line == snp::ProductLine::milan ? 0x010000 : line == snp::ProductLine::genoa ? 0x020000 : 0x030000;
  switch (role) {
    case CaRole::ark: return base;
    case CaRole::ask: return base + (line == snp::ProductLine::genoa ? 2 : 1);
    case CaRole::asvk: return base + 0x101;
    case CaRole::intel_root: break;
  }
  throw std::logic_error("unknown CA role");
}

std::vector<long> revoked_by_default(snp::ProductLine line) {
  return line == snp::ProductLine::genoa ? std::vector<long>{0x020001} : std::vector<long>{};
}

crypto::X509Ptr make_ca(const CaRequest& request) {
  const std::string product(snp::product_name(request.line));
  const std::string crl = std::string("URI:https://kdsintf.amd.com/") + (request.role == CaRole::asvk ? "vlek" : "vcek") + "/v1/" + product + "/crl";
  const NamePtr subject = amd_name(ca_common_name(request.role, request.line));
  const X509_NAME* issuer = request.issuer != nullptr ? X509_get_subject_name(request.issuer) : subject.get();
  crypto::X509Ptr out = unsigned_certificate(ca_serial(request.role, request.line), issuer, subject.get(), request.key, kCaValidity);
  if (request.role == CaRole::ark) {
    add_standard(out.get(), nullptr, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_standard(out.get(), nullptr, NID_subject_key_identifier, "hash");
    add_standard(out.get(), nullptr, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    add_standard(out.get(), request.issuer, NID_subject_key_identifier, "hash");
    add_standard(out.get(), request.issuer, NID_authority_key_identifier, "keyid:always");
    add_standard(out.get(), request.issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_standard(out.get(), request.issuer, NID_key_usage, "critical,keyCertSign");
  }
  add_standard(out.get(), request.issuer, NID_crl_distribution_points, crl);
  sign(out.get(), request.issuer_key);
  return out;
}

crypto::X509Ptr make_vek(const VekRequest& request) {
  const NamePtr subject = amd_name(request.common_name);
  crypto::X509Ptr out = unsigned_certificate(0, X509_get_subject_name(request.issuer), subject.get(), request.key, request.validity);
  for (const auto& [oid, value] : request.extensions) add_raw(out.get(), oid, value);
  if (request.subject_key_identifier) add_standard(out.get(), request.issuer, NID_subject_key_identifier, "hash");
  sign(out.get(), request.issuer_key);
  return out;
}

Buffer make_crl(const CrlRequest& request) {
  crypto::X509CrlPtr crl(X509_CRL_new());
  must(crl != nullptr, "X509_CRL_new");
  must(X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
           X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(request.issuer)) == 1 &&
           X509_CRL_set1_lastUpdate(crl.get(), asn1_time(request.updates.not_before).get()) == 1 &&
           X509_CRL_set1_nextUpdate(crl.get(), asn1_time(request.updates.not_after).get()) == 1,
       "X509_CRL fields");
  for (const long serial : request.revoked) {
    RevokedPtr entry(X509_REVOKED_new());
    must(entry && X509_REVOKED_set_serialNumber(entry.get(), asn1_integer(serial).get()) == 1 &&
             X509_REVOKED_set_revocationDate(entry.get(), asn1_time(request.updates.not_before).get()) == 1 &&
             X509_CRL_add0_revoked(crl.get(), entry.get()) == 1,
         "X509_REVOKED");
    entry.release();   // owned by the CRL now
  }
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, request.issuer, nullptr, nullptr, crl.get(), 0);
  ExtensionPtr aki(X509V3_EXT_nconf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  must(aki && X509_CRL_add_ext(crl.get(), aki.get(), -1) == 1, "authorityKeyIdentifier");
  must(X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, asn1_integer(request.number).get(), 0, 0) == 1, "cRLNumber");
  must(X509_CRL_sort(crl.get()) == 1 && X509_CRL_sign_ctx(crl.get(), pss_context(request.key).get()) > 0, "X509_CRL_sign_ctx");

  Buffer out(static_cast<std::size_t>(i2d_X509_CRL(crl.get(), nullptr)));
  unsigned char* p = out.data();
  must(i2d_X509_CRL(crl.get(), &p) == static_cast<int>(out.size()), "i2d_X509_CRL");
  return out;
}

Buffer der_of(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  must(size > 0, "i2d_X509");
  Buffer out(static_cast<std::size_t>(size));
  unsigned char* p = out.data();
  must(i2d_X509(certificate, &p) == size, "i2d_X509");
  return out;
}

}  // namespace atls::sim
