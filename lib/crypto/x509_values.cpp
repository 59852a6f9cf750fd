#include "crypto/x509_values.hpp"

#include <openssl/rsa.h>

#include <algorithm>
#include <cctype>

namespace atls::crypto {
namespace {

constexpr int kMaxOidBytes = 128;    // real ones have about ten; the conversion to text is quadratic
constexpr int kMaxNumberBytes = 64;  // a CRL number has at most 20 octets, RFC 5280 5.2.3

struct OpensslText {
  void operator()(char* p) const { OPENSSL_free(p); }
};
using TextPtr = std::unique_ptr<char, OpensslText>;

bool is_algorithm(const X509_ALGOR* algorithm, int nid) {
  if (algorithm == nullptr) return false;
  const ASN1_OBJECT* oid = nullptr;
  X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(oid) == nid;
}

// RSASSA-PSS-params, RFC 4055 3.1. Defaults (SHA-1, salt 20) do not fit, so every field but the trailer must be present.
bool is_pss_sha384(const ASN1_TYPE* parameter) {
  const Handle<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free> pss(
      static_cast<RSA_PSS_PARAMS*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), parameter)));
  if (!pss || !is_algorithm(pss->hashAlgorithm, NID_sha384) || !is_algorithm(pss->maskGenAlgorithm, NID_mgf1)) return false;
  const Handle<X509_ALGOR, X509_ALGOR_free> mgf_hash(
      static_cast<X509_ALGOR*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR), pss->maskGenAlgorithm->parameter)));
  if (!is_algorithm(mgf_hash.get(), NID_sha384)) return false;
  if (pss->saltLength == nullptr || ASN1_INTEGER_get(pss->saltLength) != 48) return false;
  return pss->trailerField == nullptr || ASN1_INTEGER_get(pss->trailerField) == 1;
}

}  // namespace

std::string oid_of(const ASN1_OBJECT* object) {
  const std::size_t bytes = OBJ_length(object);
  if (bytes > kMaxOidBytes) return "(OID of " + std::to_string(bytes) + " bytes)";
  std::string text(4 * kMaxOidBytes, '\0');
  const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  if (size <= 0 || static_cast<std::size_t>(size) >= text.size()) return "(unreadable OID)";
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Buffer name_der(const X509_NAME* name) {
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  // The const is missing in OpenSSL 3.0's declaration of a getter that may re-encode a changed name; ours never changes.
  if (X509_NAME_get0_der(name, &bytes, &size) != 1) return {};
  return {bytes, bytes + size};
}

std::string name_text(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, (XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB))) < 0)
    return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string{};
}

std::string name_cn(const X509_NAME* name) {
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (size < 0) return {};
  const TextPtr owner(reinterpret_cast<char*>(text));
  return std::string(owner.get(), static_cast<std::size_t>(size));
}

std::string integer_hex(const ASN1_INTEGER* value) {
  const BnPtr number(ASN1_INTEGER_to_BN(value, nullptr));
  if (!number) return {};
  const TextPtr text(BN_bn2hex(number.get()));
  if (!text) return {};
  std::string digits = text.get();
  const bool negative = !digits.empty() && digits[0] == '-';
  if (negative) digits.erase(0, 1);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  std::transform(digits.begin(), digits.end(), digits.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return negative ? "-" + digits : digits;
}

std::optional<std::string> integer_decimal(const ASN1_INTEGER* value) {
  if (ASN1_STRING_length(value) > kMaxNumberBytes) return std::nullopt;
  const BnPtr number(ASN1_INTEGER_to_BN(value, nullptr));
  if (!number) return std::nullopt;
  const TextPtr text(BN_bn2dec(number.get()));
  return text ? std::optional<std::string>(text.get()) : std::nullopt;
}

std::optional<Time> time_of(const ASN1_TIME* value) {
  std::tm tm{};
  if (value == nullptr || ASN1_TIME_to_tm(value, &tm) != 1) return std::nullopt;  // a null pointer would mean "now"
  using namespace std::chrono;
  const year_month_day date{year{tm.tm_year + 1900}, month{static_cast<unsigned>(tm.tm_mon + 1)},
                            day{static_cast<unsigned>(tm.tm_mday)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date} + hours{tm.tm_hour} + minutes{tm.tm_min} + seconds{tm.tm_sec};
}

std::vector<Extension> extensions_of(const STACK_OF(X509_EXTENSION) * stack) {
  std::vector<Extension> out;
  for (int i = 0; i < sk_X509_EXTENSION_num(stack); ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(stack, i);
    const ASN1_OBJECT* oid = X509_EXTENSION_get_object(extension);
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
    const unsigned char* bytes = ASN1_STRING_get0_data(value);
    const unsigned char* oid_bytes = OBJ_get0_data(oid);
    out.push_back({oid_of(oid), Buffer(oid_bytes, oid_bytes + OBJ_length(oid)), X509_EXTENSION_get_critical(extension) == 1,
                   Buffer(bytes, bytes + ASN1_STRING_length(value))});
  }
  return out;
}

std::string algorithm_oid(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* oid = nullptr;
  X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
  return oid_of(oid);
}

SignatureScheme scheme_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* oid = nullptr;
  X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
  switch (OBJ_obj2nid(oid)) {
    case NID_sha256WithRSAEncryption:
      return SignatureScheme::rsa_pkcs1_sha256;
    case NID_ecdsa_with_SHA256:
      return SignatureScheme::ecdsa_sha256;
    case NID_ecdsa_with_SHA384:
      return SignatureScheme::ecdsa_sha384;
    case NID_rsassaPss: {
      const bool sha384 = algorithm->parameter != nullptr && is_pss_sha384(algorithm->parameter);
      ERR_clear_error();
      return sha384 ? SignatureScheme::rsa_pss_sha384 : SignatureScheme::rsa_pss_other;
    }
    default:
      return SignatureScheme::unknown;
  }
}

}  // namespace atls::crypto
