#include "evidence/crl_choice.hpp"

#include <algorithm>

#include "evidence/memo.hpp"

namespace atls::evidence {

std::string critical_extension(const crypto::Crl& crl) {
  for (const crypto::Extension& e : crl.extensions())
    if (e.critical) return e.oid;
  return {};
}

CrlJudgement judge_crl(const crypto::Crl& crl, const CrlAuthority& authority, Time now) {
  CrlJudgement j;
  j.issuer = crl.issuer_der() == authority.subject_der;
  j.is_signed = crl.signature_scheme() == authority.scheme && is_signed_by(crl, authority.spki);
  const auto from = crl.this_update(), until = crl.next_update();
  j.fresh = from && until && *from <= now && (now < *until || (authority.last_instant && now == *until));
  j.whole = critical_extension(crl).empty();
  return j;
}

void drop_of_extra_root(std::vector<SuppliedCrl>& candidates, const CrlAuthority& authority, const std::vector<const CaKey*>& roots) {
  const bool trusted = std::any_of(roots.begin(), roots.end(), [&](const CaKey* root) { return root->spki == authority.spki; });
  std::erase_if(candidates, [&](const SuppliedCrl& crl) {
    if (crl.source != CollateralSource::builtin && crl.source != CollateralSource::network) return false;
    if (!authority.spki.empty() && is_signed_by(crl.object, authority.spki)) return false;
    return crl.source == CollateralSource::builtin ||
           (trusted && std::any_of(roots.begin(), roots.end(), [&](const CaKey* root) { return is_signed_by(crl.object, root->spki); }));
  });
}

CrlChoice pick_crl(const std::vector<SuppliedCrl>& candidates, const CrlAuthority& authority, Time now) {
  CrlChoice out;
  int best_rank = -1;
  for (const SuppliedCrl& candidate : candidates) {
    const CrlJudgement j = judge_crl(candidate.object, authority, now);
    if (j.issuer && j.is_signed && candidate.object.this_update() <= now) out.signed_ones.push_back(candidate);
    // Without a valid one: signed and stale before unsigned.
    const int rank = j.usable() * 8 + j.is_signed * 4 + j.issuer * 2 + j.fresh;
    const bool newer = rank == best_rank && out.crl && candidate.object.this_update() > out.crl->object.this_update();
    if (rank <= best_rank && !newer) continue;
    out.crl = candidate;
    out.usable = j.usable();
    best_rank = rank;
  }
  std::stable_sort(out.signed_ones.begin(), out.signed_ones.end(),
                   [](const SuppliedCrl& a, const SuppliedCrl& b) { return a.object.this_update() > b.object.this_update(); });
  return out;
}

std::optional<crypto::RevokedEntry> find_revoked(const std::vector<SuppliedCrl>& lists, std::string_view serial_hex) {
  for (const SuppliedCrl& crl : lists)
    for (const crypto::RevokedEntry& entry : crl.object.revoked())
      if (entry.serial_hex == serial_hex) return entry;
  return std::nullopt;
}

}  // namespace atls::evidence
