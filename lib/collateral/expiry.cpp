#include "collateral/expiry.hpp"

#include <algorithm>
#include <set>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"

namespace atls {
namespace {

Expiry expiry_of(const CollateralObject& object, const std::string& origin) {
  Expiry out{.kind = object.kind, .origin = origin, .sha256 = hex(crypto::sha256(object.data))};
  const bool document = object.kind == CollateralKind::intel_tcb_info || object.kind == CollateralKind::intel_qe_identity;
  if (document) {
    out.what = std::string(object.tdx ? "TDX" : "SGX") + (object.fmspc.empty() ? "" : " " + object.fmspc);
    if (!object.flaw.empty()) out.what += ", damaged: " + object.flaw;
    out.issued = object.this_update;
    out.expires = object.next_update;
  } else if (is_dated(object.kind)) {
    if (const auto crl = crypto::Crl::from_der(object.data)) out.what = crl->issuer_cn();
    out.issued = object.this_update;
    out.expires = object.next_update;
  } else if (const auto cert = crypto::Certificate::from_der(object.data)) {
    out.what = cert->subject_cn();
    out.issued = cert->not_before();
    out.expires = cert->not_after();
  }
  return out;
}

}  // namespace

std::string_view expiry_state_name(ExpiryState state) {
  switch (state) {
    case ExpiryState::expired: return "expired";
    case ExpiryState::soon: return "soon";
    case ExpiryState::good: return "good";
    case ExpiryState::undated: return "undated";
  }
  return "unknown";
}

std::vector<Expiry> expiries(const std::vector<Located>& objects, Time now, std::chrono::seconds within) {
  std::vector<Expiry> out;
  std::set<std::string> seen;
  const auto add = [&](const CollateralObject& object, const std::string& origin) {
    Expiry e = expiry_of(object, origin);
    if (!seen.insert(e.sha256).second) return;
    if (e.expires) e.state = *e.expires < now ? ExpiryState::expired : *e.expires - now <= within ? ExpiryState::soon : ExpiryState::good;
    out.push_back(std::move(e));
  };
  for (const Located& located : objects) {
    add(located.object, located.origin);
    for (const Buffer& der : located.object.issuer_chain)
      if (const auto object = identify(der)) add(*object, located.origin);
  }
  std::stable_sort(out.begin(), out.end(), [](const Expiry& a, const Expiry& b) { return a.expires < b.expires; });   // absent is least
  return out;
}

}  // namespace atls
