// One Intel quote as the verifier sees it: decoded, with the certificates, revocation lists and collateral that were chosen for it.
// Everything is decided here before the first check runs, so that checks only look.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "azure/hcl.hpp"
#include "collateral/collateral.hpp"
#include "crypto/certificate.hpp"
#include "eventlog/tcg.hpp"
#include "evidence/evidence.hpp"
#include "evidence/intel_tcb.hpp"
#include "evidence/supplied.hpp"
#include "evidence/verify.hpp"
#include "intel/collateral.hpp"
#include "intel/pck.hpp"
#include "intel/quote.hpp"

namespace atls::evidence {

// A signed JSON document and the chain that came with it: signer, root.
template <class Document>
struct SuppliedDocument {
  std::shared_ptr<const Document> document;   // null: it was found and does not decode; shared in a batch
  std::string error;                  // why
  std::vector<crypto::Certificate> chain;   // empty: none came along, or chain_error says what is wrong with it
  std::string chain_error;
  const CaKey* signer_key = nullptr;  // built-in key that stands in for the signer's certificate when no chain came along
  const CaKey* root_key = nullptr;    // trusted key that stands in for a root certificate that did not come along
  bool is_signed = false;             // by the first certificate of the chain, or signer_key
  bool own_root = true;               // its chain ends in the root that the quote's chain ends in
  CollateralKind kind = CollateralKind::intel_tcb_info;
  CollateralSource source = CollateralSource::handshake;
  std::string origin;
  Buffer data;                        // as received
};

struct IntelCase {
  const Evidence* evidence = nullptr;  // null for bare endorsements
  std::optional<intel::Quote> quote;
  std::optional<Error> quote_error;
  bool is_tdx() const { return quote && quote->is_tdx(); }
  const intel::TdReport* td() const { return quote ? std::get_if<intel::TdReport>(&quote->body) : nullptr; }
  const intel::SgxReport* enclave() const { return quote ? std::get_if<intel::SgxReport>(&quote->body) : nullptr; }

  // The PCK chain by role, whatever its order; `chain` is as it came.
  std::vector<SuppliedCertificate> chain;
  bool own_chain = false;              // it is the quote's own, not one that was given beside it
  bool own_chain_in_order = true;      // leaf, CA, root
  std::size_t own_chain_text = 0;      // letters in the certification data that belong to no certificate
  std::string chain_error;             // the certification data, or a certificate in it, does not decode
  std::optional<SuppliedCertificate> pck, ca, root;
  std::optional<SuppliedCertificate> tcb_signer;   // only among bare endorsements: a TCB signing certificate that was given as a file
  const CaKey* root_key = nullptr;     // trusted key that stands in for a root certificate that did not come along
  std::string pck_missing;             // what every source said, and what to do next
  std::optional<intel::PckExtension> extension;
  std::string extension_error;
  bool processor_ca = false;

  std::optional<SuppliedCrl> root_crl, pck_crl;
  std::string root_crl_missing, pck_crl_missing;
  bool root_crl_usable = false, pck_crl_usable = false;
  std::vector<SuppliedCrl> signed_root_crls, signed_pck_crls;   // all that their issuer signed up to now: revoked once is revoked

  std::optional<SuppliedDocument<intel::TcbInfo>> tcb_info;
  std::optional<SuppliedDocument<intel::QeIdentity>> qe_identity;
  std::string tcb_info_missing, qe_identity_missing;
  std::vector<std::string> rollbacks;  // what of a higher evaluation number was seen, and is not what is used
  std::string why_not_asked;           // not empty: the network is not asked, since the evidence's own chain does not hold

  bool bare() const { return evidence == nullptr; }
  Buffer root_spki() const;            // of the certificate or of the key that stands in for it; empty without either
  // Collateral, lists and signers belong to the root that the quote's own chain ends in; nothing under another one may judge it,
  // however trusted that one is. A bare file has no such root.
  bool is_own_root(Bytes spki) const { return bare() || (!spki.empty() && equal(root_spki(), spki)); }
};

IntelCase make_intel_case(const Evidence& evidence, const std::vector<CollateralItem>& with_it, const Context& context);
IntelCase make_bare_intel_case(const std::vector<CollateralItem>& items, const Context& context);

// Pieces of the above, each in a file of its own.
struct IntelSupply {                   // everything of one origin, decoded and sorted by what it claims to be
  std::vector<SuppliedCertificate> pcks, cas, roots, signers;
  std::vector<SuppliedCrl> crls;
  std::vector<const CollateralItem*> tcb_infos, qe_identities;
  std::vector<std::string> undecodable;
};
IntelSupply sort_intel_items(const std::vector<CollateralItem>& items);   // documents point into `items`
void choose_pck_chain(IntelCase& c, const IntelSupply& supply, const Context& context);
void choose_intel_crls(IntelCase& c, const IntelSupply& supply, const Context& context);
void choose_intel_documents(IntelCase& c, const IntelSupply& supply, const Context& context);

// The checks, in table order. Each records every id of its area exactly once.
void check_quote_structure(const IntelCase& c, const Context& context, Report& report);       // quote-*
void check_pck_chain(const IntelCase& c, const Context& context, Report& report);             // pck-*
void check_intel_crls(const IntelCase& c, const Context& context, Report& report);            // crl-*, *-revoked
// Why nothing that the network could add would make this evidence good: its own signatures or its own chain do not hold. Empty: they do, or
// it cannot be told.
std::string fault_of_intel_evidence(const IntelCase& c, const TrustStore& trust);
void check_quote_signatures(const IntelCase& c, const Context& context, Report& report);      // qe-report-*, att-key-valid, quote-signature
void check_intel_collateral(const IntelCase& c, const Context& context, Report& report);      // collateral-*, tcb-info-*, qe-identity-*
// intel_tcb_checks.cpp: qe-miscselect to td-relaunch. Needs the outcomes of the checks before it: collateral that failed one of its
// own checks decides nothing (error), an expired one that was allowed does. Fills Report::tcb.
TcbVerdict check_tcb(const IntelCase& c, const Context& context, Report& report);
void check_td(const IntelCase& c, const Context& context, Report& report);                    // td-*, xfam-*, mr-servicetd, seam-zero, sgx-*
void check_event_log(const IntelCase& c, const Context& context, Report& report);             // event-log-*, rtmr-replay-*, hcl-binding
void check_intel_policy(const IntelCase& c, const TcbVerdict& tcb, const Context& context, Report& report);   // policy-evidence-kind, *-no-reference, policy-*
// Fills CheckResult::signed_by for values whose signature was verified.
void attribute_intel_signers(const IntelCase& c, Report& report);
void record_intel_collateral(const IntelCase& c, Report& report);

}  // namespace atls::evidence
