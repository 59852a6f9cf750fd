// What an AMD certificate or CRL is, by content, and whether it is the one that was asked for. No trust is decided here except
// in check_amd, which is the gate before anything from the network is returned or stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collateral/collateral.hpp"
#include "evidence/trust.hpp"

namespace atls {

struct AmdObject {
  CollateralKind kind = CollateralKind::amd_vcek;
  snp::ProductLine product = snp::ProductLine::unknown;
  Buffer der;
  Buffer hwid;                                  // VCEK: 64 bytes, Turin 8
  std::optional<snp::TcbVersion> tcb;           // VCEK and VLEK, in the layout of the product
  std::optional<Time> this_update, next_update; // CRL
};

// One DER certificate or CRL. Names are compared whole: "SEV-VLEK" is a prefix of "SEV-VLEK-Milan".
Result<AmdObject> identify_amd(Bytes der);
// A file or answer: PEM blocks (certificates, CRLs) or one DER object. Objects that are not AMD's are named in `rejected`.
struct AmdObjects { std::vector<AmdObject> found; std::vector<std::string> rejected; };
AmdObjects identify_amd_all(Bytes pem_or_der);

// How well an object answers a query: not at all, the right kind only (another chip or TCB), or exactly.
enum class Fit { no, kind_only, exact };
Fit fits(const AmdObject& object, const CollateralQuery& query);
std::string describe_misfit(const AmdObject& object, const CollateralQuery& query);   // what was asked for and what came

// Signed by a CA key of `trust` for its role and product (VCEK: ASK, VLEK: ASVK, ASK and ASVK and CRL: ARK; an ARK must be a
// trusted key itself). `more_keys`: SubjectPublicKeyInfo of CA keys that already passed this check, for trust sets of roots only.
Status check_amd(const AmdObject& object, const evidence::TrustStore& trust, const std::vector<Buffer>& more_keys = {});

}  // namespace atls
