#include "atls-serve/lists.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/faults.hpp"

namespace atls::serve {
namespace {

using Json = nlohmann::ordered_json;

// The checks that the deviation trips, one for each kind of platform that has another.
std::string checks_text(const sim::Fault& fault) {
  if (fault.check.empty()) return "-";
  std::string text(fault.check);
  if (!fault.intel_check.empty()) text += fmt::format(" or {}", fault.intel_check);
  return fault.accept ? fmt::format("{} ({})", text, fault.outcome) : text;
}

// "snp tdx"
std::string platforms_text(const sim::Fault& fault) { return fmt::format("{}", fmt::join(fault.platforms, " ")); }

}  // namespace

std::string faults_text() {
  std::string text = "A correct client fails on the named check with the exit status shown, or accepts where it says so.\n"
                     "carried by: a handshake, or only that file of --export-platform; of sgx always the export.\n\n";
  text += fmt::format("{:<46} {:<11} {:<7} {:<4} {:<45} {:<13} {}\n", "fault", "platforms", "expect", "exit", "check", "carried by", "deviation");
  for (const sim::Fault& fault : sim::faults())
    text += fmt::format("{:<46} {:<11} {:<7} {:<4} {:<45} {:<13} {}{}\n", fault.name, platforms_text(fault), fault.accept ? "accept" : "reject",
                        static_cast<int>(fault.exit), checks_text(fault), fault.in_handshake ? "handshake" : fault.artifact, fault.summary,
                        fault.needs.empty() ? "" : fmt::format(" (needs {})", fault.needs));
  return text;
}

std::string faults_json() {
  Json list = Json::array();
  for (const sim::Fault& fault : sim::faults()) {
    Json row;
    row["name"] = fault.name;
    row["summary"] = fault.summary;
    row["layer"] = sim::fault_layer_name(fault.layer);
    row["in_handshake"] = fault.in_handshake;
    row["expect"] = fault.accept ? "accept" : "reject";
    row["platforms"] = Json::array();
    for (const std::string_view format : fault.platforms) row["platforms"].push_back(format);
    row["check"] = fault.check;                      // of the first platform
    row["checks"] = Json::object();                  // of each
    for (const std::string_view format : fault.platforms) row["checks"][std::string(format)] = sim::check_of(fault, format);
    row["outcome"] = fault.outcome;
    row["exit"] = static_cast<int>(fault.exit);
    row["consequences"] = Json::array();
    for (const std::string_view id : fault.consequences) row["consequences"].push_back(id);
    row["needs"] = fault.needs;
    row["client"] = fault.client;
    row["artifact"] = fault.artifact;
    row["reference"] = fault.reference;
    list.push_back(std::move(row));
  }
  return list.dump(2) + "\n";
}

}  // namespace atls::serve
