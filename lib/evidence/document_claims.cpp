#include "evidence/document_claims.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "constellation/document.hpp"
#include "crypto/certificate.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/intel_claims.hpp"
#include "evidence/snp_claims.hpp"
#include "evidence/x509_claims.hpp"

namespace atls::evidence {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxJsonClaims = 16384;   // a claim is some hundred bytes and a line, and nobody reads more

// The depth is bounded by parse_json. What is beyond the budget is told once, where it begins.
Claim from_json(const json& value, std::string name, std::size_t& budget) {
  Claim c(std::move(name));
  if (budget == 0) return c;
  if (--budget == 0) {
    c.error = "more than " + std::to_string(kMaxJsonClaims) + " values; the rest is not shown";
    return c;
  }
  switch (value.type()) {
    case json::value_t::object:
      for (const auto& [key, member] : value.items())
        if (budget != 0) c.add(from_json(member, key, budget));
      break;
    case json::value_t::array:
      for (const json& item : value)
        if (budget != 0) c.add(from_json(item, "item", budget));
      break;
    case json::value_t::string: c.value = value.get<std::string>(); break;
    case json::value_t::boolean: c.value = value.get<bool>(); break;
    case json::value_t::number_unsigned: c.value = value.get<std::uint64_t>(); break;
    case json::value_t::null: c.meaning = "null"; break;
    default: c.value = value.dump(); break;   // negative and fractional numbers, as text
  }
  return c;
}

void add_pem(Claim& parent, Bytes pem, const char* member) {
  if (pem.empty()) return;
  const auto certificates = crypto::certificates_from(pem);
  Claim c = space_claim(member, pem);
  if (!certificates) c.error = certificates.error().message();
  else
    for (const auto& certificate : *certificates) c.add(certificate_claims(certificate.der(), "certificate"));
  parent.add(std::move(c));
}

void add_instance_info(Claim& root, const constellation::InstanceInfo& info) {
  Claim c = space_claim("InstanceInfo", info.raw);
  c.add(report_claims(info.attestation_report));
  add_pem(c, info.report_signer_pem, "ReportSigner");
  add_pem(c, info.cert_chain_pem, "CertChain");
  c.add(value_claim("Azure", info.has_azure, info.has_azure ? "present" : "null"));
  c.add(value_claim("GCP", info.has_gcp, info.has_gcp ? "present" : "null"));
  root.add(std::move(c));
}

}  // namespace

Claim json_claims(Bytes text, std::string name) {
  Claim root = space_claim(std::move(name), text);
  const auto parsed = parse_json(text, root.name);
  if (!parsed) {
    root.value = to_buffer(text);
    root.error = parsed.error().message();
    return root;
  }
  std::size_t budget = kMaxJsonClaims;
  Claim tree = from_json(*parsed, root.name, budget);
  root.value = std::move(tree.value);
  root.children = std::move(tree.children);
  return root;
}

Claim document_claims(Bytes text, std::string name) {
  Claim root = space_claim(std::move(name), text);
  switch (constellation::sniff(text)) {
    case constellation::DocumentKind::dummy: {
      root.meaning = "Constellation aTLS document without hardware evidence";
      const auto d = constellation::parse_dummy(text);
      if (!d) break;
      root.add(value_claim("UserData", d->user_data));
      root.add(value_claim("Nonce", d->nonce));
      return root;
    }
    case constellation::DocumentKind::vtpm: {
      root.meaning = "Constellation aTLS document";
      const auto d = constellation::parse_snp(text);
      if (!d) {
        root.error = d.error().message();
        break;
      }
      root.add(value_claim("Attestation", d->has_attestation, d->has_attestation ? "vTPM quote, not decoded" : "null: no vTPM quote"));
      root.add(value_claim("UserData", d->user_data));
      if (d->instance_info) add_instance_info(root, *d->instance_info);
      return root;
    }
    case constellation::DocumentKind::tdx: {
      root.meaning = "Constellation aTLS document with a TDX quote";
      const auto d = constellation::parse_tdx(text);
      if (!d) {
        root.error = d.error().message();
        break;
      }
      root.add(quote_claims(d->raw_quote, "RawQuote"));
      root.add(value_claim("UserData", d->user_data));
      return root;
    }
    case constellation::DocumentKind::unknown: break;
  }
  const std::string why = root.error;
  Claim plain = json_claims(text, root.name);
  plain.meaning = root.meaning;
  if (!why.empty()) plain.error = why;
  return plain;
}

}  // namespace atls::evidence
