#include "profile/constellation.hpp"

#include <algorithm>
#include <cstring>

#include "base/base64.hpp"
#include "crypto/digest.hpp"

namespace atls::profile::constellation {
namespace {

using atls::constellation::kNonceSize;

constexpr std::size_t kReportDataSize = 64;

bool is_printable_string(std::string_view text) {
  constexpr std::string_view kOthers = " '()+,-./:=?";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kOthers.find(c) != std::string_view::npos;
  });
}

Status set_names(X509& leaf, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(&leaf);
  // Go writes PrintableString when the characters allow it; OpenSSL's own choice would be UTF8String.
  const int type = is_printable_string(common_name) ? V_ASN1_PRINTABLESTRING : MBSTRING_UTF8;
  if (X509_NAME_add_entry_by_txt(name, "CN", type, reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) != 1 ||
      X509_set_issuer_name(&leaf, name) != 1)
    return crypto::openssl_error("constellation.leaf.subject");
  return ok();
}

Status set_serial(X509& leaf) {
  // Positive and below 2^128, as the peers choose it.
  const crypto::BnPtr serial(BN_new());
  if (!serial || BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1 || BN_add_word(serial.get(), 1) != 1 ||
      !BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(&leaf)))
    return crypto::openssl_error("constellation.leaf.serial");
  return ok();
}

Status add_extension(X509& leaf, const LeafSpec::Ext& ext) {
  using Asn1Object = crypto::Handle<ASN1_OBJECT, ASN1_OBJECT_free>;
  using Asn1Octets = crypto::Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
  using ExtensionPtr = crypto::Handle<X509_EXTENSION, X509_EXTENSION_free>;
  const Asn1Object oid(OBJ_txt2obj(ext.oid.c_str(), 1));
  const Asn1Octets value(ASN1_OCTET_STRING_new());
  if (!oid || !value || ASN1_OCTET_STRING_set(value.get(), ext.document.data(), static_cast<int>(ext.document.size())) != 1)
    return crypto::openssl_error("constellation.leaf.extension");
  const ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), ext.critical ? 1 : 0, value.get()));
  if (!extension || X509_add_ext(&leaf, extension.get(), -1) != 1) return crypto::openssl_error("constellation.leaf.extension");
  return ok();
}

// The last byte belongs to the number s of the ECDSA signature: still well-formed DER, no longer a signature.
void damage_signature(X509& leaf) {
  const ASN1_BIT_STRING* signature = nullptr;
  X509_get0_signature(&signature, nullptr, &leaf);
  if (signature != nullptr && signature->length > 0) signature->data[signature->length - 1] ^= 1;
}

}  // namespace

Buffer user_data(Bytes spki) { return crypto::sha256(spki); }

Buffer extra_data(Bytes user_data, Bytes nonce) { return crypto::sha256_of({user_data, nonce}); }

Buffer report_data(Bytes spki, Bytes nonce) {
  Buffer out = extra_data(user_data(spki), nonce);
  out.resize(kReportDataSize, 0);
  return out;
}

std::string nonce_to_sni(Bytes nonce) { return base64(nonce); }

Result<Buffer> nonce_from_sni(std::string_view sni) {
  constexpr std::size_t kTextSize = (kNonceSize + 2) / 3 * 4;
  if (sni.size() != kTextSize)
    return Error{Errc::bad_value, "constellation.nonce",
                 "a nonce is " + std::to_string(kTextSize) + " characters of base64 (" + std::to_string(kNonceSize) + " bytes), found " +
                     std::to_string(sni.size()) + " characters"};
  auto nonce = from_base64(sni);
  if (!nonce) return Error{Errc::bad_value, "constellation.nonce", "not strict base64: " + nonce.error().detail, nonce.error().offset};
  if (nonce->size() != kNonceSize)
    return Error{Errc::bad_value, "constellation.nonce",
                 "a nonce has " + std::to_string(kNonceSize) + " bytes, found " + std::to_string(nonce->size())};
  return nonce;
}

Result<Buffer> nonce_from_ca_names(const std::vector<Buffer>& names) {
  using NamePtr = crypto::Handle<X509_NAME, X509_NAME_free>;
  const auto bad = [](std::string detail) { return Error{Errc::bad_value, "constellation.certificate_request", std::move(detail)}; };
  if (names.size() != 1) return bad("expected exactly one CA name, found " + std::to_string(names.size()));
  const unsigned char* der = names.front().data();
  const NamePtr name(d2i_X509_NAME(nullptr, &der, static_cast<long>(names.front().size())));
  if (!name || der != names.front().data() + names.front().size()) {
    ERR_clear_error();
    return bad("the CA name does not decode");
  }
  const int index = X509_NAME_get_index_by_NID(name.get(), NID_commonName, -1);
  if (index < 0) return bad("the CA name has no CN");
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name.get(), index));
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) {
    ERR_clear_error();
    return bad("the CN of the CA name is not text");
  }
  const std::string cn(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return nonce_from_sni(cn);
}

Result<crypto::PkeyPtr> make_leaf_key() {
  crypto::PkeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return crypto::openssl_error("constellation.leaf.key");
  return key;
}

Buffer spki_of(EVP_PKEY& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(&key, &der);
  if (size <= 0) return {};
  Buffer out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Result<crypto::X509Ptr> make_leaf(EVP_PKEY& key, const LeafSpec& spec) {
  crypto::X509Ptr leaf(X509_new());
  const auto to_time_t = [](Time t) { return static_cast<time_t>(t.time_since_epoch().count()); };
  if (!leaf || X509_set_version(leaf.get(), X509_VERSION_3) != 1 || X509_set_pubkey(leaf.get(), &key) != 1 ||
      !ASN1_TIME_set(X509_getm_notBefore(leaf.get()), to_time_t(spec.not_before)) ||
      !ASN1_TIME_set(X509_getm_notAfter(leaf.get()), to_time_t(spec.not_after)))
    return crypto::openssl_error("constellation.leaf");
  if (const Status s = set_serial(*leaf); !s) return s.error();
  if (const Status s = set_names(*leaf, spec.common_name); !s) return s.error();
  for (const LeafSpec::Ext& ext : spec.extensions)
    if (const Status s = add_extension(*leaf, ext); !s) return s.error();
  if (X509_sign(leaf.get(), &key, EVP_sha256()) <= 0) return crypto::openssl_error("constellation.leaf.signature");
  if (spec.corrupt_signature) damage_signature(*leaf);
  return leaf;
}

}  // namespace atls::profile::constellation
