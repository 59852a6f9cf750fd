// A policy about one kind of evidence never passes another kind because its section is absent there.
#pragma once

#include <string_view>

#include "policy/policy.hpp"
#include "report/model.hpp"

namespace atls::evidence {

// policy-evidence-kind for one alternative; `format` is the registry id of the evidence.
void check_evidence_kind(std::string_view format, const policy::Alternative& alternative, Report& report);
// For evidence that no policy section describes (dummy): fails unless some alternative demands nothing of another kind.
void check_evidence_kind(std::string_view format, const policy::Policy& policy, Report& report);

}  // namespace atls::evidence
