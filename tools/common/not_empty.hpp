// An option with an empty value is a mistake (an unset variable of a script), never "use the default".
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace atls::tools {

inline CLI::Validator not_empty() {
  return CLI::Validator([](std::string& text) { return text.empty() ? std::string("the value is empty") : std::string(); }, "", "not empty");
}

}  // namespace atls::tools
