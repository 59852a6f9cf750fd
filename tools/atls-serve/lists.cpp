#include "atls-serve/lists.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "sim/faults.hpp"

namespace atls::serve {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string faults_text() {
  std::string text = "A correct client fails on the named check with the exit status shown, or accepts where it says so.\n"
                     "carried by: a handshake, or only that file of --export-platform.\n\n";
  text += fmt::format("{:<24} {:<7} {:<4} {:<38} {:<13} {}\n", "fault", "expect", "exit", "check", "carried by", "deviation");
  for (const sim::Fault& fault : sim::faults()) {
    const std::string check = fault.check.empty() ? "-" : fault.accept ? fmt::format("{} ({})", fault.check, fault.outcome) : std::string(fault.check);
    text += fmt::format("{:<24} {:<7} {:<4} {:<38} {:<13} {}{}\n", fault.name, fault.accept ? "accept" : "reject", static_cast<int>(fault.exit), check,
                        fault.in_handshake ? "handshake" : fault.artifact, fault.summary, fault.needs.empty() ? "" : fmt::format(" (needs {})", fault.needs));
  }
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
    row["check"] = fault.check;
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
