#include "support/intel_world.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <map>
#include <stdexcept>

#include "crypto/certificate.hpp"
#include "base/hex.hpp"
#include "intel/pck.hpp"
#include "pem/pem.hpp"
#include "support/intel_samples.hpp"

namespace atls::test {
namespace {

Buffer authority(const char* cn, const char* serial, EVP_PKEY& key, EVP_PKEY& issuer) {
  return make_certificate({.subject = name(cn), .issuer = name("Intel SGX Root CA"), .serial_hex = serial, .ca = true, .sign = Sign::ecdsa_sha256}, key, issuer);
}

}  // namespace

// Each object is made once: ECDSA signatures differ every time.
struct IntelWorld::Keys {
  mutable std::map<std::string, Buffer> made;
  template <class Make>
  Buffer once(const std::string& what, Make make) const {
    const auto known = made.find(what);
    return known != made.end() ? known->second : made[what] = make();
  }
  crypto::PkeyPtr root = ec_key("P-256"), platform = ec_key("P-256"), processor = ec_key("P-256"), signer = ec_key("P-256"), pck = ec_key("P-256");
};

const IntelWorld::Keys& IntelWorld::keys() const {
  static const Keys own, foreign;
  return foreign_ ? foreign : own;
}

EVP_PKEY& IntelWorld::signer_key() const { return *keys().signer; }
Buffer IntelWorld::root() const {
  return keys().once("root", [&] {
    return authority("Intel SGX Root CA", "0100", *keys().root, *keys().root);
  });
}
Buffer IntelWorld::platform_ca() const {
  return keys().once("platform_ca", [&] {
    return authority("Intel SGX PCK Platform CA", "0101", *keys().platform, *keys().root);
  });
}
Buffer IntelWorld::processor_ca() const {
  return keys().once("processor_ca", [&] {
    return authority("Intel SGX PCK Processor CA", "0102", *keys().processor, *keys().root);
  });
}
Buffer IntelWorld::tcb_signer() const {
  return keys().once("tcb_signer", [&] {
    return make_certificate({.subject = name("Intel SGX TCB Signing"), .issuer = name("Intel SGX Root CA"), .serial_hex = "0103", .sign = Sign::ecdsa_sha256}, *keys().signer, *keys().root);
  });
}
Buffer IntelWorld::pck() const {
  return keys().once("pck", [&] {
    CertSpec spec{.subject = name("Intel SGX PCK Certificate"), .issuer = name("Intel SGX PCK Platform CA"), .serial_hex = "0201", .sign = Sign::ecdsa_sha256};
    spec.extensions = {{std::string(intel::kPckExtensionOid), intel::encode_pck_extension(pck_extension(true)), false}};
    return make_certificate(spec, *keys().pck, *keys().platform);
  });
}
Buffer IntelWorld::root_crl(Time this_update) const {
  return keys().once("root_crl" + rfc3339(this_update), [&] {
    return make_crl({.issuer = name("Intel SGX Root CA"), .this_update = this_update, .sign = Sign::ecdsa_sha256}, *keys().root);
  });
}
Buffer IntelWorld::pck_crl(bool processor, Time this_update) const {
  return keys().once((processor ? "processor" : "platform") + rfc3339(this_update), [&] {
    return make_crl({.issuer = name(processor ? "Intel SGX PCK Processor CA" : "Intel SGX PCK Platform CA"), .this_update = this_update, .sign = Sign::ecdsa_sha256},
                    processor ? *keys().processor : *keys().platform);
  });
}
Buffer IntelWorld::tcb_info(const std::string& signed_text) const {
  return keys().once("tcb" + signed_text, [&] {
    const std::string text = signed_text.empty() ? tdx_tcb_info() : signed_text;
    return to_buffer("{\"tcbInfo\":" + text + ",\"signature\":\"" + hex(sign_p256(*keys().signer, as_bytes(text))) + "\"}");
  });
}
Buffer IntelWorld::qe_identity(const std::string& signed_text) const {
  return keys().once("qe" + signed_text, [&] {
    const std::string text = signed_text.empty() ? td_qe_identity() : signed_text;
    return to_buffer("{\"enclaveIdentity\":" + text + ",\"signature\":\"" + hex(sign_p256(*keys().signer, as_bytes(text))) + "\"}");
  });
}

std::shared_ptr<const evidence::TrustStore> IntelWorld::trust() const {
  const auto cert = crypto::Certificate::from_der(root());
  if (!cert) throw std::logic_error("the root of the test does not decode");
  auto store = std::make_shared<evidence::TrustStore>();
  store->add({{.role = evidence::CaRole::intel_root, .product = snp::ProductLine::unknown, .subject_cn = cert->subject_cn(), .serial_hex = cert->serial_hex(),
               .not_before = *cert->not_before(), .not_after = *cert->not_after(), .spki = cert->spki(), .spki_sha256 = cert->spki_sha256()}});
  return store;
}

std::string pem_of(const std::vector<Buffer>& ders) {
  std::string out;
  for (const Buffer& der : ders) out += pem::encode("CERTIFICATE", der);
  return out;
}

Buffer sign_p256(EVP_PKEY& key, Bytes message) {
  const crypto::MdCtxPtr ctx(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha256(), nullptr, &key) != 1 || EVP_DigestSign(ctx.get(), nullptr, &size, message.data(), message.size()) != 1)
    throw std::logic_error("cannot sign");
  Buffer der(size);
  if (EVP_DigestSign(ctx.get(), der.data(), &size, message.data(), message.size()) != 1) throw std::logic_error("cannot sign");
  const unsigned char* at = der.data();
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
  Buffer out(64);
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), out.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), out.data() + 32, 32);
  ECDSA_SIG_free(signature);
  return out;
}

std::string with_issue_date(std::string document, const std::string& date) {
  const std::string key = "\"issueDate\":\"";
  return document.replace(document.find(key) + key.size(), date.size(), date);
}

}  // namespace atls::test
