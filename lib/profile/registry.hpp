// Profiles by id, for --list-profiles. Each row is one published way of doing attested TLS.
#pragma once

#include <span>
#include <string_view>

namespace atls::profile {

struct Profile { std::string_view id, title, reference; bool connect, serve; std::string_view binding, freshness; };
std::span<const Profile> profiles();
const Profile* find_profile(std::string_view id);     // "auto" is constellation until there are others

}  // namespace atls::profile
