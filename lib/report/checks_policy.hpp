// Checks of the appraisal policy as a whole, whatever the evidence is.
#pragma once

#include <array>

#include "report/check.hpp"

namespace atls::checks {

inline constexpr CheckSpec kPolicyValidity{.id = "policy-validity", .title = "The policy file is inside its own validity period",
    .reference = "atls-policy(5), not_before and not_after", .area = "Policy", .on_fail = ExitCode::refused, .severity = Severity::policy};
inline constexpr CheckSpec kPolicyEvidenceKind{.id = "policy-evidence-kind", .title = "The evidence is of the kind that the policy and the pins are about",
    .reference = "RFC 9334 section 8.5; atls-policy(5), evidence", .area = "Policy", .on_fail = ExitCode::refused, .severity = Severity::required};
// Every option that loosens shows as a warning, so that no report looks as strict as it is not.
inline constexpr CheckSpec kPolicyLoosened{.id = "policy-loosened", .title = "No option weakens the verification",
    .reference = "atls-verify(1), options that loosen", .area = "Policy", .on_fail = ExitCode::refused, .severity = Severity::warning};

inline constexpr std::array kPolicyChecks{&kPolicyValidity, &kPolicyEvidenceKind, &kPolicyLoosened};

}  // namespace atls::checks
