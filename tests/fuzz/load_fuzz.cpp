// Files of any kind: never fails, names the damage, and every claim's bytes are inside their space.
#include "evidence/load.hpp"
#include "places.hpp"

using namespace atls;

FUZZ(input) {
  const evidence::Loaded loaded = evidence::load_bytes(input, "fuzz");
  fuzz::check_places(loaded.claims);
  const bool something = loaded.evidence || !loaded.certificates.empty() || !loaded.crls.empty() || !loaded.collateral.empty();
  using enum evidence::InputKind;
  bool empty_kind = false;   // kinds that hold no evidence and no certificate
  for (const auto kind : {cert_table, bundle, tcb_info, qe_identity, event_log, ccel_table}) empty_kind |= loaded.kind == kind;
  fuzz::require(something || loaded.error || empty_kind, "nothing found means an error");
  fuzz::require(loaded.kind != evidence::InputKind::unknown || loaded.error, "an unknown kind is an error");
  (void)evidence::load_bytes(input, "fuzz", evidence::InputKind::snp_report);
  (void)evidence::load_bytes(input, "fuzz", evidence::InputKind::certificate);
}
