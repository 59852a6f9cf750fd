// Documents: from an attester's evidence, and the endorsements inside them.
#include <string>

#include "crypto/certificate.hpp"
#include "pem/pem.hpp"
#include "profile/constellation.hpp"
#include "profile/constellation_endorsements.hpp"
#include "snp/cert_table.hpp"
#include "snp/report.hpp"

namespace atls::profile::constellation {
namespace {

namespace doc = atls::constellation;
constexpr std::string_view kCertificateLabel = "CERTIFICATE";

// Full names are compared: "SEV-VLEK" is a prefix of "SEV-VLEK-Milan", and "SEV-" of everything (AMD 57230).
std::optional<CollateralKind> kind_from_subject(const Buffer& der) {
  const auto certificate = crypto::Certificate::from_der(der);
  if (!certificate) return {};
  const std::string cn = certificate->subject_cn();
  if (cn == "SEV-VCEK") return CollateralKind::amd_vcek;
  if (cn == "SEV-VLEK") return CollateralKind::amd_vlek;
  for (const snp::ProductLine line : {snp::ProductLine::milan, snp::ProductLine::genoa, snp::ProductLine::turin}) {
    const std::string product(snp::product_name(line));
    if (cn == "SEV-" + product) return CollateralKind::amd_ask;
    if (cn == "SEV-VLEK-" + product) return CollateralKind::amd_asvk;
    if (cn == "ARK-" + product) return CollateralKind::amd_ark;
  }
  return {};
}

// `place`: what a certificate is taken for when its subject does not say.
Status append_pem(Bytes text, std::string_view member, CollateralKind place, std::size_t most, std::vector<CollateralItem>& out) {
  const std::string where = "constellation.document.InstanceInfo." + std::string(member);
  const auto blocks = pem::parse(text);
  if (!blocks) return Error{Errc::bad_value, where, blocks.error().message()};
  if (blocks->empty()) return Error{Errc::bad_value, where, "expected a PEM certificate, found none"};
  if (blocks->size() > most)
    return Error{Errc::bad_value, where, "expected at most " + std::to_string(most) + " certificates, found " + std::to_string(blocks->size())};
  for (const pem::Block& block : *blocks) {
    if (block.label != kCertificateLabel)
      return Error{Errc::bad_value, where, "expected a PEM block CERTIFICATE, found " + block.label, block.offset};
    CollateralItem item;
    item.kind = kind_from_subject(block.data).value_or(place);
    item.data = block.data;
    item.source = CollateralSource::handshake;
    item.origin = "document " + std::string(member);
    out.push_back(std::move(item));
  }
  return ok();
}

// A blob is DER, or PEM on some hosts; PEM is passed on as it is.
void append_blob(const Buffer& blob, Buffer& pem_out) {
  const std::string text = pem::looks_like_pem(blob) ? std::string(as_text(blob)) : pem::encode(kCertificateLabel, blob);
  pem_out.insert(pem_out.end(), text.begin(), text.end());
  if (!pem_out.empty() && pem_out.back() != '\n') pem_out.push_back('\n');
}

bool signed_by_vlek(const evidence::Evidence& evidence) {
  const auto report = snp::parse_report(evidence.data);
  return report && report->signing_key_raw() == static_cast<std::uint8_t>(snp::SigningKey::vlek);
}

PemMembers from_table(const snp::CertTable& table, bool vlek) {
  using Kind = snp::TableEntryKind;
  const snp::TableEntry* signer = table.find(vlek ? Kind::vlek : Kind::vcek);
  if (signer == nullptr) signer = table.find(vlek ? Kind::vcek : Kind::vlek);   // the wrong kind is for the verifier to refuse
  PemMembers out;
  if (signer != nullptr) append_blob(signer->data, out.report_signer);
  for (const Kind kind : {Kind::ask, Kind::ark})   // the ASK entry holds the ASVK of a VLEK chain
    if (const snp::TableEntry* entry = table.find(kind)) append_blob(entry->data, out.cert_chain);
  return out;
}

PemMembers from_items(const std::vector<CollateralItem>& items, bool vlek) {
  PemMembers out;
  for (const CollateralItem& item : items) {
    const bool signer = item.kind == (vlek ? CollateralKind::amd_vlek : CollateralKind::amd_vcek);
    if (signer && out.report_signer.empty()) append_blob(item.data, out.report_signer);
  }
  for (const CollateralKind kind : {vlek ? CollateralKind::amd_asvk : CollateralKind::amd_ask, CollateralKind::amd_ark})
    for (const CollateralItem& item : items)
      if (item.kind == kind) {
        append_blob(item.data, out.cert_chain);
        break;
      }
  return out;
}

}  // namespace

Result<std::vector<CollateralItem>> endorsements_of(const doc::InstanceInfo& info) {
  std::vector<CollateralItem> out;
  if (!info.report_signer_pem.empty())
    if (const Status s = append_pem(info.report_signer_pem, "ReportSigner", CollateralKind::amd_vcek, 1, out); !s) return s.error();
  if (!info.cert_chain_pem.empty())
    if (const Status s = append_pem(info.cert_chain_pem, "CertChain", CollateralKind::amd_ask, evidence::kMaxChain, out); !s)
      return s.error();
  return out;
}

Result<PemMembers> pem_members_of(const evidence::Evidence& evidence) {
  const bool vlek = signed_by_vlek(evidence);
  if (!evidence.aux || evidence.aux->empty()) return from_items(evidence.endorsements, vlek);
  const auto table = snp::parse_cert_table(*evidence.aux);
  if (!table) return table.error();
  return from_table(*table, vlek);
}

Result<Document> make_document(const evidence::Evidence& evidence, Bytes user_data, Bytes nonce) {
  if (evidence.format == "dummy")
    return Document{std::string(doc::kOidDummy), doc::encode_dummy({to_buffer(user_data), to_buffer(nonce)})};
  if (evidence.format == "tdx") return Document{std::string(doc::kOidQemuTdx), doc::encode_tdx({evidence.data, to_buffer(user_data)})};
  if (evidence.format != "snp")
    return Error{Errc::unsupported, "constellation.document", "no document form for evidence of format " + evidence.format};
  const auto pem = pem_members_of(evidence);
  if (!pem) return pem.error();
  return Document{std::string(doc::kOidGcpSevSnp), doc::encode_snp(evidence.data, pem->report_signer, pem->cert_chain, user_data)};
}

}  // namespace atls::profile::constellation
