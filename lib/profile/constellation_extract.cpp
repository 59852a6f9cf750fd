// The receiving side: judges leaf certificate and document, and says what the evidence inside must be bound to.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/certificate.hpp"
#include "crypto/oids.hpp"
#include "profile/constellation.hpp"
#include "profile/constellation_endorsements.hpp"
#include "report/checks_atls.hpp"
#include "report/checks_intel.hpp"

namespace atls::profile::constellation {
namespace {

namespace doc = atls::constellation;
using crypto::Certificate;
using crypto::Extension;

constexpr std::string_view kArc = "1.3.9900.";
namespace oid = crypto::oid;
// Extensions that crypto/x509 of the peers processes when critical: keyUsage, subjectAltName, basicConstraints, EKU.
constexpr std::string_view kKnownCritical[] = {"2.5.29.15", "2.5.29.17", "2.5.29.19", oid::kExtendedKeyUsage};

struct Found {
  const doc::Variant* variant = nullptr;
  const Extension* extension = nullptr;
  std::size_t count = 0;
  std::string unknown_variant;   // an OID of the arc that no release of the protocol defines
};

Found find_evidence(const Certificate& leaf) {
  Found found;
  for (const Extension& extension : leaf.extensions()) {
    const doc::Variant* variant = doc::variant_by_oid(extension.oid);
    if (variant == nullptr) {
      if (extension.oid.starts_with(kArc)) found.unknown_variant = extension.oid;
      continue;
    }
    if (found.count++ == 0) found.variant = variant, found.extension = &extension;   // peers take the first
  }
  return found;
}

void check_validity(const Certificate& leaf, Time now, Report& report) {
  const auto from = leaf.not_before(), to = leaf.not_after();
  if (!from || !to) return (void)report.fail(checks::kLeafValidity, "the certificate has no readable validity period");
  CheckResult& result = report.judge(checks::kLeafValidity, *from <= now && now <= *to,
                                     now < *from ? "not valid yet: check the clocks of both ends" : "expired: check the clocks of both ends");
  result.expected = rfc3339(*from) + " to " + rfc3339(*to);
  result.actual = rfc3339(now);
}

void check_signature(const Certificate& leaf, Report& report) {
  if (leaf.subject_der() != leaf.issuer_der()) {
    CheckResult& result = report.fail(checks::kLeafSignature, "the leaf certificate of this profile is self-signed, this one names another issuer");
    result.expected = leaf.subject_text();
    result.actual = leaf.issuer_text();
    return;
  }
  if (leaf.key() == nullptr) return (void)report.fail(checks::kLeafSignature, "the public key of the leaf cannot be read");
  const auto good = leaf.signed_by(*leaf.key());
  if (!good) return (void)report.fail(checks::kLeafSignature, good.error().message());
  report.judge(checks::kLeafSignature, *good, "the certificate was altered after it was signed, or signed with another key").signed_by = "self";
}

void check_extensions(const Certificate& leaf, bool peer_is_client, Report& report) {
  for (const Extension& extension : leaf.extensions()) {
    if (!extension.critical || std::find(std::begin(kKnownCritical), std::end(kKnownCritical), extension.oid) != std::end(kKnownCritical)) continue;
    return (void)report.fail(checks::kLeafExtensions, "extension " + extension.oid + " is critical; implementations of the protocol do not process it");
  }
  const auto eku = leaf.eku_oids();
  const bool suitable = leaf.extension(oid::kExtendedKeyUsage) == nullptr || std::any_of(eku.begin(), eku.end(), [&](const std::string& oid) {
    return oid == oid::kAnyExtendedKeyUsage || oid == oid::kServerAuth || (peer_is_client && oid == oid::kClientAuth);
  });
  report.judge(checks::kLeafExtensions, suitable, std::string("the extended key usage allows neither any use nor ") +
                                                      (peer_is_client ? "TLS client or server" : "TLS server") + " authentication");
}

std::string_view kind_name(doc::DocumentKind kind) {
  switch (kind) {
    case doc::DocumentKind::dummy: return "dummy document (UserData, Nonce)";
    case doc::DocumentKind::vtpm: return "vTPM or SNP document (Attestation, InstanceInfo, UserData)";
    case doc::DocumentKind::tdx: return "TDX document (RawQuote, UserData)";
    case doc::DocumentKind::unknown: break;
  }
  return "unknown document";
}

doc::DocumentKind kind_of(const doc::Variant& variant) {
  switch (variant.document) {
    case doc::Variant::Document::dummy: return doc::DocumentKind::dummy;
    case doc::Variant::Document::tdx: return doc::DocumentKind::tdx;
    case doc::Variant::Document::snp_instance_info:
    case doc::Variant::Document::vtpm: break;
  }
  return doc::DocumentKind::vtpm;
}

// The variants share one outer document; InstanceInfo tells them apart. Empty: fits, or cannot be told.
std::string instance_mismatch(const doc::Variant& variant, const std::optional<doc::SnpDocument>& document) {
  if (!document || !document->instance_info || document->instance_info->attestation_report.empty()) return {};
  const doc::InstanceInfo& info = *document->instance_info;
  const bool azure = variant.name == "azure-sev-snp", aws = variant.name == "aws-sev-snp", gcp = variant.name == "gcp-sev-snp";
  if (!azure && !aws && !gcp) return "InstanceInfo carries an SNP report, which this variant does not have";
  if (azure && !info.has_azure) return "InstanceInfo has no Azure runtime data";
  if (!azure && info.has_azure) return "InstanceInfo carries Azure runtime data";
  if (aws && info.has_gcp) return "InstanceInfo carries GCP instance data";
  return {};
}

std::optional<Buffer> user_data_in(const nlohmann::json& document) {
  const auto it = document.find("UserData");
  if (it == document.end() || !it->is_string()) return {};
  auto bytes = from_base64(it->get_ref<const std::string&>());
  if (!bytes) return {};
  return *std::move(bytes);
}

void cannot_judge(Report& report, const std::vector<const CheckSpec*>& specs, const std::string& why) {
  for (const CheckSpec* spec : specs) report.error(*spec, why);
}

// Everything that is demanded of the evidence when key and nonce are known.
evidence::ExpectedBinding expected_binding(Bytes spki, Bytes nonce) {
  evidence::ExpectedBinding binding;
  binding.report_data = report_data(spki, nonce);
  binding.info.level = BindingLevel::key;
  binding.info.formula = "SHA-256(SHA-256(SPKI) || nonce) || 32 x 00";
  binding.info.inputs = {{"spki_sha256", hex(user_data(spki))}, {"nonce", hex(nonce)}};
  binding.info.value = hex(binding.report_data);
  return binding;
}

class Extractor {
 public:
  Extractor(const Certificate& leaf, const std::optional<Buffer>& nonce, Report& report) : spki_(leaf.spki()), nonce_(nonce), report_(report) {}

  Extracted run(const doc::Variant& variant, Bytes content) {
    out_.variant = std::string(variant.name);
    const auto json = parse_json(content, "constellation.document");
    const auto stop = [&](std::string why) {
      report_.fail(checks::kDocumentDecode, std::move(why));
      cannot_judge(report_, {&checks::kEvidenceType, &checks::kUserData}, "the document does not decode");
      return std::move(out_);
    };
    if (!json) return stop(json.error().message());
    if (!json->is_object()) return stop("expected a JSON object");
    if (!check_type(variant, content)) {
      report_.pass(checks::kDocumentDecode, "as JSON; its members were not judged");
      check_user_data(user_data_in(*json));
      return std::move(out_);
    }
    if (variant.oid == doc::kOidDummy) return dummy(content);
    if (variant.oid == doc::kOidGcpSevSnp) return snp(content);
    if (variant.oid == doc::kOidQemuTdx) return tdx(content);
    return unsupported(variant, *json);
  }

 private:
  bool check_type(const doc::Variant& variant, Bytes content) {
    const doc::DocumentKind expected = kind_of(variant), actual = doc::sniff(content);
    std::string problem;
    if (expected != actual) {
      problem = "the OID names variant " + std::string(variant.name) + ", the content is another document";
    } else if (expected == doc::DocumentKind::vtpm) {
      std::optional<doc::SnpDocument> probe;
      if (auto parsed = doc::parse_snp(content)) probe = *std::move(parsed);
      problem = instance_mismatch(variant, probe);
    }
    CheckResult& result = report_.judge(checks::kEvidenceType, problem.empty(), problem);
    result.expected = std::string(variant.name) + ": " + std::string(kind_name(expected));
    result.actual = kind_name(actual);
    return problem.empty();
  }

  void check_user_data(const std::optional<Buffer>& found) {
    if (!found) return (void)report_.fail(checks::kUserData, "the document has no readable UserData");
    report_.compare(checks::kUserData, user_data(spki_), *found);
  }

  // The protocol fixes 32 bytes. Its own implementations take any length, so that evidence for the empty nonce can be replayed.
  bool nonce_usable(const CheckSpec& check) {
    if (!nonce_) {
      report_.error(check, "the nonce of the handshake is unknown: give it with --nonce, or judge a bundle");
      return false;
    }
    if (nonce_->size() != doc::kNonceSize) {
      CheckResult& result = report_.fail(check, "the nonce has the wrong length");
      result.expected = std::to_string(doc::kNonceSize) + " bytes";
      result.actual = std::to_string(nonce_->size()) + " bytes";
      return false;
    }
    return true;
  }

  Extracted decode_failed(const Error& error) {
    report_.fail(checks::kDocumentDecode, error.message());
    cannot_judge(report_, {&checks::kUserData}, "the document does not decode");
    return std::move(out_);
  }

  Extracted dummy(Bytes content) {
    const auto document = doc::parse_dummy(content);
    if (!document) return decode_failed(document.error());
    report_.pass(checks::kDocumentDecode);
    check_user_data(document->user_data);
    evidence::Evidence evidence;
    evidence.format = "dummy";
    evidence.container = "constellation";
    evidence.data = to_buffer(content);
    out_.evidence = std::move(evidence);
    if (!nonce_usable(checks::kDummyNonce)) return std::move(out_);
    report_.compare(checks::kDummyNonce, *nonce_, document->nonce);
    evidence::ExpectedBinding binding;   // nothing is signed, so nothing is bound
    binding.info.formula = "Nonce of the document = nonce (unsigned)";
    binding.info.inputs = {{"nonce", hex(*nonce_)}};
    out_.binding = std::move(binding);
    return std::move(out_);
  }

  Extracted snp(Bytes content) {
    const auto document = doc::parse_snp(content);
    if (!document) return decode_failed(document.error());
    if (!document->instance_info || document->instance_info->attestation_report.empty()) {
      report_.pass(checks::kDocumentDecode);
      check_user_data(document->user_data);
      report_.fail(checks::kEvidencePresent, "the document carries no SNP report (InstanceInfo.AttestationReport)");
      return std::move(out_);
    }
    auto endorsements = endorsements_of(*document->instance_info);
    if (!endorsements) return decode_failed(endorsements.error());
    report_.pass(checks::kDocumentDecode);
    check_user_data(document->user_data);
    report_.add_not_proven(document->has_attestation
                               ? "The vTPM quote in the document was not checked: nothing is known about PCRs and the boot chain above the SNP measurement."
                               : "No PCR was shown: the document carries no vTPM quote, which a genuine Constellation verifier demands as well.");
    evidence::Evidence evidence;
    evidence.format = "snp";
    evidence.container = "constellation";
    evidence.data = document->instance_info->attestation_report;
    evidence.endorsements = *std::move(endorsements);
    out_.evidence = std::move(evidence);
    if (nonce_usable(checks::kReportDataBinding)) out_.binding = expected_binding(spki_, *nonce_);
    return std::move(out_);
  }

  Extracted tdx(Bytes content) {
    const auto document = doc::parse_tdx(content);
    if (!document) return decode_failed(document.error());
    report_.pass(checks::kDocumentDecode);
    check_user_data(document->user_data);
    if (document->raw_quote.empty()) {
      report_.fail(checks::kEvidencePresent, "the document carries no TDX quote (RawQuote)");
      return std::move(out_);
    }
    evidence::Evidence evidence;
    evidence.format = "tdx";
    evidence.container = "constellation";
    evidence.data = document->raw_quote;
    out_.evidence = std::move(evidence);
    if (nonce_usable(checks::kIntelReportDataBinding)) out_.binding = expected_binding(spki_, *nonce_);
    return std::move(out_);
  }

  // Evidence is there, and this version cannot judge it: that is undecided, neither "no evidence" nor a refusal.
  Extracted unsupported(const doc::Variant& variant, const nlohmann::json& document) {
    report_.pass(checks::kDocumentDecode, "as JSON; the evidence inside was not decoded");
    check_user_data(user_data_in(document));
    report_.error(checks::kHardwareRoot, "variant " + std::string(variant.name) + " is not supported yet: its evidence was not judged");
    return std::move(out_);
  }

  const Buffer spki_;
  const std::optional<Buffer>& nonce_;
  Report& report_;
  Extracted out_;
};

std::string absence(const Certificate& leaf, const Found& found) {
  if (!found.unknown_variant.empty()) return "extension " + found.unknown_variant + " is of the protocol's arc, but names no variant that is known";
  if (leaf.subject_cn() == "Constellation") return "the leaf certificate has no evidence extension: a peer of this protocol without an attester";
  return "the leaf certificate has no evidence extension: the peer does not speak this profile";
}

}  // namespace

Extracted extract(const std::vector<Buffer>& chain, const std::optional<Buffer>& nonce, bool peer_is_client, Time now, Report& report) {
  const std::vector<const CheckSpec*> of_leaf{&checks::kLeafValidity, &checks::kLeafSignature, &checks::kLeafExtensions};
  if (chain.empty()) {
    report.fail(checks::kEvidencePresent, "the peer presented no certificate");
    return {};
  }
  const auto leaf = Certificate::from_der(chain.front());   // further certificates carry nothing in this profile
  if (!leaf) {
    report.fail(checks::kDocumentDecode, "the leaf certificate does not decode: " + leaf.error().message());
    cannot_judge(report, of_leaf, "the leaf certificate does not decode");
    return {};
  }
  check_validity(*leaf, now, report);
  check_signature(*leaf, report);
  check_extensions(*leaf, peer_is_client, report);

  const Found found = find_evidence(*leaf);
  if (found.variant == nullptr) {
    report.fail(checks::kEvidencePresent, absence(*leaf, found));
    for (const CheckSpec* spec : {&checks::kEvidenceSingle, &checks::kEvidenceType, &checks::kDocumentDecode, &checks::kUserData})
      report.skip(*spec, "there is no evidence");
    return {};
  }
  report.pass(checks::kEvidencePresent).actual = std::string(found.variant->name) + " (" + std::string(found.variant->oid) + ")";
  CheckResult& single = report.judge(checks::kEvidenceSingle, found.count == 1, "peers may each judge another one; the first was judged here");
  single.expected = "1";
  single.actual = std::to_string(found.count);
  return Extractor(*leaf, nonce, report).run(*found.variant, found.extension->value);
}

bool has_constellation_extension(Bytes leaf_der) {
  const auto leaf = Certificate::from_der(leaf_der);
  return leaf && find_evidence(*leaf).variant != nullptr;
}

bool has_constellation_extension(X509& leaf) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(&leaf, &der);
  const bool has = size > 0 && has_constellation_extension(Bytes(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return has;
}

}  // namespace atls::profile::constellation
