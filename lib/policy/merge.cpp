// Flags tighten a policy file: where both constrain a field, both rules must hold.
#include "policy/rules.hpp"

namespace atls::policy {
namespace {

void tighten(Alternative& into, const SnpPolicy& flags) {
  for_each_rule_member([&](auto member) {
    if (!(flags.*member)) return;
    SnpPolicy& place = into.snp.*member ? into.also.snp : into.snp;
    place.*member = flags.*member;
  });
  for (const auto member : {&SnpPolicy::id_block_required, &SnpPolicy::author_required})
    if ((flags.*member).value_or(false)) into.snp.*member = true;
  for (const auto member : {&SnpPolicy::provisional, &SnpPolicy::debug, &SnpPolicy::migrate_ma})
    if (flags.*member == Allow::forbid) into.snp.*member = Allow::forbid;
  into.snp.cert_table_entry.insert(into.snp.cert_table_entry.end(), flags.cert_table_entry.begin(), flags.cert_table_entry.end());
}

}  // namespace

void add_flags(Policy& policy, const Sections& flags) {
  if (policy.alternatives.empty()) policy.alternatives.emplace_back();
  for (Alternative& alternative : policy.alternatives) tighten(alternative, flags.snp);
}

}  // namespace atls::policy
