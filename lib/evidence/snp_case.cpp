// Decodes what came with SEV-SNP evidence and decides the product line.
#include "evidence/snp_case.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "evidence/memo.hpp"
#include "pem/pem.hpp"

namespace atls::evidence {
namespace {

using snp::TableEntryKind;

struct TableKind {
  TableEntryKind entry;
  CollateralKind kind;
};
constexpr TableKind kTableKinds[] = {{TableEntryKind::vcek, CollateralKind::amd_vcek},
                                     {TableEntryKind::vlek, CollateralKind::amd_vlek},
                                     {TableEntryKind::ask, CollateralKind::amd_ask},
                                     {TableEntryKind::ark, CollateralKind::amd_ark},
                                     {TableEntryKind::crl, CollateralKind::amd_crl}};

// Blobs are DER or PEM. Of several certificates in one blob the first counts, as the peers that accept it do.
Buffer first_object(Bytes blob, std::string_view name, std::vector<std::string>& remarks) {
  if (!pem::looks_like_pem(blob)) return to_buffer(blob);
  const auto blocks = pem::parse(blob);
  if (!blocks || blocks->empty()) return to_buffer(blob);  // does not decode: said where it is used
  if (blocks->size() > 1)
    remarks.push_back("the " + std::string(name) + " entry has " + std::to_string(blocks->size()) +
                      " PEM blocks; the first was used");
  return blocks->front().data;
}

std::vector<CollateralItem> table_items(SnpCase& c) {
  std::vector<CollateralItem> items;
  for (const snp::TableEntry& entry : c.table->entries) {
    if (!entry.in_bounds || entry.data.empty()) continue;
    for (const TableKind& row : kTableKinds) {
      if (row.entry != entry.kind) continue;
      const auto name = snp::table_entry_name(entry.kind);
      items.push_back({row.kind, first_object(entry.data, name, c.table_remarks), supplied_by(*c.evidence),
                       std::string(name) + " entry of the certificate table"});
    }
  }
  if (c.table->find(TableEntryKind::vcek) != nullptr && c.table->find(TableEntryKind::vlek) != nullptr)
    c.table_remarks.push_back("both a VCEK and a VLEK are present; SIGNING_KEY of the report decides");
  return items;
}

std::optional<snp::ProductLine> product_of_extra_info(const SnpCase& c) {
  const snp::TableEntry* entry = c.table ? c.table->find(TableEntryKind::extra_platform_info) : nullptr;
  if (entry == nullptr || !entry->in_bounds) return std::nullopt;
  const auto eax = snp::parse_extra_platform_info(entry->data);
  if (!eax) return std::nullopt;
  // CPUID(1).EAX packs family and model; a version 3 report carries them combined, as product_from_cpuid wants them.
  snp::AttestationReport as_v3;
  as_v3.version = 3;
  const std::uint32_t family = (*eax >> 8 & 0xF) + ((*eax >> 8 & 0xF) == 0xF ? *eax >> 20 & 0xFF : 0);
  as_v3.cpuid_fam_id = static_cast<std::uint8_t>(family);
  as_v3.cpuid_mod_id = static_cast<std::uint8_t>((*eax >> 12 & 0xF0) | (*eax >> 4 & 0xF));
  const auto line = as_v3.product_from_cpuid();
  return line == snp::ProductLine::unknown ? std::nullopt : std::optional(line);
}

// Reports of version 2 carry no CPUID. What else tells the product, before any certificate was looked for.
void decide_product(SnpCase& c, const Supply& supply) {
  const auto decide = [&](snp::ProductLine line, std::string from) {
    if (c.product != snp::ProductLine::unknown || line == snp::ProductLine::unknown) return;
    c.product = line;
    c.product_from = std::move(from);
  };
  if (c.report->version >= 3) return decide(c.report->product_from_cpuid(), "CPUID of the report");
  if (const auto line = product_of_extra_info(c)) decide(*line, "extra platform info of the certificate table");
  for (const SuppliedCertificate& vek : supply.veks)
    if (is_candidate_vek(vek, c)) decide(vek_facts(vek.object).product, "productName of the endorsement certificate");
  for (const auto* list : {&supply.asks, &supply.arks})
    for (const SuppliedCertificate& ca : *list)
      if (const auto role = ca_from_subject_cn(ca.object.subject_cn()))
        decide(role->second, "name of the supplied CA certificate");
  const Bytes chip(c.report->chip_id);
  if (is_zero(chip.subspan(8)) && !is_zero(chip.first(8))) decide(snp::ProductLine::turin, "length of the chip id");
}

}  // namespace

Supply sort_items(const std::vector<CollateralItem>& items) {
  Supply out;
  for (const CollateralItem& item : items) {
    const std::string name = item.origin.empty() ? std::string(collateral_kind_name(item.kind)) : item.origin;
    if (item.kind == CollateralKind::amd_crl) {
      auto crl = decode_crl(item.data);
      if (crl)
        out.crls.push_back({*std::move(crl), item.kind, item.source, item.origin});
      else
        out.undecodable.push_back(name + " does not decode: " + crl.error().message());
      continue;
    }
    auto certificate = decode_certificate(item.data);
    if (auto crl = certificate ? Result<crypto::Crl>(Error{}) : decode_crl(item.data)) {   // revoked once is revoked, whatever the list was called
      out.crls.push_back({*std::move(crl), CollateralKind::amd_crl, item.source, item.origin});
      continue;
    }
    if (!certificate) {
      out.undecodable.push_back(name + " does not decode: " + certificate.error().message());
      continue;
    }
    auto& list = item.kind == CollateralKind::amd_ark                                            ? out.arks
                 : item.kind == CollateralKind::amd_ask || item.kind == CollateralKind::amd_asvk ? out.asks
                                                                                                 : out.veks;
    list.push_back({*std::move(certificate), item.kind, item.source, item.origin});
  }
  return out;
}

SnpCase make_snp_case(const Evidence& evidence, const std::vector<CollateralItem>& with_it, const Context& context) {
  SnpCase c;
  c.evidence = &evidence;
  if (auto report = snp::parse_report(evidence.data)) c.report = *std::move(report);
  if (evidence.hcl) {
    auto hcl = azure::parse_hcl(*evidence.hcl);
    if (hcl)
      c.hcl = *std::move(hcl);
    else
      c.hcl_error = hcl.error().message();
  }
  std::vector<CollateralItem> items;
  if (evidence.aux) {
    auto table = snp::parse_cert_table(*evidence.aux);
    if (table) {
      c.table = *std::move(table);
      items = table_items(c);
    } else {
      c.table_error = table.error().message();
    }
  }
  items.insert(items.end(), evidence.endorsements.begin(), evidence.endorsements.end());
  c.own_items = items;
  items.insert(items.end(), with_it.begin(), with_it.end());
  if (!c.report) return c;

  const Supply supply = sort_items(items);
  decide_product(c, supply);
  choose_vek(c, supply, context);
  choose_authorities(c, supply, context);
  choose_crl(c, supply, context);
  return c;
}

SnpCase make_bare_case(const std::vector<CollateralItem>& items, const Context& context) {
  SnpCase c;
  const Supply supply = sort_items(items);
  choose_vek(c, supply, context);
  choose_authorities(c, supply, context);
  choose_crl(c, supply, context);
  return c;
}

Buffer CaLink::spki() const {
  return certificate ? certificate->object.spki() : builtin != nullptr ? builtin->spki : Buffer{};
}
std::string CaLink::spki_sha256() const {
  return certificate ? certificate->object.spki_sha256() : builtin != nullptr ? builtin->spki_sha256 : "";
}
Buffer CaLink::subject_der() const {
  return certificate ? certificate->object.subject_der() : amd_name_der(subject_cn());
}
std::string CaLink::subject_cn() const {
  return certificate ? certificate->object.subject_cn() : builtin != nullptr ? builtin->subject_cn : "";
}
std::string CaLink::serial_hex() const {
  return certificate ? certificate->object.serial_hex() : builtin != nullptr ? builtin->serial_hex : "";
}
std::string CaLink::label() const {
  if (!present()) return std::string(ca_role_name(role));
  return std::string(ca_role_name(role)) + " " + subject_cn() + (certificate ? "" : " (built-in key)");
}

std::string describe(const std::vector<CollateralMiss>& misses) {
  std::vector<std::string> told;   // a report without a processor is looked up under every product line: each answer once
  for (const CollateralMiss& miss : misses) {
    std::string_view why;
    switch (miss.why) {
      case CollateralMiss::Why::absent:
        why = "has none";
        break;
      case CollateralMiss::Why::offline:
        why = "not asked";
        break;
      case CollateralMiss::Why::unavailable:
        why = "unavailable";
        break;
      case CollateralMiss::Why::refused:
        why = "refused, it has no such object";
        break;
      case CollateralMiss::Why::invalid:
        why = "gave something unusable";
        break;
    }
    std::string sentence = std::string(collateral_source_name(miss.source)) + ": " + std::string(why);
    if (!miss.detail.empty()) sentence += " (" + miss.detail + ")";
    if (std::find(told.begin(), told.end(), sentence) == told.end()) told.push_back(std::move(sentence));
  }
  std::string out;
  for (const std::string& sentence : told) out += (out.empty() ? "" : "; ") + sentence;
  return out;
}

}  // namespace atls::evidence
