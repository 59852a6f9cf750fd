#include "collateral/amd.hpp"

#include <array>

#include "asn1/der.hpp"
#include "base/hex.hpp"
#include "crypto/certificate.hpp"

namespace atls {
namespace {

using snp::ProductLine;
using snp::TcbComponent;

constexpr ProductLine kLines[] = {ProductLine::milan, ProductLine::genoa, ProductLine::turin};

// Extensions of the AMD arc, AMD 57230 "VCEK Certificate and KDS Interface Specification".
constexpr std::string_view kProductName = "1.3.6.1.4.1.3704.1.2";
constexpr std::string_view kHwid = "1.3.6.1.4.1.3704.1.4";
struct Spl { std::string_view oid; TcbComponent component; bool turin_only; };
constexpr Spl kSpls[] = {
    {"1.3.6.1.4.1.3704.1.3.1", TcbComponent::bootloader, false}, {"1.3.6.1.4.1.3704.1.3.2", TcbComponent::tee, false},
    {"1.3.6.1.4.1.3704.1.3.3", TcbComponent::snp, false},        {"1.3.6.1.4.1.3704.1.3.8", TcbComponent::microcode, false},
    {"1.3.6.1.4.1.3704.1.3.9", TcbComponent::fmc, true},
};
// spl4 to spl7 are bytes 2 to 5 of the legacy TCB; the Turin layout has no room for them.
constexpr std::string_view kReservedSpls[] = {"1.3.6.1.4.1.3704.1.3.4", "1.3.6.1.4.1.3704.1.3.5", "1.3.6.1.4.1.3704.1.3.6",
                                              "1.3.6.1.4.1.3704.1.3.7"};

Error not_amd(std::string detail) { return {Errc::unsupported, "amd.certificate", std::move(detail)}; }
Error bad_amd_certificate(std::string detail) { return {Errc::bad_value, "amd.certificate", std::move(detail)}; }

Result<std::uint8_t> spl_value(const crypto::Extension& extension) {
  const auto value = asn1::unsigned_integer(extension.value);
  if (!value) return value.error();
  if (*value > 255) return bad_amd_certificate("extension " + extension.oid + " is " + std::to_string(*value) + ", expected 0 to 255");
  return static_cast<std::uint8_t>(*value);
}

Result<snp::TcbVersion> tcb_of(const crypto::Certificate& cert, ProductLine product) {
  const snp::TcbLayout layout = snp::tcb_layout(product);
  snp::TcbVersion tcb;
  for (const Spl& spl : kSpls) {
    if (spl.turin_only && layout != snp::TcbLayout::turin) continue;
    const crypto::Extension* extension = cert.extension(spl.oid);
    if (!extension) return bad_amd_certificate("extension " + std::string(spl.oid) + " (" + std::string(snp::tcb_component_name(spl.component)) + " SPL) is missing");
    const auto value = spl_value(*extension);
    if (!value) return value.error();
    tcb.set(spl.component, layout, *value);
  }
  for (std::size_t i = 0; i < std::size(kReservedSpls); ++i) {
    const crypto::Extension* extension = cert.extension(kReservedSpls[i]);
    if (!extension) continue;
    const auto value = spl_value(*extension);
    if (!value) return value.error();
    if (layout == snp::TcbLayout::legacy) tcb.raw[2 + i] = *value;
    else if (*value != 0) return bad_amd_certificate("extension " + extension->oid + " is " + std::to_string(*value) + ", expected 0 on Turin");
  }
  return tcb;
}

// Real certificates hold the raw bytes; older documentation and test certificates wrap them in an OCTET STRING. The lengths
// (64 or 8, wrapped 66 or 10) cannot be confused.
Result<Buffer> hwid_of(const crypto::Certificate& cert) {
  const crypto::Extension* extension = cert.extension(kHwid);
  if (!extension) return bad_amd_certificate("the hwID extension is missing");
  Bytes value = extension->value;
  if (value.size() != 64 && value.size() != 8) {
    const auto tlv = asn1::read_exactly(value);
    if (!tlv) return tlv.error();
    if (tlv->tag != 0x04 || (tlv->content.size() != 64 && tlv->content.size() != 8)) return bad_amd_certificate("hwID is neither 64 nor 8 bytes");
    value = tlv->content;
  }
  return to_buffer(value);
}

Result<CollateralObject> identify_vek(const crypto::Certificate& cert, CollateralKind kind) {
  CollateralObject object{.kind = kind};
  const crypto::Extension* name = cert.extension(kProductName);
  if (!name) return bad_amd_certificate("the productName extension is missing");
  const auto text = asn1::ia5_or_utf8_text(name->value);
  if (!text) return text.error();
  const auto product = snp::product_from_name(*text);
  if (!product || *product == ProductLine::unknown) return bad_amd_certificate("product \"" + *text + "\" is not known");
  object.product = *product;
  auto tcb = tcb_of(cert, object.product);
  if (!tcb) return tcb.error();
  object.tcb = *tcb;
  if (kind == CollateralKind::amd_vcek) {
    auto hwid = hwid_of(cert);
    if (!hwid) return hwid.error();
    const std::size_t want = object.product == ProductLine::turin ? 8 : 64;
    if (hwid->size() != want)
      return bad_amd_certificate("hwID has " + std::to_string(hwid->size()) + " bytes, expected " + std::to_string(want) + " on " + std::string(snp::product_name(object.product)));
    object.hwid = std::move(*hwid);
  }
  return object;
}

Result<CollateralObject> amd_certificate(const crypto::Certificate& cert) {
  const std::string cn = cert.subject_cn();
  if (cn == "SEV-VCEK") return identify_vek(cert, CollateralKind::amd_vcek);
  if (cn == "SEV-VLEK") return identify_vek(cert, CollateralKind::amd_vlek);
  for (const ProductLine line : kLines) {
    const std::string name(snp::product_name(line));
    if (cn == "ARK-" + name) return CollateralObject{.kind = CollateralKind::amd_ark, .product = line};
    if (cn == "SEV-" + name) return CollateralObject{.kind = CollateralKind::amd_ask, .product = line};
    if (cn == "SEV-VLEK-" + name) return CollateralObject{.kind = CollateralKind::amd_asvk, .product = line};
  }
  return not_amd("subject \"" + cn + "\" is not that of an AMD SEV certificate");
}

Result<CollateralObject> amd_crl(const crypto::Crl& crl) {
  const std::string issuer = crl.issuer_cn();
  for (const ProductLine line : kLines)
    if (issuer == "ARK-" + std::string(snp::product_name(line)))
      return CollateralObject{.kind = CollateralKind::amd_crl, .product = line, .this_update = crl.this_update(), .next_update = crl.next_update()};
  return not_amd("CRL issuer \"" + issuer + "\" is not an AMD root");
}

// The chip id as hwID of that product: the first 8 bytes on Turin.
Bytes hwid_asked(const CollateralQuery& query, std::size_t size) { return Bytes(query.chip_id).first(size); }

bool signed_by_any(const CollateralObject& object, const std::vector<Buffer>& spkis) {
  for (const Buffer& spki : spkis) {
    const auto key = crypto::public_key_from_spki(spki);
    if (!key) continue;
    Result<bool> valid = false;
    if (object.kind == CollateralKind::amd_crl) {
      const auto crl = crypto::Crl::from_der(object.data);
      if (!crl || crl->signature_scheme() != crypto::SignatureScheme::rsa_pss_sha384) return false;
      valid = crl->signed_by(**key);
    } else {
      const auto cert = crypto::Certificate::from_der(object.data);
      if (!cert || cert->signature_scheme() != crypto::SignatureScheme::rsa_pss_sha384) return false;
      valid = cert->signed_by(**key);
    }
    if (valid && *valid) return true;
  }
  return false;
}

}  // namespace

Result<CollateralObject> identify_amd(Bytes der) {
  const auto cert = crypto::Certificate::from_der(der);
  if (cert) {
    auto object = amd_certificate(*cert);
    if (object) object->data = to_buffer(der);
    return object;
  }
  const auto crl = crypto::Crl::from_der(der);
  if (!crl) return bad_amd_certificate("neither a certificate (" + cert.error().message() + ") nor a CRL (" + crl.error().message() + ")");
  auto object = amd_crl(*crl);
  if (object) object->data = to_buffer(der);
  return object;
}

Fit fits_amd(const CollateralObject& object, const CollateralQuery& query) {
  if (object.kind != query.kind) return Fit::no;
  if (query.product != ProductLine::unknown && object.product != query.product) return Fit::no;
  if (object.kind != CollateralKind::amd_vcek && object.kind != CollateralKind::amd_vlek) return Fit::exact;
  if (!object.tcb || *object.tcb != query.reported_tcb) return Fit::kind_only;
  if (object.kind == CollateralKind::amd_vcek && !equal(object.hwid, hwid_asked(query, object.hwid.size()))) return Fit::kind_only;
  return Fit::exact;
}

std::string describe_misfit_amd(const CollateralObject& object, const CollateralQuery& query) {
  if (object.kind != query.kind)
    return "expected " + std::string(collateral_kind_name(query.kind)) + ", found " + std::string(collateral_kind_name(object.kind));
  if (object.product != query.product)
    return "expected product " + std::string(snp::product_name(query.product)) + ", found " + std::string(snp::product_name(object.product));
  const snp::TcbLayout layout = snp::tcb_layout(object.product);
  if (object.tcb && *object.tcb != query.reported_tcb)
    return "expected TCB " + query.reported_tcb.text(layout) + ", found " + object.tcb->text(layout);
  if (!equal(object.hwid, hwid_asked(query, object.hwid.size())))
    return "expected chip " + hex(hwid_asked(query, object.hwid.size())) + ", found " + hex(object.hwid);
  return {};
}

Status check_amd(const CollateralObject& object, const evidence::TrustStore& trust, const std::vector<Buffer>& more_keys) {
  using evidence::CaRole;
  const std::string product(snp::product_name(object.product));
  if (object.kind == CollateralKind::amd_ark) {
    const auto cert = crypto::Certificate::from_der(object.data);
    if (!cert) return cert.error();
    for (const evidence::CaKey* key : trust.find(CaRole::ark, object.product))
      if (key->spki == cert->spki()) return ok();
    return Error{Errc::crypto, "amd.certificate", "ARK-" + product + " with key SHA-256 " + cert->spki_sha256() + " is not a trusted root"};
  }
  const CaRole role = object.kind == CollateralKind::amd_vcek   ? CaRole::ask
                      : object.kind == CollateralKind::amd_vlek ? CaRole::asvk
                                                                : CaRole::ark;
  std::vector<Buffer> spkis = more_keys;
  for (const evidence::CaKey* key : trust.find(role, object.product)) spkis.push_back(key->spki);
  if (spkis.empty())
    return Error{Errc::crypto, "amd.certificate", "no trusted " + std::string(evidence::ca_role_name(role)) + " key for " + product};
  if (!signed_by_any(object, spkis))
    return Error{Errc::crypto, "amd.certificate", std::string(collateral_kind_name(object.kind)) + " of " + product + " is not signed by a trusted " + std::string(evidence::ca_role_name(role)) + " key"};
  return ok();
}

}  // namespace atls
