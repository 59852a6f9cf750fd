// A policy about one kind of evidence never passes another kind because its section is absent there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"
#include "report/model.hpp"

namespace atls::evidence {

// The evidence itself was refused: whether a flag applies is read from it, so that is not asked any more.
bool was_rejected(const Report& report);

// policy-evidence-kind for one alternative; `format` is the registry id of the evidence.
void check_evidence_kind(std::string_view format, const policy::Alternative& alternative, Report& report);
// For evidence that no policy section describes (dummy): fails unless some alternative demands nothing of another kind.
void check_evidence_kind(std::string_view format, const policy::Policy& policy, Report& report);

// policy-evidence-kind for the options that are no policy key: one that cannot apply to this evidence is a wrong command line, never
// ignored. Rejected evidence does not turn into one, so this comes after the checks of the evidence itself.
void check_options_apply(std::string_view format, const policy::Policy& policy, Report& report);
void check_option_applies(std::string_view option, std::string_view format, Report& report);

// The same for a peer that presented no evidence and need not: whatever is demanded of evidence is not met then, which refuses the peer.
// `more`: options beside those of the policy.
void check_nothing_demanded(const policy::Policy& policy, const std::vector<std::string>& more, Report& report);

}  // namespace atls::evidence
