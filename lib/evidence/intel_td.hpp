// Attributes of TDs and enclaves that one alternative of the policy may permit and another may not.
#pragma once

#include "evidence/intel_case.hpp"

namespace atls::evidence {

// td-debug, td-attributes-reserved, td-migratable, td-sept-ve-disable, mr-servicetd, sgx-debug. The rest of the area is check_td's.
void judge_attributes(const IntelCase& c, const policy::Policy& policy, const policy::Alternative& alternative, Report& report);

}  // namespace atls::evidence
