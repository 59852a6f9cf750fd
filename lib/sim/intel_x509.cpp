#include "sim/intel_x509.hpp"

#include <stdexcept>

#include "base/writer.hpp"
#include "crypto/digest.hpp"
#include "intel/pck.hpp"
#include "sim/keys.hpp"

namespace atls::sim {
namespace {

constexpr std::size_t kKeyIdSize = 20;
constexpr std::uint8_t kOctetString = 0x04, kSequence = 0x30, kContext0 = 0x80;

NamePtr intel_name(std::string_view common_name, std::string_view organization) {
  const NamePart parts[] = {{"CN", common_name}, {"O", organization}, {"L", "Santa Clara"}, {"ST", "CA"}, {"C", "US"}};
  return make_name(parts);
}

Buffer key_id_of(X509* certificate) {
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(certificate);
  must(id != nullptr, "subject key identifier of the issuer");
  return {ASN1_STRING_get0_data(id), ASN1_STRING_get0_data(id) + ASN1_STRING_length(id)};
}

Buffer authority_key_id(Bytes id) {
  const auto size = static_cast<std::uint8_t>(id.size());
  return Writer().u8(kSequence).u8(static_cast<std::uint8_t>(size + 2)).u8(kContext0).u8(size).bytes(id).take();
}

const char* key_usage(IntelUse use) {
  return use == IntelUse::root || use == IntelUse::ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,nonRepudiation";
}

const char* basic_constraints(IntelUse use) {
  if (use == IntelUse::root) return "critical,CA:TRUE,pathlen:1";
  return use == IntelUse::ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE";
}

const char* key_label(IntelCa ca) {
  switch (ca) {
    case IntelCa::root: return "root";
    case IntelCa::platform: return "platform-ca";
    case IntelCa::processor: return "processor-ca";
    case IntelCa::tcb_signer: return "tcb-signer";
  }
  throw std::logic_error("unknown Intel authority");
}

}  // namespace

std::string_view intel_common_name(IntelCa ca) {
  switch (ca) {
    case IntelCa::root: return "Intel SGX Root CA";
    case IntelCa::platform: return "Intel SGX PCK Platform CA";
    case IntelCa::processor: return "Intel SGX PCK Processor CA";
    case IntelCa::tcb_signer: return "Intel SGX TCB Signing";
  }
  throw std::logic_error("unknown Intel authority");
}

crypto::PkeyPtr intel_ca_key(IntelCa ca, bool foreign) {
  return derived_ec_key(Curve::p256, foreign ? "foreign Intel authorities" : "Intel authorities", key_label(ca));
}

std::string pck_crl_url(bool processor) {
  return std::string("https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=") + (processor ? "processor" : "platform") + "&encoding=der";
}

Buffer marked_key_id(EVP_PKEY* key) {
  Buffer spki(static_cast<std::size_t>(i2d_PUBKEY(key, nullptr)));
  unsigned char* p = spki.data();
  must(i2d_PUBKEY(key, &p) == static_cast<int>(spki.size()), "i2d_PUBKEY");
  const Buffer digest = crypto::sha256(spki);
  return Writer().bytes(kSimulatedMark).bytes(Bytes(digest).first(kKeyIdSize - kSimulatedMark.size())).take();
}

crypto::X509Ptr make_intel_certificate(const IntelCertRequest& request) {
  const NamePtr subject = intel_name(request.common_name, request.organization);
  const X509_NAME* issuer = request.issuer != nullptr ? X509_get_subject_name(request.issuer) : subject.get();
  const Buffer key_id = marked_key_id(request.key);
  crypto::X509Ptr out = unsigned_certificate(key_id, issuer, subject.get(), request.key, request.validity);
  add_raw(out.get(), "2.5.29.35", authority_key_id(request.issuer != nullptr ? key_id_of(request.issuer) : key_id));
  add_standard(out.get(), request.issuer, NID_crl_distribution_points, "URI:" + request.crl_url);
  add_raw(out.get(), "2.5.29.14", Writer().u8(kOctetString).u8(static_cast<std::uint8_t>(key_id.size())).bytes(key_id).take());
  add_standard(out.get(), request.issuer, NID_key_usage, key_usage(request.use));
  add_standard(out.get(), request.issuer, NID_basic_constraints, basic_constraints(request.use));
  if (!request.sgx_extension.empty()) add_raw(out.get(), std::string(intel::kPckExtensionOid), request.sgx_extension);
  must(X509_sign(out.get(), request.issuer_key, EVP_sha256()) > 0, "X509_sign");
  return out;
}

crypto::X509Ptr make_intel_ca(IntelCa ca, X509* root, bool foreign) {
  const crypto::PkeyPtr root_key = intel_ca_key(IntelCa::root, foreign), key = intel_ca_key(ca, foreign);
  const IntelUse use = ca == IntelCa::root ? IntelUse::root : ca == IntelCa::tcb_signer ? IntelUse::tcb_signer : IntelUse::ca;
  return make_intel_certificate({.common_name = intel_common_name(ca), .use = use, .key = key.get(), .issuer_key = root_key.get(), .issuer = root});
}

Buffer make_intel_crl(const IntelCrlRequest& request) {
  const crypto::X509CrlPtr crl = unsigned_crl(request.issuer, request.updates, request.revoked, request.number);
  must(X509_CRL_sign(crl.get(), request.key, EVP_sha256()) > 0, "X509_CRL_sign");
  return der_of(crl.get());
}

}  // namespace atls::sim
