// From an evaluation to what a person can do about it.
#pragma once

#include "evidence/intel_tcb.hpp"
#include "policy/policy.hpp"
#include "report/tcb.hpp"

namespace atls::evidence {

TcbExplanation explain_tcb(const TcbInput& input, const TcbVerdict& tcb, const policy::Policy& policy);
// "nearest is OutOfDate of 2023-08-09: it lacks SGX component 7 (3, needs 5)", for a platform that matches no level.
std::string what_is_missing(const TcbInput& input);
// Profiles side by side, and in words why they differ.
void compare_profiles(const TcbInput& input, const TcbVerdict& tcb, TcbExplanation& out);

}  // namespace atls::evidence
