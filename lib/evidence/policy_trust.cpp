#include "evidence/policy_trust.hpp"

namespace atls::evidence {
namespace {

std::string_view platform_of_key(const CaKey& key) { return key.role == CaRole::intel_root || key.role == CaRole::intel_tcb_signer ? "intel" : "amd_ark"; }

Status add_roots(const std::string& kind, const std::vector<Buffer>& files, TrustStore& out) {
  for (const Buffer& file : files) {
    const auto store = TrustStore::from_pem(file);
    if (!store) return Error{Errc::bad_value, "trust.roots." + kind, store.error().message(), 0};
    for (const CaKey& key : store->keys())
      if (platform_of_key(key) != kind) return Error{Errc::bad_value, "trust.roots." + kind, "\"" + key.subject_cn + "\" belongs under \"" + std::string(platform_of_key(key)) + "\"", 0};
    out.add(store->keys());
  }
  return ok();
}

}  // namespace

Result<TrustStore> trust_of(const policy::Policy& policy) {
  TrustStore out;
  for (std::size_t i = 0; i < policy.trust_anchor_files.size(); ++i) {
    const auto store = TrustStore::from_pem(policy.trust_anchor_files[i]);
    if (!store) return Error{Errc::bad_value, std::to_string(i), store.error().message(), 0};
    out.add(store->keys());
  }
  if (!policy.trust_anchor_files.empty()) return out;
  const TrustStore builtin = TrustStore::builtin();
  std::vector<CaKey> kept;
  for (const CaKey& key : builtin.keys())
    if (!policy.roots.contains(std::string(platform_of_key(key)))) kept.push_back(key);
  out.add(std::move(kept));
  for (const auto& [kind, files] : policy.roots)
    if (auto status = add_roots(kind, files, out); !status) return status.error();
  return out;
}

}  // namespace atls::evidence
