#include "collateral/intel.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "crypto/certificate.hpp"
#include "intel/collateral.hpp"
#include "intel/pck.hpp"

namespace atls {
namespace {

using nlohmann::json;

constexpr JsonLimits kDocumentLimits{32, 1024 * 1024};   // as the parsers of the documents

Error not_intel(std::string detail) { return {Errc::unsupported, "intel.certificate", std::move(detail)}; }

Result<CollateralObject> intel_certificate(const crypto::Certificate& cert) {
  const std::string cn = cert.subject_cn();
  if (cn == kIntelRootName) return CollateralObject{.kind = CollateralKind::intel_root};
  if (cn == kIntelPlatformCaName) return CollateralObject{.kind = CollateralKind::intel_pck_ca};
  if (cn == kIntelProcessorCaName) return CollateralObject{.kind = CollateralKind::intel_pck_ca, .processor_ca = true};
  if (cn == kIntelTcbSignerName) return CollateralObject{.kind = CollateralKind::intel_tcb_signer};
  const crypto::Extension* extension = cert.extension(intel::kPckExtensionOid);
  if (!extension && cn != kIntelPckName) return not_intel("subject \"" + cn + "\" is not that of an Intel SGX certificate");
  CollateralObject object{.kind = CollateralKind::intel_pck, .processor_ca = cert.issuer_cn() == kIntelProcessorCaName};
  if (!extension) {
    object.flaw = "it has no SGX extension";
  } else if (const auto values = intel::parse_pck_extension(extension->value)) {
    object.fmspc = hex(values->fmspc);
  } else {
    object.flaw = values.error().message();
  }
  return object;
}

Result<CollateralObject> intel_crl(const crypto::Crl& crl) {
  CollateralObject object{.kind = CollateralKind::intel_pck_crl, .this_update = crl.this_update(), .next_update = crl.next_update()};
  const std::string issuer = crl.issuer_cn();
  if (issuer == kIntelRootName) object.kind = CollateralKind::intel_root_crl;
  else if (issuer == kIntelProcessorCaName) object.processor_ca = true;
  else if (issuer != kIntelPlatformCaName) return not_intel("CRL issuer \"" + issuer + "\" is not an Intel SGX CA");
  return object;
}

std::string text_member(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end()) return {};
  const auto* text = member->get_ptr<const std::string*>();
  return text == nullptr ? std::string() : text->substr(0, 64);
}

template <class Document>
void take_dates(CollateralObject& object, const Document& document) {
  object.this_update = parse_rfc3339(document.issue_date);
  object.next_update = parse_rfc3339(document.next_update);
  object.evaluation = document.evaluation_number;
}

const char* tee_name(bool tdx) { return tdx ? "TDX" : "SGX"; }
const char* ca_name(bool processor) { return processor ? "Processor CA" : "Platform CA"; }

bool has_ca(CollateralKind kind) { return kind == CollateralKind::intel_pck_crl || kind == CollateralKind::intel_pck_ca; }

}  // namespace

Result<CollateralObject> identify_intel(Bytes der) {
  const auto take = [&](Result<CollateralObject> object) {
    if (object) object->data = to_buffer(der);
    return object;
  };
  const auto cert = crypto::Certificate::from_der(der);
  if (cert) return take(intel_certificate(*cert));
  const auto crl = crypto::Crl::from_der(der);
  if (crl) return take(intel_crl(*crl));
  return Error{Errc::bad_value, "intel.certificate", "neither a certificate (" + cert.error().message() + ") nor a CRL (" + crl.error().message() + ")"};
}

Result<CollateralObject> identify_intel_document(Bytes response) {
  const auto document = parse_json(response, "collateral", kDocumentLimits);
  if (!document) return document.error();
  const bool tcb = document->is_object() && document->contains("tcbInfo");
  const char* member = tcb ? "tcbInfo" : "enclaveIdentity";
  if (!document->is_object() || !document->contains(member)) return not_intel("JSON, but neither TCB info nor a QE identity");
  CollateralObject object{.kind = tcb ? CollateralKind::intel_tcb_info : CollateralKind::intel_qe_identity, .data = to_buffer(response)};
  const json& inner = (*document)[member];
  const std::string id = inner.is_object() ? text_member(inner, "id") : "";
  object.tdx = id == "TDX" || id == "TD_QE";
  if (tcb) {
    if (inner.is_object()) object.fmspc = lower(text_member(inner, "fmspc"));
    const auto parsed = intel::parse_tcb_info(response);
    if (parsed) take_dates(object, *parsed);
    else object.flaw = parsed.error().message();
  } else {
    if (id == "QVE" || id == "QAE") return not_intel("the identity of another enclave (" + id + "), expected QE or TD_QE");
    const auto parsed = intel::parse_qe_identity(response);
    if (parsed) take_dates(object, *parsed);
    else object.flaw = parsed.error().message();
  }
  return object;
}

Fit fits_intel(const CollateralObject& object, const CollateralQuery& query) {
  if (object.kind != query.kind) return Fit::no;
  switch (object.kind) {
    case CollateralKind::intel_tcb_info: return object.tdx == query.tdx && object.fmspc == lower(query.fmspc) ? Fit::exact : Fit::kind_only;
    case CollateralKind::intel_qe_identity: return object.tdx == query.tdx ? Fit::exact : Fit::kind_only;
    case CollateralKind::intel_pck: return query.fmspc.empty() || object.fmspc == lower(query.fmspc) ? Fit::exact : Fit::kind_only;
    case CollateralKind::intel_pck_ca:
    case CollateralKind::intel_pck_crl: return object.processor_ca == query.processor_ca ? Fit::exact : Fit::kind_only;
    default: return Fit::exact;
  }
}

std::string describe_misfit_intel(const CollateralObject& object, const CollateralQuery& query) {
  if (object.kind != query.kind)
    return "expected " + std::string(collateral_kind_name(query.kind)) + ", found " + std::string(collateral_kind_name(object.kind));
  if (has_ca(object.kind) && object.processor_ca != query.processor_ca)
    return std::string("expected that of the ") + ca_name(query.processor_ca) + ", found that of the " + ca_name(object.processor_ca);
  const bool document = object.kind == CollateralKind::intel_tcb_info || object.kind == CollateralKind::intel_qe_identity;
  if (document && object.tdx != query.tdx) return std::string("expected that of ") + tee_name(query.tdx) + ", found that of " + tee_name(object.tdx);
  if (object.fmspc != lower(query.fmspc)) return "expected FMSPC " + lower(query.fmspc) + ", found " + (object.fmspc.empty() ? "none" : object.fmspc);
  return {};
}

}  // namespace atls
