// The rows of Intel TDX and SGX quotes in the format table.
#pragma once

#include "evidence/verify.hpp"

namespace atls::evidence {

void verify_intel(const Evidence& evidence, const std::optional<ExpectedBinding>& binding,
                  const std::vector<CollateralItem>& with_it, const Context& context, Report& report);
std::vector<const CheckSpec*> tdx_must_pass(const Context& context, const Report& report);
std::vector<const CheckSpec*> sgx_must_pass(const Context& context, const Report& report);
// Certificates, CRLs, TCB info and QE identities without a quote: the same functions, and never a proof.
void verify_intel_endorsements(const std::vector<CollateralItem>& items, const Context& context, Report& report);

}  // namespace atls::evidence
