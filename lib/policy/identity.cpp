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

bool identifies(const std::optional<UintRule>& rule) { return rule && !rule->unchecked && rule->severity == Sev::fail && !rule->any_of.empty(); }

bool pins_image(const SnpPolicy& p) { return identifies(p.measurement) || identifies(p.id_key_digest) || identifies(p.author_key_digest); }
bool pins_host_values(const SnpPolicy& p) { return identifies(p.host_data); }

bool pins_image(const TdxPolicy& p) {
  return identifies(p.mr_td) || std::any_of(p.rtmr.begin(), p.rtmr.end(), [](const auto& rule) { return identifies(rule); }) ||
         std::any_of(p.events.begin(), p.events.end(), [](const auto& event) { return identifies(event.second); });
}
bool pins_host_values(const TdxPolicy& p) { return identifies(p.mr_config_id) || identifies(p.mr_owner) || identifies(p.mr_owner_config); }

// A signer alone has many enclaves; its product id says which. File and flag may say one each.
bool pins_image(const Alternative& a) {
  const auto either = [&](auto member) { return identifies(a.sgx.*member) || identifies(a.also.sgx.*member); };
  return either(&SgxPolicy::mr_enclave) || (either(&SgxPolicy::mr_signer) && either(&SgxPolicy::isv_prod_id));
}

struct Pins { bool image = false, host = false; };

template <class Section>
Pins pins(const Alternative& a, Section Sections::*section) {
  return {pins_image(a.*section) || pins_image(a.also.*section), pins_host_values(a.*section) || pins_host_values(a.also.*section)};
}

Pins pins(const Alternative& alternative, std::string_view format) {
  if (format == "snp") return pins(alternative, &Sections::snp);
  if (format == "tdx") return pins(alternative, &Sections::tdx);
  if (format == "sgx") return {pins_image(alternative), false};
  return {};   // no section describes it
}

}  // namespace

bool pins_identity(const Alternative& alternative, std::string_view format) {
  const Pins found = pins(alternative, format);
  return found.image || found.host;
}
bool pins_only_host_values(const Alternative& alternative, std::string_view format) {
  const Pins found = pins(alternative, format);
  return found.host && !found.image;
}

}  // namespace atls::policy
