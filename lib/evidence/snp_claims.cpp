#include "evidence/snp_claims.hpp"

#include <algorithm>

#include "base/cursor.hpp"
#include "base/hex.hpp"
#include "base/text.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/memo.hpp"
#include "evidence/document_claims.hpp"
#include "evidence/eventlog_claims.hpp"
#include "evidence/hcl_claims.hpp"
#include "evidence/intel_claims.hpp"
#include "evidence/text_damage.hpp"
#include "evidence/x509_claims.hpp"
#include "snp/cert_table.hpp"
#include "snp/report.hpp"

namespace atls::evidence {
namespace {

using snp::Field;
using snp::FieldKind;

std::uint64_t little(Bytes bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) out = out << 8 | bytes[i];
  return out;
}

// Bit n of a little-endian field at `offset` is in the byte offset + n / 8.
void add_bits(Claim& parent, std::span<const snp::NamedBit> bits, std::uint64_t value, std::size_t offset) {
  std::vector<std::string> set;
  for (const snp::NamedBit& b : bits) {
    const bool on = (value >> b.bit & 1) != 0;
    if (on) set.emplace_back(b.name);
    parent.add(field_claim(std::string(b.name), on, offset + b.bit / 8, 1, on ? std::string(b.meaning) : std::string()));
  }
  parent.meaning += set.empty() ? ": no flag set" : ": " + joined(set, ", ");
}

Claim policy_claim(std::uint64_t bits, std::size_t offset) {
  const snp::GuestPolicy policy{bits};
  Claim c = field_claim("policy", bits, offset, 8, hex_number(bits, 16));
  c.add(field_claim("abi_minor", std::uint64_t{policy.abi_minor()}, offset, 1));
  c.add(field_claim("abi_major", std::uint64_t{policy.abi_major()}, offset + 1, 1));
  add_bits(c, snp::guest_policy_bits(), bits, offset);
  c.add(field_claim("reserved_ok", policy.reserved_ok(), offset, 8, policy.reserved_ok() ? "" : "bit 17 must be one and bits 63 to 26 zero"));
  return c;
}

Claim platform_claim(std::uint64_t bits, std::size_t offset) {
  Claim c = field_claim("platform_info", bits, offset, 8, hex_number(bits, 2));
  add_bits(c, snp::platform_info_bits(), bits, offset);
  if ((bits >> 6 & 1) != 0) c.add(field_claim("bit_6", true, offset, 1, "set on every Turin platform, not named in the published table"));
  if (bits >> 8 != 0) c.add(field_claim("reserved", bits >> 8, offset + 1, 7, "bits 63 to 8 must be zero"));
  return c;
}

Claim signer_claim(std::uint64_t bits, std::size_t offset) {
  snp::AttestationReport r;
  r.signer_info = static_cast<std::uint32_t>(bits);
  Claim c = field_claim("signer_info", bits, offset, 4, "signed by " + snp::signing_key_name(r.signing_key_raw()));
  c.add(field_claim("author_key_en", r.author_key_en(), offset, 1, r.author_key_en() ? "author_key_digest is valid" : ""));
  c.add(field_claim("mask_chip_key", r.mask_chip_key(), offset, 1, r.mask_chip_key() ? "the host forbade signing with the VCEK" : ""));
  c.add(field_claim("signing_key", snp::signing_key_name(r.signing_key_raw()), offset, 1));
  if (bits >> 5 != 0) c.add(field_claim("reserved", bits >> 5, offset, 4, "bits 31 to 5 must be zero"));
  return c;
}

Claim tcb_claim(const Field& f, Bytes bytes, snp::TcbLayout layout) {
  snp::TcbVersion tcb;
  std::copy(bytes.begin(), bytes.end(), tcb.raw.begin());
  Claim c = field_claim(std::string(f.name), to_buffer(bytes), f.offset, f.size, tcb.text(layout));
  for (const snp::TcbComponent component : snp::kTcbComponents) {
    const auto value = tcb.component(component, layout);
    if (!value) continue;
    std::size_t index = 0;   // where this layout keeps the component
    for (snp::TcbVersion probe; index < 8; ++index, probe = {}) {
      probe.raw[index] = 1;
      if (probe.component(component, layout) == 1) break;
    }
    c.add(field_claim(std::string(snp::tcb_component_name(component)), std::uint64_t{*value}, f.offset + index, 1));
  }
  if (!tcb.reserved_zero(layout)) c.add(value_claim("reserved_zero", false, "reserved bytes are set"));
  return c;
}

std::string number_meaning(const Field& f, std::uint64_t v) {
  if (f.name == "vmpl") return v == 0xFFFFFFFF ? "requested by the host" : v > 3 ? "outside 0 to 3" : "privilege level of the requester";
  if (f.name == "signature_algo") return v == 1 ? "ECDSA P-384 with SHA-384" : v == 0 ? "no signature" : "reserved";
  if (f.name == "version" && (v < 2 || v > 5)) return "not a released layout, read as version " + std::string(v < 2 ? "2" : "5");
  return f.kind == FieldKind::u64 ? hex_number(v, 16) : std::string(f.name.starts_with("cpuid") ? hex_number(v, 2) : "");
}

Claim plain_claim(const Field& f, Bytes bytes, snp::TcbLayout layout) {
  const std::string name(f.name);
  switch (f.kind) {
    case FieldKind::u8:
    case FieldKind::u32:
    case FieldKind::u64: return field_claim(name, little(bytes), f.offset, f.size, number_meaning(f, little(bytes)));
    case FieldKind::tcb: return tcb_claim(f, bytes, layout);
    case FieldKind::policy: return policy_claim(little(bytes), f.offset);
    case FieldKind::platform_info: return platform_claim(little(bytes), f.offset);
    case FieldKind::signer_info: return signer_claim(little(bytes), f.offset);
    case FieldKind::reserved:
      if (is_zero(bytes)) return field_claim(name, std::monostate{}, f.offset, f.size, "zero");
      return field_claim(name, to_buffer(bytes), f.offset, f.size, "not zero");
    case FieldKind::signature: return field_claim(name.substr(name.find('.') + 1), to_buffer(bytes), f.offset, f.size, std::string(f.note));
    case FieldKind::bytes: break;
  }
  std::string meaning = is_zero(bytes) ? "zero" : is_all(bytes, 0xFF) ? "all ones" : "";
  if (f.name == "chip_id" && is_zero(bytes)) meaning = "masked by the platform";
  return field_claim(name, to_buffer(bytes), f.offset, f.size, meaning);
}

// CPUID, or for version 2 the form of the chip id: Turin fills only its first eight bytes.
snp::ProductLine product_of(Bytes report) {
  const auto r = snp::parse_report(report);
  if (!r) return snp::ProductLine::unknown;
  const auto line = r->product_from_cpuid();
  const Bytes chip(r->chip_id);
  if (r->version <= 2 && !is_zero(chip.first(8)) && is_zero(chip.subspan(8))) return snp::ProductLine::turin;
  return line;
}

// A batch of reports of one platform repeats the same certificates: those in DER are decoded once.
Result<std::vector<crypto::Certificate>> certificates_in(Bytes blob) {
  if (blob.empty() || blob[0] != 0x30) return crypto::certificates_from(blob);
  auto one = decode_certificate(blob);
  if (!one) return one.error();
  return std::vector{*std::move(one)};
}

void add_blob(Claim& entry, const snp::TableEntry& e) {
  entry.add(value_claim("sha256", hex(crypto::sha256(e.data))));
  if (e.kind == snp::TableEntryKind::extra_platform_info) {
    const auto eax = snp::parse_extra_platform_info(e.data);
    if (eax) entry.add(field_claim("cpuid_1_eax", std::uint64_t{*eax}, e.offset + 4, 4, hex_number(*eax, 8)));
    else entry.error = eax.error().message();
    return;
  }
  if (e.kind == snp::TableEntryKind::crl) {
    entry.add(crl_claims(e.data, "crl"));
    return;
  }
  if (e.kind == snp::TableEntryKind::unknown || e.kind == snp::TableEntryKind::gce_endorsement) return;
  const auto certificates = certificates_in(e.data);
  if (!certificates) {
    entry.error = "not a certificate: " + certificates.error().message();
    return;
  }
  for (std::size_t i = 0; i < certificates->size(); ++i) {
    if (i == 0) entry.add(value_claim("subject_cn", (*certificates)[i].subject_cn()));
    entry.add(certificate_claims((*certificates)[i].der(), "certificate"));
  }
}

Claim entry_claim(const snp::TableEntry& e, std::size_t index) {
  const std::string name(snp::table_entry_name(e.kind));
  Claim c = field_claim("entry", name, index * 24, 24);
  c.add(field_claim("guid", snp::guid_text(e.guid), index * 24, 16));
  c.add(value_claim("name", name));
  c.add(field_claim("offset", std::uint64_t{e.offset}, index * 24 + 16, 4));
  c.add(field_claim("length", std::uint64_t{e.length}, index * 24 + 20, 4));
  c.add(value_claim("in_bounds", e.in_bounds));
  if (!e.in_bounds) {
    c.error = "blob is not inside the table";
    return c;
  }
  c.add(field_claim("data", std::monostate{}, e.offset, e.length));
  add_blob(c, e);
  return c;
}

}  // namespace

Claim report_claims(Bytes report, std::string name) {
  Claim root = space_claim(std::move(name), report);
  const std::uint32_t version = report.size() >= 4 ? static_cast<std::uint32_t>(little(report.first(4))) : 0;
  const snp::ProductLine line = product_of(report);
  const snp::TcbLayout layout = snp::tcb_layout(line);
  Claim* signature = nullptr;
  for (const Field& f : snp::report_fields(version)) {
    if (f.offset + f.size > report.size()) {
      const std::size_t left = report.size() - std::min(f.offset, report.size());
      Claim cut = field_claim(std::string(f.name), to_buffer(report.last(left)), f.offset, left);
      cut.error = "input ends after " + std::to_string(left) + " of " + std::to_string(f.size) + " bytes of this field, at offset " +
                  std::to_string(report.size()) + " of " + std::to_string(snp::kReportSize);
      root.error = cut.error;
      if (signature != nullptr) cut.name = "s";
      (signature != nullptr ? *signature : root).add(std::move(cut));
      return root;
    }
    Claim c = plain_claim(f, report.subspan(f.offset, f.size), layout);
    if (f.kind != FieldKind::signature) {
      root.add(std::move(c));
      continue;
    }
    if (f.name == "signature.r") signature = &root.add(field_claim("signature", std::monostate{}, f.offset, std::min(2 * f.size, report.size() - f.offset)));
    if (signature != nullptr) signature->add(std::move(c));
  }
  root.meaning = "SEV-SNP attestation report, version " + std::to_string(version);
  if (line != snp::ProductLine::unknown) root.meaning += ", " + std::string(snp::product_name(line));
  if (const auto r = snp::parse_report(report)) {
    root.add(value_claim("product", std::string(snp::product_name(line)), version >= 3 ? "from the CPUID fields" : "version 2 does not name it"));
    root.add(value_claim("current_version", r->current_version.text(), "firmware major.minor.build"));
    root.add(value_claim("committed_version", r->committed_version.text(), "firmware major.minor.build"));
    if (r->trailing != 0) {
      root.add(field_claim("trailing", to_buffer(report.subspan(snp::kReportSize)), snp::kReportSize, r->trailing,
                           is_line_end(report.subspan(snp::kReportSize)) ? "a line end, left out" : "bytes after the report"));
      root.add(value_claim("trailing_bytes", std::uint64_t{r->trailing}));
    }
  }
  return root;
}

Claim cert_table_claims(Bytes bytes, std::string name) {
  Claim root = space_claim(std::move(name), bytes);
  const auto table = snp::parse_cert_table(bytes);
  if (!table) {
    root.error = table.error().message();
    return root;
  }
  root.meaning = std::to_string(table->entries.size()) + (table->entries.size() == 1 ? " entry, " : " entries, ") + std::to_string(table->size) + " bytes";
  for (std::size_t i = 0; i < table->entries.size(); ++i) root.add(entry_claim(table->entries[i], i));
  root.add(value_claim("terminated", table->terminated, table->terminated ? "" : "no all-zero entry ends the header"));
  root.add(value_claim("table_bytes", std::uint64_t{table->size}));
  for (const auto* list : {&table->out_of_bounds, &table->duplicates, &table->overlaps, &table->empty_entries})
    for (const std::string& sentence : *list) root.add(value_claim("problem", sentence));
  if (table->trailing_nonzero) root.add(value_claim("problem", std::string("bytes after the last blob are not zero")));
  return root;
}

Claim evidence_claims(const Evidence& e) {
  Claim root(e.format);
  if (e.container != "raw") root.meaning = "container: " + e.container;
  if (e.decode_error) root.error = *e.decode_error;
  if (e.hcl) root.add(hcl_claims(*e.hcl));
  if (e.format == "snp" && !(e.decode_error && e.data.empty())) root.add(report_claims(e.data));
  if ((e.format == "tdx" || e.format == "sgx") && !e.hcl) root.add(quote_claims(e.data));
  if (e.format == "td-report") root.add(td_report_claims(e.data));
  if (e.format == "dummy") root.add(document_claims(e.data));
  if (e.aux) root.add(cert_table_claims(*e.aux));
  if (e.event_log) root.add(event_log_claims(*e.event_log));
  if (e.td_hcl) root.add(hcl_claims(*e.td_hcl));
  if (e.provider) root.add(value_claim("provider", *e.provider));
  for (const CollateralItem& item : e.endorsements) {
    const bool crl = item.kind == CollateralKind::amd_crl;
    Claim c = crl ? crl_claims(item.data, "crl") : certificate_claims(item.data, "certificate");
    if (!item.origin.empty()) c.meaning += (c.meaning.empty() ? "from " : ", from ") + item.origin;
    root.add(std::move(c));
  }
  return root;
}

}  // namespace atls::evidence
