#include "evidence/load.hpp"

#include <algorithm>
#include <fstream>

#include "asn1/der.hpp"
#include "azure/hcl.hpp"
#include "base/base64.hpp"
#include "base/hex.hpp"
#include "collateral/bundle_yaml.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "eventlog/runtime.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/input_kind.hpp"
#include "evidence/load_parts.hpp"
#include "evidence/snp_claims.hpp"
#include "evidence/text_damage.hpp"
#include "pem/pem.hpp"

namespace atls::evidence {
namespace {

using namespace loading;

constexpr int kMaxLayers = 3;            // base64 of hex of PEM is already odd
constexpr std::size_t kLeastDamagedText = 128;   // shorter text that does not decode is just text

void decode_content(Loaded& out, Bytes content, int layers, const std::optional<InputKind>& as);

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string without_space(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return !is_space(c); });
  return out;
}

// No control characters but white space: PEM inside a binary structure is not a PEM file.
bool is_text(Bytes content) {
  return std::none_of(content.begin(), content.end(), [](std::uint8_t b) { return b == 0x7F || (b < 0x20 && !is_space(static_cast<char>(b)) && b != '\f'); });
}

char first_letter(Bytes content) {
  for (const char c : as_text(content))
    if (!is_space(c)) return c;
  return 0;
}

void decode_der(Loaded& out, Bytes content, const std::optional<InputKind>& as) {
  std::size_t at = 0;
  while (at < content.size() && !out.error) {
    if (out.certificates.size() + out.crls.size() == kMaxChain) {
      set_error(out, {Errc::too_large, "certificates", "more than " + std::to_string(kMaxChain) + " in one file", at});
      return;
    }
    const auto tlv = asn1::read(content, at);
    const Bytes one = tlv ? content.subspan(at, tlv->header + tlv->content.size()) : content.subspan(at);
    if (at != 0 && (!tlv || tlv->tag != 0x30)) {   // something else follows whole objects
      set_error(out, {Errc::bad_value, "certificate", std::to_string(content.size() - at) + " bytes after it are neither a certificate nor a CRL", at});
      return;
    }
    const bool crl = as ? *as == InputKind::crl : der_kind(one) == InputKind::crl;
    if (crl) take_crl(out, one);
    else take_certificate(out, one);
    at += one.size();
  }
  if (content.empty()) set_error(out, {Errc::truncated, "input", "empty", 0});
}

void decode_table(Loaded& out, Bytes content) {
  out.kind = InputKind::cert_table;
  Claim claims = cert_table_claims(content);
  const auto table = snp::parse_cert_table(content);
  if (!table) set_error(out, table.error());
  for (std::size_t i = 0; table && i < table->entries.size(); ++i) {
    const snp::TableEntry& e = table->entries[i];
    if (e.kind == snp::TableEntryKind::crl && e.in_bounds) out.crls.push_back(e.data);
    const bool certificate = e.kind == snp::TableEntryKind::vcek || e.kind == snp::TableEntryKind::vlek || e.kind == snp::TableEntryKind::ask || e.kind == snp::TableEntryKind::ark;
    if (!certificate || !e.in_bounds) continue;
    const auto inside = crypto::certificates_from(e.data);
    if (inside && !inside->empty()) out.certificates.push_back(inside->front().der());
  }
  if (table && !table->out_of_bounds.empty()) set_error(out, {Errc::bad_value, "cert_table", table->out_of_bounds.front(), 0});
  if (table && !table->terminated) set_error(out, {Errc::truncated, "cert_table", "no all-zero entry ends the header", table->header_size});
  out.claims.add(std::move(claims));
}

void decode_binary(Loaded& out, Bytes content, InputKind kind) {
  switch (kind) {
    case InputKind::certificate:
    case InputKind::crl: decode_der(out, content, kind); return;
    case InputKind::cert_table: decode_table(out, content); return;
    case InputKind::hcl: take_evidence(out, hcl_evidence(content), InputKind::hcl); return;
    case InputKind::snp_report:
    case InputKind::snp_extended: {
      Evidence e = snp_evidence(content);
      if (kind == InputKind::snp_report && e.aux) {   // forced: what follows the report is trailing
        e = Evidence{};
        e.format = "snp";
        e.data = to_buffer(content);
      }
      const InputKind found = e.aux ? InputKind::snp_extended : InputKind::snp_report;
      take_evidence(out, std::move(e), found);
      if (const auto report = snp::parse_report(content); !report) set_error(out, report.error());
      return;
    }
    case InputKind::sgx_quote:
    case InputKind::tdx_quote:
    case InputKind::td_report:
    case InputKind::event_log:
    case InputKind::ccel_table: load_intel(out, content, kind); return;
    case InputKind::collateral: load_collateral(out, content); return;
    default: set_error(out, {Errc::bad_value, "input", "not a " + std::string(input_kind_name(kind)), 0});
  }
}

bool is_td_hcl(const Loaded& part) { return part.kind == InputKind::hcl && part.evidence && part.evidence->format == "tdx"; }

// An HCL report of a TDX guest is the companion of its quote (hcl-binding), whichever stands first.
void take_evidence_of(Loaded& out, Loaded& part) {
  if (!out.evidence) {
    out.evidence = std::move(part.evidence);
    out.kind = part.kind;
    return;
  }
  const bool first = is_td_hcl(out), second = is_td_hcl(part);
  if (first == second || (first ? part : out).evidence->format != "tdx") return take_only_evidence(out, *std::move(part.evidence));   // the error
  Evidence& quote = first ? *part.evidence : *out.evidence;
  if (quote.td_hcl) return set_error(out, {Errc::bad_value, "input", "holds more than one HCL report, expected the one that belongs to the quote", 0});
  quote.td_hcl = (first ? *out.evidence : *part.evidence).hcl;
  if (!first) return;
  out.evidence = std::move(part.evidence);
  out.kind = part.kind;
}

// One PEM block among several: every part that it holds is kept, and what contradicts another part is damage.
void take_block(Loaded& out, Loaded part) {
  const auto move_all = [](auto& from, auto& to) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
  if (part.kind == InputKind::bundle) return set_error(out, {Errc::bad_value, "pem", "a bundle among other PEM blocks; it is judged alone", 0});
  move_all(part.encodings, out.encodings);
  move_all(part.certificates, out.certificates);
  move_all(part.crls, out.crls);
  move_all(part.collateral, out.collateral);
  move_all(part.unused, out.unused);
  if (part.kind == InputKind::ccel_table) out.unused.push_back({"an ACPI table (CCEL): it only says where the event log was", {}});
  if (part.event_log && out.event_log) set_error(out, {Errc::bad_value, "input", "holds more than one event log, expected the one that belongs to the evidence", 0});
  if (part.event_log) out.event_log = std::move(part.event_log);
  if (part.evidence) take_evidence_of(out, part);
  else if (out.kind == InputKind::unknown) out.kind = part.kind;
  if (!part.claims.meaning.empty()) out.claims.meaning = part.claims.meaning;
  for (Claim& claim : part.claims.children) out.claims.add(std::move(claim));
  if (part.error) set_error(out, *part.error);
}

void decode_block(Loaded& out, const pem::Block& block, bool alone, int layers, const std::optional<InputKind>& as) {
  if (block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE") return take_certificate(out, block.data);
  if (block.label == "X509 CRL") return take_crl(out, block.data);
  if (block.label.ends_with("PRIVATE KEY")) {
    out.claims.add(value_claim("private_key", std::string("not shown"), "PEM label " + block.label));
    return set_error(out, {Errc::unsupported, "pem", "holds a private key, expected certificates, CRLs or evidence", block.offset});
  }
  if (alone) return decode_content(out, block.data, layers + 1, as);
  Loaded part;
  part.name = out.name;
  part.claims = Claim(out.name);
  decode_content(part, block.data, layers + 1, as);
  take_block(out, std::move(part));
}

void decode_pem(Loaded& out, Bytes content, int layers, const std::optional<InputKind>& as) {
  out.encodings.emplace_back("pem");
  auto blocks = pem::parse(content);
  std::optional<Error> damage;
  if (!blocks) {   // keep the blocks before the damage
    damage = blocks.error();
    const std::size_t begin = as_text(content).rfind("-----BEGIN ", damage->offset);
    if (begin != std::string_view::npos) blocks = pem::parse(content.first(begin));
  }
  if (blocks) {
    if (blocks->size() > kMaxChain) set_error(out, {Errc::too_large, "pem", "more than " + std::to_string(kMaxChain) + " blocks", (*blocks)[kMaxChain].offset});
    for (std::size_t i = 0; i < blocks->size() && i < kMaxChain; ++i) decode_block(out, (*blocks)[i], blocks->size() == 1, layers, as);
  }
  if (damage) set_error(out, *damage);
}

struct Text { Buffer bytes; std::string encoding; std::optional<Error> damage; };

// What this may be as hexadecimal or base64 text, whole readings first. With damage: what stands before it, when that is enough
// to be meant as evidence.
std::vector<Text> texts_of(Bytes content) {
  std::string text = without_space(as_text(content));
  if (text.starts_with("0x") || text.starts_with("0X")) text.erase(0, 2);
  std::vector<Text> out;
  if (text.empty()) return out;
  auto strict_hex = from_hex(text);
  auto strict_base64 = from_base64(text);
  if (strict_hex) out.push_back({*strict_hex, "hex", {}});
  if (strict_base64) out.push_back({*strict_base64, "base64", {}});
  if (auto url = from_base64(text.substr(0, text.find_last_not_of('=') + 1), Base64::url_unpadded)) out.push_back({*std::move(url), "base64url", {}});

  const std::size_t digits = text.find_first_not_of("0123456789abcdefABCDEF");
  const std::size_t letters = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  const std::size_t good_hex = std::min(digits, text.size()) / 2 * 2, good_base64 = std::min(letters, text.size()) / 4 * 4;
  if (!strict_hex && good_hex >= kLeastDamagedText)
    if (auto part = from_hex(text.substr(0, good_hex))) out.push_back({*std::move(part), "hex", strict_hex.error()});
  if (!strict_base64 && good_base64 >= kLeastDamagedText)
    if (auto part = from_base64(text.substr(0, good_base64))) out.push_back({*std::move(part), "base64", strict_base64.error()});
  return out;
}

bool is_recognised(Bytes content, int layers);

// The reading that is something; for a forced kind the first whole one.
std::optional<Text> text_of(Bytes content, int layers, bool forced) {
  for (Text& text : texts_of(content)) {
    if (forced && !text.damage) return text;
    if (text.damage ? kind_of_binary(text.bytes).has_value() : is_recognised(text.bytes, layers + 1)) return text;
  }
  return std::nullopt;
}

bool is_recognised(Bytes content, int layers) {
  if (layers > kMaxLayers) return false;
  if (first_letter(content) == '{') return kind_of_json(content).has_value();
  if (first_letter(content) == '[') return eventlog::looks_like_json_log(content);
  return kind_of_binary(content) || (pem::looks_like_pem(content) && is_text(content)) || (is_text(content) && text_of(content, layers, false));
}

// The last resort of atls-dump.
bool shows_embedded_quote(Loaded& out, Bytes content) {
  if (const auto at = find_embedded_quote(content)) return show_embedded_quote(out, content, *at), true;
  if (!is_text(content)) return false;
  for (const Text& text : texts_of(content))
    if (const auto at = find_embedded_quote(text.bytes)) {
      out.encodings.push_back(text.encoding);
      return show_embedded_quote(out, text.bytes, *at), true;
    }
  return false;
}

void decode_content(Loaded& out, Bytes content, int layers, const std::optional<InputKind>& as) {
  if (layers > kMaxLayers) return set_error(out, {Errc::too_large, "input", "more than " + std::to_string(kMaxLayers) + " layers of text encoding", 0});
  if (as && is_json_kind(*as)) return load_json(out, content, *as);
  const char first = first_letter(content);
  if (!as && first == '{') {
    const auto kind = kind_of_json(content);
    if (kind) return load_json(out, content, *kind);
    return load_json(out, content, InputKind::unknown);
  }
  if (!as && first == '[') {
    if (eventlog::looks_like_json_log(content)) return load_intel(out, content, InputKind::event_log);
    if (const auto bytes = bytes_of_json_array(content)) {
      out.encodings.emplace_back("json");
      return decode_content(out, *bytes, layers + 1, as);
    }
  }
  if (as ? *as == InputKind::collateral : is_text(content) && looks_like_bundle_yaml(content)) return load_collateral(out, content);
  const auto kind = as ? as : kind_of_binary(content);
  if (pem::looks_like_pem(content) && is_text(content)) return decode_pem(out, content, layers, as);
  const bool binary = kind && (!as || kind_of_binary(content) == as);
  if (binary) return decode_binary(out, content, *kind);
  if (const auto text = is_text(content) ? text_of(content, layers, as.has_value()) : std::nullopt) {
    out.encodings.push_back(text->encoding);
    decode_content(out, text->bytes, layers + 1, as);
    if (text->damage) set_error(out, *text->damage);
    return;
  }
  if (as) return decode_binary(out, content, *as);
  if (layers == 0 && shows_embedded_quote(out, content)) return;
  if (auto damage = text_damage_of_unknown(content)) return set_error(out, {Errc::unsupported, "input", "not recognised; " + *std::move(damage), 0});
  set_error(out, {Errc::unsupported, "input",
                  content.empty() ? "empty" : "not recognised, expected a certificate, CRL, SEV-SNP report, certificate table, Intel quote, TDREPORT, TCB info, QE identity, event log, Azure HCL report, attestation document or bundle (raw, hex, base64 or PEM)", 0});
}

// Claims that describe the input's own bytes share its byte space, so that offsets are those of the file.
void place_claims(Loaded& out, Bytes content) {
  if (!out.encodings.empty()) return;
  for (Claim& c : out.claims.children) {
    if (!c.bytes) continue;
    const Bytes b = *c.bytes;
    std::size_t base = 0;
    if (c.name == "report" && out.kind == InputKind::hcl) base = azure::kHardwareReportOffset;
    if (c.name == "cert_table" && out.kind == InputKind::snp_extended) base = snp::kReportSize;
    if (base <= content.size() && b.size() <= content.size() - base && equal(content.subspan(base, b.size()), b)) rebase(c, base);
  }
}

}  // namespace

Loaded load_bytes(Bytes content, std::string name, std::optional<InputKind> as) {
  Loaded out;
  out.name = std::move(name);
  out.sha256 = hex(crypto::sha256(content));
  if (as && *as == InputKind::unknown) as.reset();
  if (content.size() > kMaxFile) {
    set_error(out, {Errc::too_large, "input", std::to_string(content.size()) + " bytes, the limit is " + std::to_string(kMaxFile), 0});
    return out;
  }
  out.claims = space_claim(out.name, content);
  decode_content(out, content, 0, as);
  place_claims(out, content);
  if (out.error && out.claims.error.empty()) out.claims.error = out.error->message();
  return out;
}

Result<Loaded> load_path(const std::filesystem::path& path, std::optional<InputKind> as) {
  std::error_code ec;
  const bool directory = std::filesystem::is_directory(path, ec);
  if (as && *as == InputKind::directory && !directory) return Error{Errc::not_found, path.string(), "is not a directory", 0};
  if (directory) return load_directory(path);
  auto content = read_file(path, kMaxFile);
  if (!content) return content.error();
  return load_bytes(*content, path.string(), as);
}

}  // namespace atls::evidence
