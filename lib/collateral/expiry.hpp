// Which collateral expires when: certificates by their validity, CRLs, TCB info and QE identities by their next update.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "collateral/object.hpp"

namespace atls {

struct Located { CollateralObject object; std::string origin; };
struct Inventory { std::vector<Located> objects; std::vector<std::string> unreadable; bool complete = true; };
// Everything that directory_provider would offer from this directory or file.
Result<Inventory> list_collateral(const std::filesystem::path& path);

enum class ExpiryState { expired, soon, good, undated };   // undated: damaged, or without an end that can be read
std::string_view expiry_state_name(ExpiryState state);
struct Expiry {
  ExpiryState state = ExpiryState::undated;
  CollateralKind kind = CollateralKind::amd_vcek;
  std::string what;                  // subject, issuer or FMSPC, for people
  std::optional<Time> issued, expires;
  std::string origin, sha256;
};
// Each distinct object once, issuer chains included; soonest first, undated ones before all.
std::vector<Expiry> expiries(const std::vector<Located>& objects, Time now, std::chrono::seconds within);

}  // namespace atls
