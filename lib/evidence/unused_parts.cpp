#include "evidence/unused_parts.hpp"

#include <algorithm>

#include "evidence/load.hpp"
#include "evidence/memo.hpp"
#include "report/checks_input.hpp"

namespace atls::evidence {
namespace {

std::string place_of_item(const CollateralItem& item) {
  return (item.origin.empty() ? std::string(collateral_source_name(item.source)) : item.origin) + ": ";
}

// Empty: it was judged, or was a candidate.
std::string why_item_is_unused(const UnusedQuestion& q, const CollateralItem& item, bool own) {
  if (item.kind == CollateralKind::intel_tcb_info || item.kind == CollateralKind::intel_qe_identity)
    return q.vendor == Vendor::intel ? "" : "Intel's collateral says nothing about AMD's evidence";
  if (const auto crl = decode_crl(item.data)) return q.lists ? "the revocation list of " + crl->issuer_text() + " is about no certificate of the chain" : "";
  const auto certificate = decode_certificate(item.data);
  if (!certificate) return "called " + std::string(collateral_kind_name(item.kind)) + ", and does not decode";
  const auto kind = endorsement_kind(item.data);
  if (kind && is_intel(*kind) != (q.vendor == Vendor::intel)) return "the certificate " + certificate->subject_text() + " is of another vendor";
  return own ? "the certificate " + certificate->subject_text() + " was not needed, or another one fitted better" : "";
}

}  // namespace

void tell_unused_items(const UnusedQuestion& question, const std::vector<CollateralItem>& own, const std::vector<CollateralItem>& beside, Report& report) {
  const auto tell = [&](const std::vector<CollateralItem>& items, bool is_own) {
    for (const CollateralItem& item : items) {
      if (std::any_of(question.used.begin(), question.used.end(), [&](Bytes used) { return equal(used, item.data); })) continue;
      const std::string why = why_item_is_unused(question, item, is_own);
      if (!why.empty()) report.warn(checks::kInputPartUnused, place_of_item(item) + why);
    }
  };
  tell(own, true);
  tell(beside, false);
}

}  // namespace atls::evidence
