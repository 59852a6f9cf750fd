// Exit codes, checks and policy flags as JSON: the source of the generated parts of the manual, and what check_docs.py compares.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "policy/flags.hpp"
#include "report/check.hpp"

namespace {

std::string_view severity_name(atls::Severity severity) {
  switch (severity) {
    case atls::Severity::required: return "required";
    case atls::Severity::policy: return "policy";
    case atls::Severity::warning: return "warning";
    case atls::Severity::info: return "info";
  }
  return "required";
}

}  // namespace

int main() {
  using Json = nlohmann::ordered_json;
  Json out{{"version", ATLS_VERSION}, {"exit_codes", Json::array()}, {"checks", Json::array()}, {"flags", Json::array()}};
  for (const atls::ExitCodeInfo& info : atls::exit_codes())
    out["exit_codes"].push_back({{"code", static_cast<int>(info.code)}, {"verdict", info.verdict}, {"meaning", info.meaning}});
  for (const atls::CheckSpec* spec : atls::all_checks())
    out["checks"].push_back({{"id", spec->id}, {"title", spec->title}, {"reference", spec->reference}, {"area", spec->area},
                             {"code", static_cast<int>(spec->on_fail)}, {"severity", severity_name(spec->severity)}});
  for (const atls::policy::Flag& flag : atls::policy::flags())
    out["flags"].push_back({{"name", flag.name}, {"metavar", flag.metavar}, {"help", flag.help}});
  const std::string text = out.dump(2) + "\n";
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
