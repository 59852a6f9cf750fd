// Which revocation list of an authority is judged: the newest valid one of all sources. One mechanism for every vendor.
#pragma once

#include <optional>
#include <vector>

#include "evidence/supplied.hpp"
#include "evidence/trust.hpp"

namespace atls::evidence {

// Whose list it must be. `last_instant`: nextUpdate itself still counts (Intel), or no more (AMD).
struct CrlAuthority {
  Buffer subject_der, spki;
  crypto::SignatureScheme scheme = crypto::SignatureScheme::unknown;
  bool last_instant = false;
};

struct CrlJudgement {
  bool issuer = false, is_signed = false, fresh = false, whole = false;
  bool usable() const { return issuer && is_signed && fresh && whole; }
};
CrlJudgement judge_crl(const crypto::Crl& crl, const CrlAuthority& authority, Time now);
// OID of a critical extension: it narrows what a list covers (RFC 5280 5.2.5: only user certificates, only some reasons; 5.2.4: a
// delta). Empty when there is none.
std::string critical_extension(const crypto::Crl& crl);

struct CrlChoice {
  std::optional<SuppliedCrl> crl;         // the newest valid one, else the best that there is to explain by
  bool usable = false;
  std::vector<SuppliedCrl> signed_ones;   // all that the authority signed up to now, newest first: revoked once is revoked
};
// Takes away lists that are there only because another root is trusted, too: the built-in ones of the simulated platform, and those of
// a service of one of `roots`. Without that root nobody would see them, and a root must not change the verdict of evidence under another.
void drop_of_extra_root(std::vector<SuppliedCrl>& candidates, const CrlAuthority& authority, const std::vector<const CaKey*>& roots);
CrlChoice pick_crl(const std::vector<SuppliedCrl>& candidates, const CrlAuthority& authority, Time now);

// The entry of this serial in any of the lists, and in which.
std::optional<crypto::RevokedEntry> find_revoked(const std::vector<SuppliedCrl>& lists, std::string_view serial_hex);

}  // namespace atls::evidence
