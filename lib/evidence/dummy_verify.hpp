// Evidence without any hardware signature, as test attesters of several profiles send it: shown, and never proof of anything.
#pragma once

#include "evidence/verify.hpp"

namespace atls::evidence {

void verify_dummy(const Evidence& evidence, const std::optional<ExpectedBinding>& binding,
                  const std::vector<CollateralItem>& with_it, const Context& context, Report& report);
std::vector<const CheckSpec*> dummy_must_pass(const Context& context, const Report& report);

}  // namespace atls::evidence
