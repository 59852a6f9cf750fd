#include "evidence/present.hpp"

#include "base/hex.hpp"
#include "constellation/document.hpp"
#include "evidence/memo.hpp"
#include "profile/constellation.hpp"
#include "profile/registry.hpp"

namespace atls::evidence {
namespace {

// Damage that the checks of the structure itself see and name: the evidence is the whole input and is handed over as it is.
bool is_judged_by_checks(const Loaded& loaded) {
  const bool quote = loaded.kind == InputKind::tdx_quote || loaded.kind == InputKind::sgx_quote;
  return loaded.encodings.empty() && (quote || loaded.kind == InputKind::snp_report || loaded.kind == InputKind::snp_extended || loaded.kind == InputKind::directory);
}

Presented undecodable(std::string why) {
  Presented out;
  out.raw.emplace();
  out.raw->format = "snp";
  out.raw->decode_error = std::move(why);
  return out;
}

std::string subject_of(Bytes der) {
  const auto x = decode_certificate(der);
  return x ? x->subject_text() : "which does not decode";
}

// What stood beside the evidence in one file: each part is handed to the judge of the evidence, or told, or contradicts it.
std::optional<std::string> join_parts(const Loaded& loaded, Presented& out) {
  Evidence& e = *out.raw;
  for (const Buffer& der : loaded.certificates) {
    if (profile::constellation::has_constellation_extension(der)) return "it holds evidence, and beside it a certificate with evidence of its own; give one of the two";
    if (const auto kind = endorsement_kind(der)) e.endorsements.push_back({*kind, der, CollateralSource::bundle, loaded.name});
    else out.unused.push_back({"a certificate that endorses no evidence (" + subject_of(der) + ")", der});
  }
  for (const Buffer& der : loaded.crls) e.endorsements.push_back({crl_kind(der), der, CollateralSource::bundle, loaded.name});
  out.with_it = loaded.collateral;
  if (!loaded.event_log) return std::nullopt;
  if (e.event_log) return "it holds two event logs";
  if (e.format == "tdx") e.event_log = loaded.event_log;
  else out.unused.push_back({"an event log: only a TDX quote vouches for one", {}});
  return std::nullopt;
}

bool is_told_apart(InputKind kind) {
  return kind == InputKind::event_log || kind == InputKind::ccel_table;
}

// Certificates, CRLs and signed documents that are endorsements and nothing else; empty when a certificate is something else.
std::vector<CollateralItem> endorsements_of(const Loaded& loaded) {
  std::vector<CollateralItem> out = loaded.collateral;
  for (const Buffer& der : loaded.certificates) {
    const auto kind = endorsement_kind(der);
    if (!kind) return {};
    out.push_back({*kind, der, CollateralSource::bundle, loaded.name});
  }
  for (const Buffer& der : loaded.crls) out.push_back({crl_kind(der), der, CollateralSource::bundle, loaded.name});
  return out;
}

}  // namespace

Result<Presented> present(const Loaded& loaded, const std::optional<Buffer>& nonce) {
  const auto unused = [&](const char* what) {
    return Error{Errc::bad_value, "nonce", "a nonce was given, and " + loaded.name + " is " + what + ", which binds none"};
  };
  Presented out;
  out.unused = loaded.unused;
  if (loaded.kind == InputKind::bundle && !loaded.error) {
    if (nonce && loaded.nonce != nonce)
      return Error{Errc::bad_value, "nonce", "the bundle records " + (loaded.nonce ? hex(*loaded.nonce) : std::string("none")) + ", given was " + hex(*nonce)};
    const auto* known = profile::find_profile(loaded.bundle_profile);
    if (known == nullptr || known->id != loaded.bundle_profile)   // of the file, so no fault of the command line
      return undecodable("the bundle records the profile \"" + loaded.bundle_profile + "\", which this version does not know");
    out.profile = loaded.bundle_profile;
    out.chain = loaded.certificates;
    out.nonce = loaded.nonce;
    out.nonce_origin = loaded.nonce ? Presented::NonceOrigin::recorded : Presented::NonceOrigin::none;
    out.peer_is_client = loaded.bundle_role == "client";
    out.with_it = loaded.collateral;
    out.copies = loaded.bundle_evidence;
    out.resumed = loaded.bundle_resumed;
    out.recorded_tls = loaded.bundle_tls;
    return out;
  }
  if (loaded.evidence) {
    if (nonce) return unused("evidence without a certificate");
    out.raw.emplace(*loaded.evidence);
    if (loaded.error && !out.raw->decode_error && !is_judged_by_checks(loaded)) out.raw->decode_error = loaded.error->message();
    if (auto contradiction = join_parts(loaded, out); contradiction && !out.raw->decode_error) out.raw->decode_error = std::move(contradiction);
    return out;
  }
  if (loaded.error) return undecodable(loaded.error->message());
  out.bare_endorsements = loaded.kind == InputKind::collateral ? loaded.collateral : endorsements_of(loaded);
  if (!out.bare_endorsements.empty()) {
    if (loaded.event_log) out.unused.push_back({"an event log: only a TDX quote vouches for one", {}});
    if (nonce) return unused("endorsements");
    return out;
  }
  if (is_told_apart(loaded.kind) && loaded.certificates.empty()) {   // decoded, but nothing that attests
    if (nonce) return unused("no evidence");
    out.raw.emplace().format = std::string(input_kind_name(loaded.kind));
    return out;
  }
  if (loaded.kind == InputKind::embedded_quote)   // where evidence stands in a file is not for a search to decide
    return undecodable("no known form of evidence, but something like an Intel quote stands in it: take it out (atls-dump --extract quote -o FILE) and judge that");
  if (loaded.certificates.empty()) return undecodable("it holds neither evidence nor a certificate");
  if (nonce && nonce->size() != constellation::kNonceSize)
    return Error{Errc::bad_value, "nonce", "the nonce has " + std::to_string(nonce->size()) + " bytes, and the profile constellation binds one of " + std::to_string(constellation::kNonceSize), 0};
  out.profile = "constellation";           // the one profile with evidence in the leaf; its checks say when there is none
  out.chain = loaded.certificates;
  out.with_it = loaded.collateral;
  for (const Buffer& der : loaded.crls) out.with_it.push_back({crl_kind(der), der, CollateralSource::bundle, loaded.name});
  out.log_beside = loaded.event_log;
  out.nonce = nonce;
  out.nonce_origin = nonce ? Presented::NonceOrigin::given : Presented::NonceOrigin::none;
  return out;
}

}  // namespace atls::evidence
