// The SEV-SNP row of the format table.
#pragma once

#include "evidence/verify.hpp"

namespace atls::evidence {

void verify_snp(const Evidence& evidence, const std::optional<ExpectedBinding>& binding,
                const std::vector<CollateralItem>& with_it, const Context& context, Report& report);
std::vector<const CheckSpec*> snp_must_pass(const Context& context, const Report& report);
// Certificates and CRLs without a report: the same functions, and never a proof.
void verify_snp_endorsements(const std::vector<CollateralItem>& items, const Context& context, Report& report);

}  // namespace atls::evidence
