// JSON inputs: bundle, Azure THIM reply, Constellation document.
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/json.hpp"
#include "constellation/document.hpp"
#include "crypto/certificate.hpp"
#include "evidence/bundle.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/document_claims.hpp"
#include "evidence/load_parts.hpp"
#include "evidence/memo.hpp"
#include "intel/bundle.hpp"
#include "pem/pem.hpp"

namespace atls::evidence::loading {
namespace {

using nlohmann::json;

constexpr const char* kThimMembers[] = {"vcekCert", "certificateChain"};

void take_pem_member(Loaded& out, const json& object, const char* name) {
  const std::string where = std::string("thim.") + name;
  if (!object.contains(name)) return set_error(out, {Errc::bad_value, where, "missing", 0});
  const auto* text = object[name].get_ptr<const std::string*>();
  if (text == nullptr) return set_error(out, {Errc::bad_value, where, "expected PEM text", 0});
  const auto certificates = crypto::certificates_from(as_bytes(*text));
  if (!certificates) return set_error(out, {certificates.error().code, where, certificates.error().message(), certificates.error().offset});
  Claim group(name);
  for (const auto& certificate : *certificates) {
    if (out.certificates.size() == kMaxChain) return set_error(out, {Errc::too_large, where, "more than " + std::to_string(kMaxChain) + " certificates", 0});
    out.certificates.push_back(certificate.der());
    group.add(certificate_claims(certificate.der(), "certificate"));
  }
  out.claims.add(std::move(group));
}

void load_thim(Loaded& out, Bytes text) {
  const auto object = parse_json(text, "thim");
  if (!object) return set_error(out, object.error());
  if (!object->is_object()) return set_error(out, {Errc::bad_value, "thim", "expected an object", 0});
  out.claims.meaning = "Azure host certificates (THIM)";
  for (const char* member : kThimMembers) take_pem_member(out, *object, member);
  for (const auto& [name, value] : object->items()) {
    if (name == kThimMembers[0] || name == kThimMembers[1]) continue;
    if (const auto* plain = value.get_ptr<const std::string*>()) out.claims.add(value_claim(name, *plain, name == "tcbm" ? "reported TCB as a number" : ""));
    else out.claims.add(value_claim(name, value.dump()));
  }
}

void take_instance_info(Loaded& out, const constellation::InstanceInfo& info, Claim claims) {
  Evidence e;
  e.format = "snp";
  e.container = "constellation";
  e.data = info.attestation_report;
  for (const Buffer* pem : {&info.report_signer_pem, &info.cert_chain_pem}) {
    if (pem->empty()) continue;
    const auto certificates = crypto::certificates_from(*pem);
    if (!certificates) {
      set_error(out, {certificates.error().code, "constellation.instance_info", certificates.error().message(), 0});
      continue;
    }
    for (const auto& certificate : *certificates) {
      const auto fallback = pem == &info.report_signer_pem ? CollateralKind::amd_vcek : CollateralKind::amd_ask;
      e.endorsements.push_back({endorsement_kind(certificate.der()).value_or(fallback), certificate.der(), CollateralSource::handshake, "document"});
    }
  }
  take_only_evidence(out, std::move(e));
  out.claims.add(std::move(claims));
}

void load_document(Loaded& out, Bytes text) {
  Claim claims = document_claims(text);
  out.claims.meaning = claims.meaning;
  switch (constellation::sniff(text)) {
    case constellation::DocumentKind::dummy: {
      if (const auto d = constellation::parse_dummy(text); !d) set_error(out, d.error());
      Evidence e;
      e.format = "dummy";
      e.container = "constellation";
      e.data = to_buffer(text);
      take_only_evidence(out, std::move(e));
      break;
    }
    case constellation::DocumentKind::vtpm: {
      const auto d = constellation::parse_snp(text);
      if (!d) {
        set_error(out, d.error());
      } else if (d->instance_info) {
        if (d->has_attestation) out.unused.push_back({"the vTPM quote of the document", {}});
        return take_instance_info(out, *d->instance_info, std::move(claims));
      } else set_error(out, {Errc::unsupported, "constellation.document", "no instance info: only a vTPM quote, which is not judged", 0});
      break;
    }
    case constellation::DocumentKind::tdx: {
      const auto d = constellation::parse_tdx(text);
      if (!d) {
        set_error(out, d.error());
        break;
      }
      Evidence e;
      e.format = "tdx";   // that the quote is one of TDX is for its verifier to say
      e.container = "constellation";
      e.data = d->raw_quote;
      take_only_evidence(out, std::move(e));
      break;
    }
    case constellation::DocumentKind::unknown: set_error(out, {Errc::bad_value, "constellation.document", claims.error.empty() ? "members are not those of an attestation document" : claims.error, 0}); break;
  }
  out.claims.add(std::move(claims));
}

void load_bundle(Loaded& out, Bytes text) {
  const auto bundle = parse_bundle(text);
  if (!bundle) {
    set_error(out, bundle.error());
    out.claims.add(json_claims(text, "bundle"));
    return;
  }
  out.claims.meaning = "recorded handshake, " + std::string(kBundleSchema);
  out.certificates = bundle->chain;
  out.nonce = bundle->nonce;
  out.bundle_profile = bundle->profile;
  out.bundle_role = bundle->role;
  out.claims.add(value_claim("time", rfc3339(bundle->time)));
  out.claims.add(value_claim("tool", bundle->tool));
  out.claims.add(value_claim("version", bundle->version));
  out.claims.add(value_claim("subject", bundle->subject.name, bundle->subject.kind));
  out.claims.add(value_claim("profile", bundle->profile));
  out.claims.add(value_claim("role", bundle->role, "of the recorded peer"));
  out.bundle_tls = bundle->tls;
  out.bundle_resumed = bundle->tls && bundle->tls->resumed;
  if (bundle->tls) out.claims.add(value_claim("tls", bundle->tls->version, bundle->tls->cipher));
  if (bundle->nonce) out.claims.add(value_claim("nonce", *bundle->nonce));
  for (const Buffer& der : bundle->chain) out.claims.add(certificate_claims(der, "certificate"));
  for (const BundleEvidence& e : bundle->evidence) {
    out.bundle_evidence.push_back({e.format, e.data});
    Claim c("evidence");
    c.meaning = "format " + e.format + ", as taken out of the leaf";
    c.value = e.data;
    out.claims.add(std::move(c));
  }
  for (const auto& [label, value] : bundle->exporter) {
    out.claims.add(value_claim("exporter", value, label));
    out.unused.push_back({"the exporter value \"" + label + "\" of the bundle: its profile binds none", {}});
  }
  for (const BundleCollateral& c : bundle->collateral) {
    out.collateral.push_back(c.item);
    if (decode_crl(c.item.data)) out.collateral.back().kind = crl_kind(c.item.data);   // revoked once is revoked, whatever the list was called
    out.claims.add(collateral_claim(c.item, ", obtained " + rfc3339(c.time)));
  }
}

}  // namespace

std::optional<InputKind> kind_of_json(Bytes text) {
  if (looks_like_bundle(text)) return InputKind::bundle;
  const auto object = parse_json(text, "input", {64, kMaxFile});
  if (!object || !object->is_object()) return std::nullopt;
  if (object->contains("tcbInfo") && object->contains("signature")) return InputKind::tcb_info;
  if (object->contains("enclaveIdentity") && object->contains("signature")) return InputKind::qe_identity;
  if (object->contains(kThimMembers[0]) && object->contains("tcbm")) return InputKind::thim_json;
  if (constellation::sniff(text) != constellation::DocumentKind::unknown) return InputKind::document;
  if (holds_quote(*object)) return InputKind::quote_container;
  if (intel::sniff_collateral_bundle(text)) return InputKind::collateral;
  return std::nullopt;
}

void load_json(Loaded& out, Bytes text, InputKind kind) {
  out.kind = kind;
  switch (kind) {
    case InputKind::bundle: load_bundle(out, text); return;
    case InputKind::thim_json: load_thim(out, text); return;
    case InputKind::document: load_document(out, text); return;
    case InputKind::tcb_info:
    case InputKind::qe_identity: load_intel(out, text, kind); return;
    case InputKind::collateral: load_collateral(out, text); return;
    case InputKind::quote_container: load_quote_container(out, text); return;
    default: break;
  }
  Claim claims = json_claims(text, "json");
  set_error(out, {Errc::unsupported, "input", claims.error.empty() ? "JSON, but neither a bundle, an attestation document, Intel TCB info or QE identity, nor an Azure certificate reply" : claims.error, 0});
  out.claims.add(std::move(claims));
}

}  // namespace atls::evidence::loading
