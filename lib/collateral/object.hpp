// What a certificate, CRL or signed document is, by content, and whether it is the one that was asked for: one mechanism for every
// vendor. amd.cpp and intel.cpp know the names of theirs. No trust is decided here except in check_trusted, which is the gate
// before anything from the network is returned or stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collateral/collateral.hpp"
#include "evidence/trust.hpp"

namespace atls {

bool is_dated(CollateralKind kind);              // CRL, TCB info, QE identity: a newer one replaces it

struct CollateralObject {
  CollateralKind kind = CollateralKind::amd_vcek;
  Buffer data;                                  // as CollateralItem::data
  std::vector<Buffer> issuer_chain = {};        // as CollateralItem::issuer_chain
  // AMD.
  snp::ProductLine product = snp::ProductLine::unknown;
  Buffer hwid = {};                             // VCEK: 64 bytes, Turin 8
  std::optional<snp::TcbVersion> tcb = {};      // VCEK and VLEK, in the layout of the product
  std::optional<Time> this_update = {}, next_update = {};   // CRL, TCB info and QE identity (issue date)
  // Intel.
  std::string fmspc = {};                       // TCB info, PCK certificate; lower case
  bool tdx = false;                             // TCB info, QE identity
  std::uint32_t evaluation = 0;                 // TCB info, QE identity: tcbEvaluationDataNumber
  bool processor_ca = false;                    // PCK certificate, its CA and its CRL
  std::string flaw = {};                        // the document has this kind and cannot be decoded: why
};

// One DER certificate or CRL, or one JSON response with TCB info or QE identity. Errc::unsupported: of no vendor that is known.
Result<CollateralObject> identify(Bytes content);
Result<CollateralObject> identify(const CollateralItem& item);   // with the chain that came with it

// A file or answer: PEM blocks, one DER object, DER in hexadecimal text, percent-encoded PEM, a JSON response, an entry of
// our cache, or a bundle of another program. Objects that are nobody's are named in `rejected`; `form` names the bundle.
struct CollateralObjects { std::vector<CollateralObject> found; std::vector<std::string> rejected; std::string form; };
CollateralObjects identify_all(Bytes content);

// How well an object answers a query: not at all, the right kind only (another chip, TCB or platform), or exactly.
enum class Fit { no, kind_only, exact };
Fit fits(const CollateralObject& object, const CollateralQuery& query);
std::string describe_misfit(const CollateralObject& object, const CollateralQuery& query);   // what was asked for and what came

// Signed under a key of `trust` for its role: check_amd or check_intel.
Status check_trusted(const CollateralObject& object, const evidence::TrustStore& trust);

CollateralItem item_of(const CollateralObject& object, CollateralSource source, std::string origin);
std::vector<Buffer> chain_from_pem(Bytes pem, std::string_view where, std::string& problem);   // DER, in order; `problem` is empty or says what is wrong

}  // namespace atls
