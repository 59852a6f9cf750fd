#include "evidence/x509_claims.hpp"

#include <algorithm>

#include "asn1/der.hpp"
#include "base/hex.hpp"
#include "constellation/document.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/document_claims.hpp"
#include "evidence/intel_claims.hpp"
#include "evidence/memo.hpp"
#include "intel/pck.hpp"
#include "report/model.hpp"

namespace atls::evidence {
namespace {

constexpr std::string_view kAmdExtensionArc = "1.3.6.1.4.1.3704.1.";

struct NamedOid { std::string_view oid, name; };
constexpr NamedOid kAmdExtensions[] = {   // AMD 57230, after kAmdArc
    {"1", "structVersion"}, {"2", "productName"}, {"3.1", "blSPL"}, {"3.2", "teeSPL"}, {"3.3", "snpSPL"}, {"3.4", "spl4"}, {"3.5", "spl5"},
    {"3.6", "spl6"}, {"3.7", "spl7"}, {"3.8", "ucodeSPL"}, {"3.9", "fmcSPL"}, {"4", "hwID"}, {"5", "cspID"},
};
constexpr NamedOid kKnownExtensions[] = {   // RFC 5280 section 4.2
    {"2.5.29.14", "subjectKeyIdentifier"}, {"2.5.29.15", "keyUsage"}, {"2.5.29.17", "subjectAltName"}, {"2.5.29.19", "basicConstraints"},
    {"2.5.29.20", "cRLNumber"}, {"2.5.29.31", "cRLDistributionPoints"}, {"2.5.29.35", "authorityKeyIdentifier"}, {"2.5.29.37", "extKeyUsage"},
};

std::string scheme_meaning(crypto::SignatureScheme scheme) {
  switch (scheme) {
    case crypto::SignatureScheme::rsa_pss_sha384: return "RSASSA-PSS with SHA-384, MGF1-SHA-384, salt 48";
    case crypto::SignatureScheme::rsa_pss_other: return "RSASSA-PSS with other parameters than AMD uses";
    case crypto::SignatureScheme::rsa_pkcs1_sha256: return "RSASSA-PKCS1-v1_5 with SHA-256";
    case crypto::SignatureScheme::ecdsa_sha256: return "ECDSA with SHA-256";
    case crypto::SignatureScheme::ecdsa_sha384: return "ECDSA with SHA-384";
    case crypto::SignatureScheme::unknown: break;
  }
  return {};
}

// The value of an AMD extension: INTEGER, text, or for hwID raw bytes (some old certificates wrap them in an OCTET STRING).
void set_amd_value(Claim& c, Bytes value) {
  c.value = to_buffer(value);
  if (c.name == "hwID") {
    const bool wrapped = value.size() == 66 || value.size() == 10;
    c.meaning = std::to_string(value.size()) + " bytes" + (wrapped ? ", wrapped in an OCTET STRING" : "");
    return;
  }
  if (c.name == "productName" || c.name == "cspID") {
    if (auto text = asn1::ia5_or_utf8_text(value)) c.value = *std::move(text);
    else c.error = text.error().message();
    return;
  }
  if (const auto number = asn1::unsigned_integer(value)) c.value = *number;
  else c.error = number.error().message();
}

const constellation::Variant* variant_of(std::string_view oid) { return constellation::variant_by_oid(oid); }

Claim extension_claim(const std::string& oid, Bytes value, std::optional<Place> place, bool critical) {
  std::string name = "extension";
  for (const NamedOid& known : kKnownExtensions)
    if (known.oid == oid) name = known.name;
  Claim c(name);
  c.meaning = oid + (critical ? ", critical" : "");
  if (place) c.offset = place->offset, c.size = place->size;
  if (const auto* variant = variant_of(oid)) {
    c.name = "attestation_document";
    c.meaning = oid + ", Constellation variant " + std::string(variant->name);
    c.add(document_claims(value));
    return c;
  }
  if (oid == intel::kPckExtensionOid) return pck_extension_claims(value, place ? place->offset : 0);
  c.value = to_buffer(value);
  return c;
}

void add_extensions(Claim& root, const CertificateMap& map, Bytes der, const crypto::Certificate* certificate) {
  Claim amd("amd_extensions");
  amd.meaning = "under 1.3.6.1.4.1.3704.1";
  std::vector<Claim> others;
  for (std::size_t i = 0; i < map.extensions.size(); ++i) {
    const auto& [oid, place] = map.extensions[i];
    const Bytes value = der.subspan(place.offset, place.size);
    const bool critical = certificate != nullptr && i < certificate->extensions().size() && certificate->extensions()[i].critical;
    if (!oid.starts_with(kAmdExtensionArc)) {
      others.push_back(extension_claim(oid, value, place, critical));
      continue;
    }
    const std::string name = amd_extension_name(oid);
    Claim c(name.empty() ? oid : name);
    c.offset = place.offset;
    c.size = place.size;
    set_amd_value(c, value);
    c.meaning = oid.substr(kAmdExtensionArc.size()) + (c.meaning.empty() ? "" : ", " + c.meaning);
    amd.add(std::move(c));
  }
  if (!amd.children.empty()) root.add(std::move(amd));
  for (Claim& c : others) root.add(std::move(c));
}

Claim placed(Claim c, const std::optional<Place>& place) {
  if (place) c.offset = place->offset, c.size = place->size;
  return c;
}

std::string time_text(const std::optional<Time>& time) { return time ? rfc3339(*time) : std::string("unreadable"); }

// What is there of a certificate that OpenSSL refuses.
void add_damaged(Claim& root, const CertificateMap& map, Bytes der) {
  const auto bytes = [&](const char* name, const std::optional<Place>& place) {
    if (place) root.add(field_claim(name, to_buffer(der.subspan(place->offset, place->size)), place->offset, place->size));
  };
  const auto text = [&](const char* name, const std::optional<Place>& place) {
    if (place) root.add(field_claim(name, std::string(as_text(der.subspan(place->offset, place->size))), place->offset, place->size));
  };
  bytes("serial", map.serial);
  bytes("issuer", map.issuer);
  text("not_before", map.not_before);
  text("not_after", map.not_after);
  bytes("subject", map.subject);
  bytes("public_key", map.spki);
  add_extensions(root, map, der, nullptr);
}

}  // namespace

std::string amd_extension_name(std::string_view oid) {
  if (!oid.starts_with(kAmdExtensionArc)) return {};
  for (const NamedOid& row : kAmdExtensions)
    if (row.oid == oid.substr(kAmdExtensionArc.size())) return std::string(row.name);
  return {};
}

Claim certificate_claims(Bytes der, std::string name) {
  Claim root = space_claim(std::move(name), der);
  const CertificateMap map = map_certificate(der);
  const auto certificate = decode_certificate(der);
  if (!certificate) {
    root.error = map.damage ? map.damage->message() : certificate.error().message();
    root.add(value_claim("sha256", hex(crypto::sha256(der))));
    add_damaged(root, map, der);
    return root;
  }
  root.meaning = certificate->subject_cn().empty() ? "certificate" : certificate->subject_cn();
  root.add(value_claim("version", static_cast<std::uint64_t>(certificate->version())));
  root.add(placed(value_claim("serial", certificate->serial_hex(), "hexadecimal"), map.serial));
  root.add(placed(value_claim("issuer", certificate->issuer_text()), map.issuer));
  root.add(value_claim("issuer_cn", certificate->issuer_cn()));
  root.add(placed(value_claim("not_before", time_text(certificate->not_before())), map.not_before));
  root.add(placed(value_claim("not_after", time_text(certificate->not_after())), map.not_after));
  root.add(placed(value_claim("subject", certificate->subject_text()), map.subject));
  root.add(value_claim("subject_cn", certificate->subject_cn()));
  root.add(placed(value_claim("public_key", certificate->key_text()), map.spki));
  root.add(value_claim("spki_sha256", certificate->spki_sha256()));
  root.add(value_claim("sha256", hex(crypto::sha256(der))));
  root.add(value_claim("signature_algorithm_oid", certificate->signature_oid(), scheme_meaning(certificate->signature_scheme())));
  add_extensions(root, map, der, &*certificate);
  return root;
}

Claim crl_claims(Bytes der, std::string name) {
  Claim root = space_claim(std::move(name), der);
  const auto crl = crypto::Crl::from_der(der);
  root.add(value_claim("sha256", hex(crypto::sha256(der))));
  if (!crl) {
    root.error = crl.error().message();
    return root;
  }
  const auto revoked = crl->revoked();
  root.meaning = "CRL of " + crl->issuer_cn() + ", " + std::to_string(revoked.size()) + (revoked.size() == 1 ? " entry" : " entries");
  root.add(value_claim("issuer", crl->issuer_text()));
  root.add(value_claim("this_update", time_text(crl->this_update())));
  root.add(value_claim("next_update", crl->next_update() ? rfc3339(*crl->next_update()) : std::string(), crl->next_update() ? "" : "absent"));
  if (const auto number = crl->number()) root.add(value_claim("number", *number));
  root.add(value_claim("signature_algorithm_oid", crl->signature_oid(), scheme_meaning(crl->signature_scheme())));
  root.add(value_claim("entries", std::uint64_t{revoked.size()}));
  Claim list("revoked");
  for (const auto& entry : revoked) list.add(value_claim("serial", entry.serial_hex, "revoked " + time_text(entry.date)));
  root.add(std::move(list));
  return root;
}

}  // namespace atls::evidence
