// One SEV-SNP case as the verifier sees it: decoded evidence, and the certificates and CRL that were chosen for it.
// Everything is decided here before the first check runs, so that checks only look.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "azure/hcl.hpp"
#include "collateral/collateral.hpp"
#include "crypto/certificate.hpp"
#include "evidence/evidence.hpp"
#include "evidence/snp_vek.hpp"
#include "evidence/supplied.hpp"
#include "evidence/verify.hpp"
#include "snp/cert_table.hpp"
#include "snp/report.hpp"

namespace atls::evidence {

// Everything of one origin, decoded and sorted by what it claims to be.
struct Supply {
  std::vector<SuppliedCertificate> veks, asks, arks;  // asks: ASK and ASVK
  std::vector<SuppliedCrl> crls;
  std::vector<std::string> undecodable;
};

// A CA of the chain: a certificate, or a built-in key that stands in for one.
struct CaLink {
  CaRole role = CaRole::ark;
  std::optional<SuppliedCertificate> certificate;
  const CaKey* builtin = nullptr;
  std::string missing;  // why there is neither

  bool present() const { return certificate || builtin != nullptr; }
  Buffer spki() const;
  std::string spki_sha256() const;
  Buffer subject_der() const;
  std::string subject_cn() const, serial_hex() const;
  std::string label() const;  // "ASK SEV-Milan", "ASK SEV-Milan (built-in key)"
};

struct SnpCase {
  const Evidence* evidence = nullptr;  // null for bare endorsements
  std::optional<snp::AttestationReport> report;
  std::optional<snp::CertTable> table;
  std::string table_error;
  std::vector<std::string> table_remarks;  // PEM blobs with several certificates, VCEK and VLEK side by side
  std::vector<CollateralItem> own_items;   // what came inside the evidence: table, document, its directory or file
  std::optional<azure::HclReport> hcl;
  std::string hcl_error;

  snp::ProductLine product = snp::ProductLine::unknown;
  std::string product_from;  // how it was decided
  std::optional<SuppliedCertificate> vek;
  VekFacts facts;                  // of vek
  std::string vek_missing;         // what was looked at, what every source said, and what to do next
  bool tcb_put_back = false;       // the key of vek signed the report as it was before its TCBs were written in the order of the other layout
  CaLink ask, ark;                 // by default ask.role is ask; asvk in a VLEK chain
  std::optional<SuppliedCrl> crl;  // the newest valid one, else the best that there is to judge
  bool crl_usable = false;
  std::string crl_missing;
  std::vector<SuppliedCrl> signed_crls;  // all that the ARK signed up to now: revoked once is revoked

  bool bare() const { return evidence == nullptr; }
  std::string vek_name() const { return facts.is_vlek ? "VLEK" : "VCEK"; }
  std::string ask_name() const { return ask.role == CaRole::asvk ? "ASVK" : "ASK"; }
};

// Decodes evidence and chooses certificates and CRL: evidence first, then local collateral, then the network.
SnpCase make_snp_case(const Evidence& evidence, const std::vector<CollateralItem>& with_it, const Context& context);
// The same for files that are certificates or CRLs only.
SnpCase make_bare_case(const std::vector<CollateralItem>& items, const Context& context);

// Pieces of the above, each in a file of its own.
Supply sort_items(const std::vector<CollateralItem>& items);
void choose_vek(SnpCase& c, const Supply& supply, const Context& context);
void choose_authorities(SnpCase& c, const Supply& supply, const Context& context);
void choose_crl(SnpCase& c, const Supply& supply, const Context& context);
// "collateral directory /x has no amd-vcek ...; network: refused ..." in the order the sources were asked.
std::string describe(const std::vector<CollateralMiss>& misses);
// True when the signature of the report verifies under the key of the certificate.
bool verifies_report(const crypto::Certificate& vek, const snp::AttestationReport& report);
// Whether a certificate that came with the evidence is one of this report's at all: it fits, or its key signed.
bool is_candidate_vek(const SuppliedCertificate& vek, const SnpCase& c);

// The checks, in table order. Each records every id of its area exactly once.
void check_snp_structure(const SnpCase& c, const Context& context, Report& report);
void check_snp_certificates(const SnpCase& c, const Context& context, Report& report);
void check_snp_crl(const SnpCase& c, const Context& context, Report& report);
void check_snp_consistency(const SnpCase& c, Report& report);
// Fills CheckResult::signed_by for values whose signature was verified.
void attribute_signers(const SnpCase& c, Report& report);
void record_collateral(const SnpCase& c, Report& report);

}  // namespace atls::evidence
