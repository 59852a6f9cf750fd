// Flags tighten a policy file: where both constrain a field, both rules must hold.
#include "policy/policy.hpp"

namespace atls::policy {
namespace {

template <class Rule>
void fold(Alternative& into, const SnpPolicy& flags, std::optional<Rule> SnpPolicy::*member) {
  if (!(flags.*member)) return;
  SnpPolicy& place = into.snp.*member ? into.also : into.snp;
  place.*member = flags.*member;
}

void fold_demand(Alternative& into, const SnpPolicy& flags, std::optional<bool> SnpPolicy::*member) {
  if ((flags.*member).value_or(false)) into.snp.*member = true;
}

void tighten(Alternative& into, const SnpPolicy& flags) {
  using P = SnpPolicy;
  fold(into, flags, &P::product);
  fold(into, flags, &P::signer);
  fold(into, flags, &P::csp_id);
  for (const auto member : {&P::version, &P::guest_svn, &P::vmpl, &P::firmware_build}) fold(into, flags, member);
  for (const auto member : {&P::guest_policy, &P::platform_info}) fold(into, flags, member);
  for (const auto member : {&P::family_id, &P::image_id, &P::measurement, &P::host_data, &P::report_id, &P::report_id_ma, &P::chip_id, &P::report_data, &P::id_key_digest, &P::author_key_digest})
    fold(into, flags, member);
  for (const auto member : {&P::tcb_reported, &P::tcb_launch, &P::tcb_current, &P::tcb_committed, &P::tcb_cert}) fold(into, flags, member);
  fold(into, flags, &P::firmware_version);
  for (const auto member : {&P::mit_launch, &P::mit_current}) fold(into, flags, member);
  for (const auto member : {&P::id_block_required, &P::author_required}) fold_demand(into, flags, member);
  for (const auto member : {&P::provisional, &P::debug, &P::migrate_ma})
    if (flags.*member == Allow::forbid) into.snp.*member = Allow::forbid;
  into.snp.cert_table_entry.insert(into.snp.cert_table_entry.end(), flags.cert_table_entry.begin(), flags.cert_table_entry.end());
}

}  // namespace

void add_flags(Policy& policy, const SnpPolicy& flags) {
  if (policy.alternatives.empty()) policy.alternatives.emplace_back();
  for (Alternative& alternative : policy.alternatives) tighten(alternative, flags);
}

}  // namespace atls::policy
