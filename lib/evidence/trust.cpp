#include "evidence/trust.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "evidence/amd_keys.hpp"
#include "evidence/intel_keys.hpp"
#include "evidence/simulated_keys.hpp"

namespace atls::evidence {
namespace {

// SubjectPublicKeyInfo of an RSA 4096 key: rsaEncryption with NULL parameters, modulus with a leading zero, exponent 65537.
constexpr std::string_view kRsa4096Prefix = "30820222300d06092a864886f70d01010105000382020f003082020a0282020100";
constexpr std::string_view kExponent65537 = "0203010001";

// Each product line has one ARK.
std::string builtin_root_of(const AmdKey& key) {
  for (const AmdKey& root : amd_keys())
    if (root.role == CaRole::ark && root.product == key.product) return std::string(root.spki_sha256);
  throw std::logic_error("built-in key " + std::string(key.subject_cn) + " has no root");
}

CaKey from_constant(const AmdKey& key) {
  auto spki = from_hex(std::string(kRsa4096Prefix) + std::string(key.modulus_hex) + std::string(kExponent65537));
  // A mistake in our own table must never become a weaker anchor.
  if (!spki || hex(crypto::sha256(*spki)) != key.spki_sha256)
    throw std::logic_error("built-in key " + std::string(key.subject_cn) + " is damaged");
  return {key.role,
          key.product,
          std::string(key.subject_cn),
          std::string(key.serial_hex),
          key.not_before,
          key.not_after,
          *std::move(spki),
          std::string(key.spki_sha256),
          false,
          builtin_root_of(key)};
}

CaKey from_constant(const IntelKey& key, CaRole role) {
  const auto point = from_hex(std::string(key.x_hex) + std::string(key.y_hex));
  Buffer spki = point ? p256_spki(*point) : Buffer{};
  if (hex(crypto::sha256(spki)) != key.spki_sha256) throw std::logic_error("built-in key " + std::string(key.subject_cn) + " is damaged");
  return {role, snp::ProductLine::unknown, std::string(key.subject_cn), std::string(key.serial_hex), key.not_before, key.not_after,
          std::move(spki), std::string(key.spki_sha256), false, std::string(intel_root_key().spki_sha256)};
}

struct Named {
  CaRole role;
  snp::ProductLine product;
};

// Whole names only: "SEV-VLEK" is a prefix of "SEV-VLEK-Milan", and "SEV-" of everything.
std::optional<Named> ca_named(std::string_view cn) {
  for (const CaRole role : {CaRole::ark, CaRole::asvk, CaRole::ask})
    for (const snp::ProductLine line : {snp::ProductLine::milan, snp::ProductLine::genoa, snp::ProductLine::turin})
      if (cn == ca_subject_cn(role, line)) return Named{role, line};
  return std::nullopt;
}

Error refused(const crypto::Certificate& certificate, const std::string& why) {
  return Error{Errc::bad_value, "trust anchor", certificate.subject_text() + ": " + why, 0};
}

// What an authority must be before its key may stand in for it: afterwards only name, dates and key are left of it. RFC 5280 4.2.1.3,
// 4.2.1.9, 4.2. Empty when nothing is wrong.
std::string authority_problem(const crypto::Certificate& c, bool amd, bool is_root) {
  constexpr std::string_view kBasicConstraintsOid = "2.5.29.19", kKeyUsageOid = "2.5.29.15";
  if (!c.is_ca()) return "not a CA (basicConstraints), so it may not sign certificates";
  if (!c.key_usage_cert_sign()) return "its key usage does not allow it to sign certificates";
  if (is_root && c.path_length() && *c.path_length() < 1) return "its path length constraint allows no authority below it";
  for (const crypto::Extension& e : c.extensions())
    if (e.critical && e.oid != kBasicConstraintsOid && e.oid != kKeyUsageOid) return "unknown critical extension " + e.oid + " must not be ignored";
  if (c.key() == nullptr) return "its public key cannot be read";
  if (amd && c.key_type() != crypto::KeyType::rsa) return "an AMD authority has an RSA key, this one " + c.key_text();
  if (amd && c.signature_scheme() != crypto::SignatureScheme::rsa_pss_sha384) return "not signed with RSA-PSS and SHA-384 (algorithm " + c.signature_oid() + ")";
  if (*c.not_after() < *c.not_before()) return "its validity ends before it begins";
  return {};
}

// One attribute per RDN; every value but the country is a UTF8String (AMD 57230, certificate names).
void append_rdn(Buffer& out, std::uint8_t attribute, std::uint8_t string_tag, std::string_view value) {
  const auto size = static_cast<std::uint8_t>(value.size());
  const Buffer head{0x31,      static_cast<std::uint8_t>(size + 9),
                    0x30,      static_cast<std::uint8_t>(size + 7),
                    0x06,      0x03,
                    0x55,      0x04,
                    attribute, string_tag,
                    size};
  out.insert(out.end(), head.begin(), head.end());
  out.insert(out.end(), value.begin(), value.end());
}

}  // namespace

std::string_view ca_role_name(CaRole role) {
  switch (role) {
    case CaRole::ark:
      return "ARK";
    case CaRole::ask:
      return "ASK";
    case CaRole::asvk:
      return "ASVK";
    case CaRole::intel_root:
      return "Intel SGX Root CA";
    case CaRole::intel_tcb_signer:
      return "Intel SGX TCB Signing";
  }
  return "unknown";
}

std::string ca_subject_cn(CaRole role, snp::ProductLine product) {
  const std::string line(snp::product_name(product));
  switch (role) {
    case CaRole::ark:
      return "ARK-" + line;
    case CaRole::ask:
      return "SEV-" + line;
    case CaRole::asvk:
      return "SEV-VLEK-" + line;
    case CaRole::intel_root:
      return "Intel SGX Root CA";
    case CaRole::intel_tcb_signer:
      return "Intel SGX TCB Signing";
  }
  return {};
}

std::optional<std::pair<CaRole, snp::ProductLine>> ca_from_subject_cn(std::string_view cn) {
  const auto found = ca_named(cn);
  return found ? std::optional(std::pair(found->role, found->product)) : std::nullopt;
}

TrustStore TrustStore::builtin() {
  TrustStore store;
  for (const AmdKey& key : amd_keys()) store.keys_.push_back(from_constant(key));
  store.keys_.push_back(from_constant(intel_root_key(), CaRole::intel_root));
  store.keys_.push_back(from_constant(intel_tcb_signer_key(), CaRole::intel_tcb_signer));
  return store;
}

Result<TrustStore> TrustStore::from_pem(Bytes pem_or_der) {
  const auto certificates = crypto::certificates_from(pem_or_der);
  if (!certificates) return certificates.error();
  const auto signer = [&](const crypto::Certificate& c) -> const crypto::Certificate* {
    if (c.subject_der() == c.issuer_der()) {   // several roots of one name may stand side by side
      const auto self = c.key() == nullptr ? Result<bool>(false) : c.signed_by(*c.key());
      return self && *self ? &c : nullptr;
    }
    for (const crypto::Certificate& candidate : *certificates) {
      if (candidate.subject_der() != c.issuer_der() || candidate.key() == nullptr) continue;
      const auto ok = c.signed_by(*candidate.key());
      if (ok && *ok) return &candidate;
    }
    return nullptr;
  };

  TrustStore store;
  bool has_root = false;
  for (const crypto::Certificate& c : *certificates) {
    auto role = ca_named(c.subject_cn());
    const bool amd = role && c.subject_der() == amd_name_der(c.subject_cn());
    if (!amd && c.key_type() == crypto::KeyType::ec_p256) {
      role = Named{CaRole::intel_root, snp::ProductLine::unknown};
    } else if (!amd) {
      return refused(c, "neither the name of an AMD ARK, ASK or ASVK (expected CN ARK-PRODUCT, SEV-PRODUCT or SEV-VLEK-PRODUCT) nor a root "
                        "of Intel's kind (EC P-256)");
    }
    if (!c.not_before() || !c.not_after()) return refused(c, "the validity period is not readable");
    const bool is_root = role->role == CaRole::ark || role->role == CaRole::intel_root;
    if (const std::string problem = authority_problem(c, amd, is_root); !problem.empty()) return refused(c, problem);
    const crypto::Certificate* issuer = signer(c);
    if (is_root && (c.subject_der() != c.issuer_der() || issuer == nullptr)) return refused(c, "not self-signed");
    if (!is_root && (issuer == nullptr || issuer->subject_der() != amd_name_der(ca_subject_cn(CaRole::ark, role->product))))
      return refused(c, "not signed by an ARK of the same file");
    has_root = has_root || is_root;
    if (store.find_spki(c.spki_sha256()) != nullptr) continue;
    store.keys_.push_back({role->role, role->product, c.subject_cn(), c.serial_hex(), *c.not_before(), *c.not_after(), c.spki(),
                           c.spki_sha256(), is_simulated_key(c.spki_sha256()), issuer->spki_sha256()});
  }
  if (!has_root) return Error{Errc::bad_value, "trust anchor", "no root certificate (AMD ARK, or a root of Intel's kind)", 0};
  return store;
}

std::vector<const CaKey*> TrustStore::find(CaRole role, snp::ProductLine product) const {
  std::vector<const CaKey*> out;
  for (const CaKey& key : keys_)
    if (key.role == role && key.product == product) out.push_back(&key);
  return out;
}

const CaKey* TrustStore::find_spki(std::string_view spki_sha256) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const CaKey& key) { return key.spki_sha256 == spki_sha256; });
  return found == keys_.end() ? nullptr : &*found;
}

namespace {

// The names of both vendors are below 256 octets. A common name has at most 64 (RFC 5280 appendix A).
struct Rdn { std::uint8_t attribute; std::string_view value; };
Buffer name_der(std::initializer_list<Rdn> rdns) {
  constexpr std::uint8_t kCountry = 6, kUtf8 = 0x0C, kPrintable = 0x13;
  Buffer names;
  for (const Rdn& rdn : rdns) {
    if (rdn.value.size() > 64) return {};
    append_rdn(names, rdn.attribute, rdn.attribute == kCountry ? kPrintable : kUtf8, rdn.value);
  }
  Buffer out{0x30};
  if (names.size() > 127) out.push_back(0x81);
  out.push_back(static_cast<std::uint8_t>(names.size()));
  out.insert(out.end(), names.begin(), names.end());
  return out;
}

}  // namespace

Buffer amd_name_der(std::string_view cn) {
  return name_der({{11, "Engineering"}, {6, "US"}, {7, "Santa Clara"}, {8, "CA"}, {10, "Advanced Micro Devices"}, {3, cn}});
}

Buffer intel_name_der(std::string_view cn) {
  return name_der({{3, cn}, {10, "Intel Corporation"}, {7, "Santa Clara"}, {8, "CA"}, {6, "US"}});
}

}  // namespace atls::evidence
