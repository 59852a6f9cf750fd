#include "constellation/document.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/json.hpp"

namespace atls::constellation {
namespace {

using nlohmann::json;
using Document = Variant::Document;

constexpr Variant kVariants[] = {
    {kOidDummy, "dummy", Document::dummy},
    {"1.3.9900.2.1", "aws-nitro-tpm", Document::vtpm},
    {"1.3.9900.2.2", "aws-sev-snp", Document::snp_instance_info},
    {"1.3.9900.3.1", "gcp-sev-es", Document::vtpm},
    {kOidGcpSevSnp, "gcp-sev-snp", Document::snp_instance_info},
    {"1.3.9900.4.1", "azure-sev-snp", Document::snp_instance_info},
    {"1.3.9900.4.2", "azure-trustedlaunch", Document::vtpm},
    {"1.3.9900.4.3", "azure-tdx", Document::vtpm},
    {"1.3.9900.5.1", "qemu-vtpm", Document::vtpm},
    {kOidQemuTdx, "qemu-tdx", Document::tdx},
};

Error bad(std::string where, std::string detail) { return {Errc::bad_value, std::move(where), std::move(detail), 0}; }

Result<json> object_of(Bytes text, std::string_view what) {
  auto out = parse_json(text, what);
  if (out && !out->is_object()) return bad(std::string(what), "expected an object");
  return out;
}

enum class Null { refused, allowed };      // JSON null
enum class Absent { refused, allowed };

// A base64 member. Empty when it is null or absent and that is allowed.
Result<Buffer> bytes_member(const json& object, const std::string& what, const char* name, Null null, Absent absent = Absent::refused) {
  const std::string where = what + "." + name;
  const auto it = object.find(name);
  if (it == object.end()) {
    if (absent == Absent::allowed) return Buffer{};
    return bad(where, "missing");
  }
  if (it->is_null() && null == Null::allowed) return Buffer{};
  const auto* text = it->get_ptr<const std::string*>();
  if (text == nullptr) return bad(where, std::string("expected base64 text, found ") + it->type_name());
  auto out = from_base64(*text);
  if (!out) return bad(where, out.error().detail);
  return out;
}

// Whether an object is there; null and (when allowed) absence mean that it is not.
Result<bool> object_member(const json& object, const std::string& what, const char* name, Absent absent) {
  const auto it = object.find(name);
  if (it == object.end()) {
    if (absent == Absent::allowed) return false;
    return bad(what + "." + name, "missing");
  }
  if (it->is_null()) return false;
  if (!it->is_object()) return bad(what + "." + name, std::string("expected an object or null, found ") + it->type_name());
  return true;
}

Result<InstanceInfo> parse_instance_info(Buffer raw) {
  const std::string what = "constellation.instance_info";
  const auto object = object_of(raw, what);
  if (!object) return object.error();
  InstanceInfo out;
  auto signer = bytes_member(*object, what, "ReportSigner", Null::allowed);
  if (!signer) return signer.error();
  auto chain = bytes_member(*object, what, "CertChain", Null::allowed, Absent::allowed);
  if (!chain) return chain.error();
  auto report = bytes_member(*object, what, "AttestationReport", Null::refused);
  if (!report) return report.error();
  const auto azure = object_member(*object, what, "Azure", Absent::allowed);
  if (!azure) return azure.error();
  const auto gcp = object_member(*object, what, "GCP", Absent::allowed);
  if (!gcp) return gcp.error();
  out.raw = std::move(raw);
  out.report_signer_pem = *std::move(signer);
  out.cert_chain_pem = *std::move(chain);
  out.attestation_report = *std::move(report);
  out.has_azure = *azure;
  out.has_gcp = *gcp;
  return out;
}

std::string quoted(Bytes bytes) { return "\"" + base64(bytes) + "\""; }
std::string quoted_or_null(Bytes bytes) { return bytes.empty() ? "null" : quoted(bytes); }

}  // namespace

std::span<const Variant> variants() { return kVariants; }

const Variant* variant_by_oid(std::string_view dotted) {
  for (const Variant& v : kVariants)
    if (v.oid == dotted) return &v;
  return nullptr;
}

Result<DummyDocument> parse_dummy(Bytes text) {
  const std::string what = "constellation.dummy";
  const auto object = object_of(text, what);
  if (!object) return object.error();
  auto user_data = bytes_member(*object, what, "UserData", Null::refused);
  if (!user_data) return user_data.error();
  auto nonce = bytes_member(*object, what, "Nonce", Null::refused);
  if (!nonce) return nonce.error();
  return DummyDocument{*std::move(user_data), *std::move(nonce)};
}

Result<SnpDocument> parse_snp(Bytes text) {
  const std::string what = "constellation.document";
  const auto object = object_of(text, what);
  if (!object) return object.error();
  SnpDocument out;
  const auto attestation = object_member(*object, what, "Attestation", Absent::refused);
  if (!attestation) return attestation.error();
  out.has_attestation = *attestation;
  auto user_data = bytes_member(*object, what, "UserData", Null::refused);
  if (!user_data) return user_data.error();
  out.user_data = *std::move(user_data);
  auto info = bytes_member(*object, what, "InstanceInfo", Null::allowed);
  if (!info) return info.error();
  if ((*object)["InstanceInfo"].is_null()) return out;
  auto parsed = parse_instance_info(*std::move(info));
  if (!parsed) return parsed.error();
  out.instance_info = *std::move(parsed);
  return out;
}

Result<TdxDocument> parse_tdx(Bytes text) {
  const std::string what = "constellation.document";
  const auto object = object_of(text, what);
  if (!object) return object.error();
  auto quote = bytes_member(*object, what, "RawQuote", Null::refused);
  if (!quote) return quote.error();
  auto user_data = bytes_member(*object, what, "UserData", Null::refused);
  if (!user_data) return user_data.error();
  return TdxDocument{*std::move(quote), *std::move(user_data)};
}

// Written by hand: member order and spelling are those of the peers' encoder, and base64 needs no escapes.
Buffer encode_dummy(const DummyDocument& d) {
  return to_buffer("{\"UserData\":" + quoted(d.user_data) + ",\"Nonce\":" + quoted(d.nonce) + "}");
}

Buffer encode_snp(Bytes report, Bytes report_signer_pem, Bytes cert_chain_pem, Bytes user_data) {
  const std::string info = "{\"ReportSigner\":" + quoted_or_null(report_signer_pem) + ",\"CertChain\":" + quoted_or_null(cert_chain_pem) +
                           ",\"AttestationReport\":" + quoted(report) + ",\"Azure\":null,\"GCP\":null}";
  return to_buffer("{\"Attestation\":null,\"InstanceInfo\":" + quoted(as_bytes(info)) + ",\"UserData\":" + quoted(user_data) + "}");
}

Buffer encode_tdx(const TdxDocument& d) {
  return to_buffer("{\"RawQuote\":" + quoted(d.raw_quote) + ",\"UserData\":" + quoted(d.user_data) + "}");
}

DocumentKind sniff(Bytes text) {
  if (text.empty() || text[0] != '{') return DocumentKind::unknown;
  const auto object = parse_json(text, "document");
  if (!object || !object->is_object() || !object->contains("UserData")) return DocumentKind::unknown;
  if (object->contains("Attestation")) return DocumentKind::vtpm;
  if (object->contains("RawQuote")) return DocumentKind::tdx;
  return object->contains("Nonce") ? DocumentKind::dummy : DocumentKind::unknown;
}

}  // namespace atls::constellation
