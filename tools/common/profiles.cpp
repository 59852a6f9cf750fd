#include "common/profiles.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "profile/registry.hpp"

namespace atls::tools {

std::string profiles_text() {
  std::string out;
  for (const profile::Profile& p : profile::profiles()) {
    const char* tools = p.connect && p.serve ? "atls-connect and atls-serve" : p.connect ? "atls-connect only" : "atls-serve only";
    out += fmt::format("{:<16}{}\n", p.id, p.title);
    out += fmt::format("{:<16}binding: {}; freshness: {}; {}\n", "", p.binding, p.freshness, tools);
    out += fmt::format("{:<16}{}\n", "", p.reference);
  }
  return out;
}

std::string profiles_json() {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const profile::Profile& p : profile::profiles())
    list.push_back({{"id", p.id}, {"title", p.title}, {"reference", p.reference}, {"connect", p.connect}, {"serve", p.serve}, {"binding", p.binding}, {"freshness", p.freshness}});
  return list.dump(2) + "\n";
}

}  // namespace atls::tools
