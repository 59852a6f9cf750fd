// The fields of SnpPolicy that hold a rule, in one list, for code that treats them all alike.
#pragma once

#include "policy/policy.hpp"

namespace atls::policy {

// Calls f with the member pointer of each rule.
template <class F>
void for_each_rule_member(const F& f) {
  using P = SnpPolicy;
  f(&P::product), f(&P::signer), f(&P::csp_id);
  f(&P::version), f(&P::guest_svn), f(&P::vmpl), f(&P::firmware_build);
  f(&P::guest_policy), f(&P::platform_info);
  f(&P::measurement), f(&P::host_data), f(&P::id_key_digest), f(&P::author_key_digest), f(&P::report_data), f(&P::family_id), f(&P::image_id), f(&P::report_id),
      f(&P::report_id_ma), f(&P::chip_id);
  f(&P::tcb_reported), f(&P::tcb_launch), f(&P::tcb_current), f(&P::tcb_committed), f(&P::tcb_cert);
  f(&P::firmware_version);
  f(&P::mit_launch), f(&P::mit_current);
}

}  // namespace atls::policy
