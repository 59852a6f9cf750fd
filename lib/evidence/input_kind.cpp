#include "evidence/input_kind.hpp"

#include <algorithm>

#include "asn1/der.hpp"
#include "azure/hcl.hpp"
#include "base/cursor.hpp"
#include "eventlog/tcg.hpp"
#include "intel/bundle.hpp"
#include "intel/quote.hpp"

namespace atls::evidence {
namespace {

struct KindRow { InputKind kind; std::string_view name; };
constexpr KindRow kKinds[] = {
    {InputKind::certificate, "certificate"}, {InputKind::crl, "crl"}, {InputKind::snp_report, "snp-report"},
    {InputKind::snp_extended, "snp-extended"}, {InputKind::cert_table, "cert-table"}, {InputKind::hcl, "hcl"}, {InputKind::thim_json, "thim"},
    {InputKind::bundle, "bundle"}, {InputKind::document, "document"}, {InputKind::directory, "directory"},
    {InputKind::sgx_quote, "sgx-quote"}, {InputKind::tdx_quote, "tdx-quote"}, {InputKind::td_report, "td-report"}, {InputKind::tcb_info, "tcb-info"},
    {InputKind::qe_identity, "qe-identity"}, {InputKind::event_log, "event-log"}, {InputKind::ccel_table, "ccel-table"},
    {InputKind::quote_container, "quote-container"}, {InputKind::embedded_quote, "embedded-quote"}, {InputKind::collateral, "collateral"}, {InputKind::unknown, "unknown"},
};

constexpr std::size_t kLeastReport = 0x38;   // version to signature_algo: what the guess needs
constexpr std::uint8_t kDerSequence = 0x30, kDerVersion = 0xA0;

std::uint32_t u32(Bytes content, std::size_t offset) { return Cursor(content.subspan(offset, 4), "report").u32le("FIELD"); }

InputKind quote_kind(Bytes content) {
  Cursor in(content, "quote");
  const bool v3 = in.u16le("VERSION") == 3;
  in.u16le("ATT_KEY_TYPE");
  return !v3 && in.u32le("TEE_TYPE") == intel::kTeeTdx ? InputKind::tdx_quote : InputKind::sgx_quote;
}

bool known_guid(Bytes content) {
  if (content.size() < 24) return false;
  snp::Guid guid{};
  std::copy_n(content.begin(), guid.size(), guid.begin());
  return snp::table_entry_kind(guid) != snp::TableEntryKind::unknown;
}

// A SEQUENCE of more than 127 bytes that begins with a SEQUENCE: no certificate or CRL is shorter, and no text begins so.
bool looks_like_der(Bytes content) {
  if (content.size() < 6 || content[0] != kDerSequence || content[1] < 0x81 || content[1] > 0x83) return false;
  return content[2U + (content[1] & 0x7FU)] == kDerSequence;
}

}  // namespace

std::string_view input_kind_name(InputKind kind) {
  for (const KindRow& row : kKinds)
    if (row.kind == kind) return row.name;
  return "unknown";
}

std::optional<InputKind> input_kind_from(std::string_view name) {
  for (const KindRow& row : kKinds)
    if (row.name == name && row.kind != InputKind::unknown) return row.kind;
  return std::nullopt;
}

bool is_json_kind(InputKind kind) { return kind == InputKind::thim_json || kind == InputKind::bundle || kind == InputKind::document || kind == InputKind::tcb_info || kind == InputKind::qe_identity || kind == InputKind::quote_container; }

// Four fields of a report have few legal values; three of them must hold, so that an altered report is still read as one. A
// report of the exact length needs none.
bool looks_like_report(Bytes content) {
  if (content.size() == snp::kReportSize) return true;
  if (content.size() < kLeastReport) return false;
  const std::uint32_t version = u32(content, 0), vmpl = u32(content, 0x30), algorithm = u32(content, 0x34);
  const snp::GuestPolicy policy{std::uint64_t{u32(content, 0x0C)} << 32 | u32(content, 8)};
  const int holds = (version >= 1 && version <= 0xFF) + (vmpl <= 3 || vmpl == 0xFFFFFFFF) + (algorithm <= 1) + policy.reserved_ok();
  return holds >= 3 && version <= 0xFFFF;
}

bool reads_as_table(Bytes content) {
  if (content.size() < 24) return false;
  const auto table = snp::parse_cert_table(content);
  if (!table) return known_guid(content);   // over a limit, but meant as a table
  for (const snp::TableEntry& e : table->entries)
    if (e.kind != snp::TableEntryKind::unknown) return true;
  return table->terminated && table->out_of_bounds.empty();
}

InputKind der_kind(Bytes der) {
  // Certificate: SEQ { SEQ { [0] version, ... or INTEGER serial, SEQ, SEQ, SEQ validity; CertificateList: SEQ { SEQ { [INTEGER version], SEQ, SEQ, Time
  const auto outer = asn1::read(der);
  if (!outer) return InputKind::certificate;
  const auto tbs = asn1::read(outer->content);
  if (!tbs) return InputKind::certificate;
  std::uint8_t tags[4] = {};
  std::size_t at = 0;
  for (std::uint8_t& tag : tags) {
    const auto tlv = asn1::read(tbs->content, at);
    if (!tlv) break;
    tag = tlv->tag;
    at += tlv->header + tlv->content.size();
  }
  const auto is_time = [](std::uint8_t tag) { return tag == 0x17 || tag == 0x18; };
  if (tags[0] == kDerVersion) return InputKind::certificate;
  return is_time(tags[2]) || is_time(tags[3]) ? InputKind::crl : InputKind::certificate;
}

std::optional<InputKind> kind_of_binary(Bytes content) {
  if (azure::looks_like_hcl(content)) return InputKind::hcl;
  if (intel::is_collateral_dump(content)) return InputKind::collateral;   // begins like a quote
  if (intel::looks_like_quote(content)) return quote_kind(content);
  if (content.size() >= 4 && as_text(content.first(4)) == "CCEL") return InputKind::ccel_table;
  if (eventlog::looks_like_log(content)) return InputKind::event_log;
  if (intel::looks_like_td_report(content)) return InputKind::td_report;
  if (known_guid(content)) return InputKind::cert_table;
  if (looks_like_der(content)) return der_kind(content);
  if (looks_like_report(content))
    return content.size() > snp::kReportSize && reads_as_table(content.subspan(snp::kReportSize)) ? InputKind::snp_extended : InputKind::snp_report;
  return std::nullopt;
}

}  // namespace atls::evidence
