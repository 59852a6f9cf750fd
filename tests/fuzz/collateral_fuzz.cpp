// Collateral of other programs, JSON, YAML and dumps: what is found keeps its signed text, and what is refused says why.
#include "fuzz.hpp"
#include "base/percent.hpp"
#include "collateral/bundle_yaml.hpp"
#include "collateral/cache_entry.hpp"
#include "collateral/object.hpp"
#include "intel/bundle.hpp"
#include "intel/collateral.hpp"

using namespace atls;

namespace {

void check(const Result<intel::CollateralBundle>& bundle) {
  if (!bundle) return fuzz::require(!bundle.error().detail.empty(), "a refused bundle says why");
  fuzz::require(bundle->items.size() <= intel::kMaxBundleEntries, "items are bounded");
  for (const intel::BundleItem& item : bundle->items) {
    const bool tcb = item.kind == intel::BundleItem::Kind::tcb_info;
    if (!tcb && item.kind != intel::BundleItem::Kind::qe_identity) continue;
    fuzz::require(bool(intel::raw_member(item.data, tcb ? "tcbInfo" : "enclaveIdentity")) || bundle->form != intel::BundleForm::dcap_qvl, "a document has its signed member");
  }
}

}  // namespace

FUZZ(input) {
  const auto form = intel::sniff_collateral_bundle(input);
  const auto bundle = intel::parse_collateral_bundle(input);
  fuzz::require(!bundle || form == bundle->form, "what is read is what was recognised");
  check(bundle);
  check(parse_bundle_yaml(input));
  const CollateralObjects objects = identify_all(input);
  for (const CollateralObject& object : objects.found) fuzz::require(bool(identify(object.data)), "an object that was found is one");
  (void)intel::raw_elements(input, 16);
  if (const auto entry = decode_cache_entry(input)) {
    const auto again = decode_cache_entry(encode_cache_entry(*entry, *entry->obtained));
    fuzz::require(again && again->data == entry->data && again->issuer_chain == entry->issuer_chain && again->obtained == entry->obtained, "a cache entry is read back");
  }
  if (const auto text = percent_decode(as_text(input))) fuzz::require(*percent_decode(percent_encode(*text)) == *text, "percent-encoding is undone");
}
