// The appraisal of SEV-SNP claims against reference values: the snp-policy-* checks and snp-no-reference.
#pragma once

#include <optional>
#include <string>

#include "policy/policy.hpp"
#include "report/model.hpp"
#include "snp/cert_table.hpp"
#include "snp/report.hpp"

namespace atls::evidence {

struct SnpFacts {
  const snp::AttestationReport& report;
  snp::ProductLine product;
  std::optional<snp::TcbVersion> cert_tcb;   // of the endorsement certificate, in the layout of `product`
  std::string csp_id;                        // of a VLEK certificate, else empty
  const snp::CertTable* table;               // null: the evidence came without a certificate table
};

// Also called when the signature failed, so that one run shows all problems.
void check_snp_policy(const SnpFacts& facts, const policy::Policy& policy, Report& report);

}  // namespace atls::evidence
