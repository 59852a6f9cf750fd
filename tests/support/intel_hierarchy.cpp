#include "support/intel_hierarchy.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>

#include <algorithm>
#include <stdexcept>

#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/intel_keys.hpp"
#include "pem/pem.hpp"
#include "support/intel_samples.hpp"

namespace atls::test {
namespace {

using evidence::intel_name_der;

Time day(int year, unsigned month, unsigned d) { return Time{std::chrono::sys_days{std::chrono::year{year} / month / d}}; }

Buffer key_id(std::uint8_t seed, bool authority) {
  Buffer out = authority ? Buffer{0x30, 0x16, 0x80, 0x14} : Buffer{0x04, 0x14};
  out.resize(out.size() + 20, seed);
  return out;
}

// AKI, CRL distribution point (empty), SKI, key usage (digitalSignature, nonRepudiation), basic constraints (no CA).
std::vector<TestExtension> end_entity() {
  return {{"2.5.29.35", key_id(1, true)}, {"2.5.29.31", {0x30, 0x00}}, {"2.5.29.14", key_id(2, false)}, {"2.5.29.15", {0x03, 0x02, 0x06, 0xC0}, true}, {"2.5.29.19", {0x30, 0x00}, true}};
}

CertSpec certificate_of(std::string_view cn, std::string_view issuer, const char* serial, bool is_ca) {
  CertSpec out{.subject = intel_name_der(cn), .issuer = intel_name_der(issuer), .serial_hex = serial, .ca = is_ca, .sign = Sign::ecdsa_sha256};
  if (!is_ca) out.extensions = end_entity();
  return out;
}

CrlSpec list_of(std::string_view issuer) {
  CrlSpec out{.issuer = intel_name_der(issuer), .this_update = day(2026, 1, 1), .next_update = day(2026, 2, 1), .sign = Sign::ecdsa_sha256};
  out.revoked = {"7F"};
  out.extensions = {{"2.5.29.20", {0x02, 0x01, 0x05}}, {"2.5.29.35", key_id(1, true)}};
  return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) throw std::runtime_error("sample without " + what);
  return text.replace(at, what.size(), with);
}

}  // namespace

std::array<std::uint8_t, 64> sign_raw(EVP_PKEY& key, Bytes message) {
  const crypto::MdCtxPtr ctx(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha256(), nullptr, &key) != 1 || EVP_DigestSign(ctx.get(), nullptr, &size, message.data(), message.size()) != 1) throw std::runtime_error("sign");
  Buffer der(size);
  if (EVP_DigestSign(ctx.get(), der.data(), &size, message.data(), message.size()) != 1) throw std::runtime_error("sign");
  const unsigned char* at = der.data();
  const crypto::Handle<ECDSA_SIG, ECDSA_SIG_free> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  std::array<std::uint8_t, 64> out{};
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), 32) != 32 || BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + 32, 32) != 32) throw std::runtime_error("signature");
  return out;
}

IntelHierarchy::IntelHierarchy(unsigned version)
    : root(certificate_of(evidence::kIntelRootCn, evidence::kIntelRootCn, "0A01", true)),
      ca(certificate_of(evidence::kIntelPlatformCaCn, evidence::kIntelRootCn, "0A02", true)),
      pck(certificate_of(evidence::kIntelPckCn, evidence::kIntelPlatformCaCn, "0A03", false)),
      signer(certificate_of(evidence::kIntelTcbSignerCn, evidence::kIntelRootCn, "0A04", false)),
      extension(pck_extension(true)),
      root_crl(list_of(evidence::kIntelRootCn)),
      pck_crl(list_of(evidence::kIntelPlatformCaCn)),
      quote(test::quote(static_cast<std::uint16_t>(version), version == 5 ? 3 : 2)),
      tcb_info(tdx_tcb_info()),
      qe_identity(td_qe_identity()) {
  if (version != 3) {
    quote.header.qe_svn = quote.header.pce_svn = 0;
    auto& td = std::get<intel::TdReport>(quote.body);   // with nothing that the checks of a TD would object to
    td.td_attributes = 0x10000000;
    td.xfam = 0x602E7;
    td.seam_attributes = 0;
    td.mr_signer_seam.fill(0);
    if (td.mr_servicetd) td.mr_servicetd->fill(0);
    return;
  }
  tcb_info = replaced(sgx_tcb_info_v2(), "00a067110000", "90c06f010203");
  tcb_info = replaced(tcb_info, "\"pceId\":\"0000\"", "\"pceId\":\"ABCD\"");
  qe_identity = replaced(qe_identity, "TD_QE", "QE");
}

Buffer IntelHierarchy::certificate(const std::string& role) const {
  const auto pick = [](EVP_PKEY* other, const crypto::PkeyPtr& usual) -> EVP_PKEY& { return other != nullptr ? *other : *usual; };
  if (role == "root") return make_certificate(root, *root_key, pick(root_signer, root_key));
  if (role == "ca") return make_certificate(ca, *ca_key, pick(ca_signer, root_key));
  if (role == "signer") return make_certificate(signer, *signer_key, pick(tcb_signer, root_key));
  CertSpec leaf = pck;
  if (with_sgx_extension) leaf.extensions.push_back({std::string(intel::kPckExtensionOid), intel::encode_pck_extension(extension)});
  return make_certificate(leaf, *pck_key, pick(pck_signer, ca_key));
}

Buffer IntelHierarchy::root_crl_der() const { return make_crl(root_crl, root_crl_signer != nullptr ? *root_crl_signer : *root_key); }
Buffer IntelHierarchy::pck_crl_der() const { return make_crl(pck_crl, pck_crl_signer != nullptr ? *pck_crl_signer : *ca_key); }

CollateralItem IntelHierarchy::document(CollateralKind kind, const std::string& member, const std::string& text, const std::string& sent, EVP_PKEY* key) const {
  const auto signature = sign_raw(key != nullptr ? *key : *signer_key, as_bytes(text));
  const std::string response = "{\"" + member + "\":" + (sent.empty() ? text : sent) + ",\"signature\":\"" + hex(signature) + "\"}";
  CollateralItem out{kind, to_buffer(response), CollateralSource::bundle, ""};
  for (const char* role : document_chain) out.issuer_chain.push_back(certificate(role));
  return out;
}
CollateralItem IntelHierarchy::tcb_info_item() const { return document(CollateralKind::intel_tcb_info, "tcbInfo", tcb_info, tcb_info_sent, tcb_info_signer); }
CollateralItem IntelHierarchy::qe_identity_item() const { return document(CollateralKind::intel_qe_identity, "enclaveIdentity", qe_identity, qe_identity_sent, qe_identity_signer); }

Buffer IntelHierarchy::quote_bytes() const {
  intel::Quote q = quote;
  std::string pem;
  for (const char* role : chain) pem += pem::encode("CERTIFICATE", certificate(role));
  if (q.certification.type == 5) q.certification.data = to_buffer(pem);
  const Buffer spki = spki_of(*attestation_key);
  if (q.attestation_key == test::quote(4).attestation_key) std::copy(spki.end() - 64, spki.end(), q.attestation_key.begin());
  const Buffer digest = crypto::sha256_of({q.attestation_key, q.auth_data});
  std::copy(digest.begin(), digest.end(), q.qe_report.report_data.begin());
  std::copy(padding.begin(), padding.end(), q.qe_report.report_data.begin() + 32);
  q.qe_report.raw = intel::encode_sgx_report(q.qe_report);
  q.qe_report_signature = sign_raw(qe_signer != nullptr ? *qe_signer : *pck_key, q.qe_report.raw);
  const auto unsigned_quote = intel::parse_quote(intel::encode_quote(q));
  if (!unsigned_quote) throw std::runtime_error(unsigned_quote.error().message());
  q.signature = sign_raw(quote_signer != nullptr ? *quote_signer : *attestation_key, unsigned_quote->signed_bytes());
  return intel::encode_quote(q);
}

evidence::Evidence IntelHierarchy::evidence() const {
  evidence::Evidence out;
  out.format = quote.is_tdx() ? "tdx" : "sgx";
  out.data = quote_bytes();
  return out;
}

std::vector<CollateralItem> IntelHierarchy::collateral() const {
  return {{CollateralKind::intel_root_crl, root_crl_der(), CollateralSource::bundle, ""}, {CollateralKind::intel_pck_crl, pck_crl_der(), CollateralSource::bundle, ""}, tcb_info_item(), qe_identity_item()};
}

evidence::TrustStore IntelHierarchy::trust() const {
  auto out = evidence::TrustStore::from_pem(make_certificate(certificate_of(evidence::kIntelRootCn, evidence::kIntelRootCn, "0A01", true), *root_key, *root_key));
  if (!out) throw std::runtime_error(out.error().message());
  return *std::move(out);
}

}  // namespace atls::test
