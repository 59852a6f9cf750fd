#include "sim/x509_build.hpp"

#include <openssl/rsa.h>

#include <stdexcept>

namespace atls::sim {
namespace {

using evidence::CaRole;

NamePtr amd_name(std::string_view common_name) {
  const NamePart parts[] = {{"OU", "Engineering"}, {"C", "US"}, {"L", "Santa Clara"}, {"ST", "CA"}, {"O", "Advanced Micro Devices"}, {"CN", common_name}};
  return make_name(parts);
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

}  // namespace

std::string ca_common_name(CaRole role, snp::ProductLine line) {
  const std::string product(snp::product_name(line));
  switch (role) {
    case CaRole::ark: return "ARK-" + product;
    case CaRole::ask: return "SEV-" + product;
    case CaRole::asvk: return "SEV-VLEK-" + product;
    case CaRole::intel_root:
    case CaRole::intel_tcb_signer: break;   // sim/intel_x509
  }
  throw std::logic_error("unknown CA role");
}

long ca_serial(CaRole role, snp::ProductLine line) {
  const long base = line == snp::ProductLine::milan ? 0x010000 : line == snp::ProductLine::genoa ? 0x020000 : 0x030000;
  switch (role) {
    case CaRole::ark: return base;
    case CaRole::ask: return base + (line == snp::ProductLine::genoa ? 2 : 1);
    case CaRole::asvk: return base + 0x101;
    case CaRole::intel_root:
    case CaRole::intel_tcb_signer: break;
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
  crypto::X509Ptr out = unsigned_certificate(serial_bytes(ca_serial(request.role, request.line)), issuer, subject.get(), request.key, kCaValidity);
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
  crypto::X509Ptr out = unsigned_certificate({}, X509_get_subject_name(request.issuer), subject.get(), request.key, request.validity);
  for (const auto& [oid, value] : request.extensions) add_raw(out.get(), oid, value);
  if (request.subject_key_identifier) add_standard(out.get(), request.issuer, NID_subject_key_identifier, "hash");
  sign(out.get(), request.issuer_key);
  return out;
}

Buffer make_crl(const CrlRequest& request) {
  std::vector<Buffer> serials;
  for (const long serial : request.revoked) serials.push_back(serial_bytes(serial));
  const crypto::X509CrlPtr crl = unsigned_crl(request.issuer, request.updates, serials, request.number);
  must(X509_CRL_sign_ctx(crl.get(), pss_context(request.key).get()) > 0, "X509_CRL_sign_ctx");
  return der_of(crl.get());
}

}  // namespace atls::sim
