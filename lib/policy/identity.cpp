// Which constraints identify the guest, and which rules apply to one field.
#include <algorithm>

#include "policy/policy.hpp"

namespace atls::policy {
namespace {

// An enforced equality. A value that is zero where it is compared says "the field is empty" and identifies nobody.
bool identifies(const std::optional<BytesRule>& rule) {
  if (!rule || rule->unchecked || rule->severity == Sev::warn || rule->any_of.empty()) return false;
  return std::all_of(rule->any_of.begin(), rule->any_of.end(), [&](const Buffer& value) {
    for (std::size_t i = 0; i < value.size(); ++i)
      if ((value[i] & (rule->mask ? (*rule->mask)[i] : 0xff)) != 0) return true;
    return false;
  });
}

bool identifies(const Alternative& alternative, std::optional<BytesRule> SnpPolicy::*member) {
  return identifies(alternative.snp.*member) || identifies(alternative.also.snp.*member);
}

bool pins_image(const Alternative& alternative) {
  return identifies(alternative, &SnpPolicy::measurement) || identifies(alternative, &SnpPolicy::id_key_digest) || identifies(alternative, &SnpPolicy::author_key_digest);
}

}  // namespace

bool pins_identity(const Alternative& alternative, std::string_view) { return pins_image(alternative) || identifies(alternative, &SnpPolicy::host_data); }
bool pins_only_host_values(const Alternative& alternative, std::string_view) { return !pins_image(alternative) && identifies(alternative, &SnpPolicy::host_data); }

}  // namespace atls::policy
