#include "profile/registry.hpp"

#include <algorithm>

namespace atls::profile {
namespace {

constexpr Profile kProfiles[] = {
    {.id = "constellation",
     .title = "Constellation aTLS: nonce in SNI and CA name, evidence in a leaf extension",
     .reference = "github.com/edgelesssys/constellation, internal/atls",
     .connect = true,
     .serve = true,
     .binding = "key",
     .freshness = "32-byte nonce of the verifying side"},
};

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

const Profile* find_profile(std::string_view id) {
  if (id == "auto") return &kProfiles[0];
  const auto it = std::find_if(std::begin(kProfiles), std::end(kProfiles), [&](const Profile& p) { return p.id == id; });
  return it == std::end(kProfiles) ? nullptr : it;
}

}  // namespace atls::profile
