// Intel quotes, TDREPORT and collateral, event logs: decoded, not judged.
#include "eventlog/tcg.hpp"
#include "evidence/eventlog_claims.hpp"
#include "evidence/intel_claims.hpp"
#include "evidence/load_parts.hpp"
#include "intel/collateral.hpp"
#include "intel/quote.hpp"

namespace atls::evidence::loading {
namespace {

template <class T>
void take_claims(Loaded& out, Claim claims, const Result<T>& parsed) {
  out.claims.meaning = claims.meaning;
  claims.meaning.clear();
  out.claims.add(std::move(claims));
  if (!parsed) set_error(out, parsed.error());
}

void take_quote(Loaded& out, Bytes content, InputKind kind) {
  Evidence e;
  e.format = kind == InputKind::tdx_quote ? "tdx" : "sgx";
  e.data = to_buffer(content);
  take_evidence(out, std::move(e), kind);
  const auto quote = intel::parse_quote(content);
  if (!quote) return set_error(out, quote.error());
  if (quote->is_tdx() != (kind == InputKind::tdx_quote))   // forced
    set_error(out, {Errc::bad_value, "quote.TEE_TYPE", std::string("expected an ") + (kind == InputKind::tdx_quote ? "TDX" : "SGX") + " quote, found the other kind", 4});
}

}  // namespace

void load_intel(Loaded& out, Bytes content, InputKind kind) {
  out.kind = kind;
  switch (kind) {
    case InputKind::sgx_quote:
    case InputKind::tdx_quote: return take_quote(out, content, kind);
    case InputKind::td_report: {
      Evidence e;
      e.format = "td-report";
      e.data = to_buffer(content);
      take_evidence(out, std::move(e), kind);
      if (const auto report = intel::parse_td_report_struct(content); !report) set_error(out, report.error());
      return;
    }
    case InputKind::tcb_info:
      out.collateral.push_back({CollateralKind::intel_tcb_info, to_buffer(content), CollateralSource::bundle, out.name});
      return take_claims(out, tcb_info_claims(content), intel::parse_tcb_info(content));
    case InputKind::qe_identity:
      out.collateral.push_back({CollateralKind::intel_qe_identity, to_buffer(content), CollateralSource::bundle, out.name});
      return take_claims(out, qe_identity_claims(content), intel::parse_qe_identity(content));
    case InputKind::event_log:
      if (out.event_log) set_error(out, {Errc::bad_value, "input", "holds more than one event log, expected the one that belongs to the evidence", 0});
      out.event_log = to_buffer(content);
      return take_claims(out, event_log_claims(content), eventlog::parse_log(content));
    case InputKind::ccel_table: return take_claims(out, ccel_table_claims(content), eventlog::parse_ccel_table(content));
    default: return;
  }
}

}  // namespace atls::evidence::loading
