// What make_app and run_main share: answers that end the run early, and the wording of usage errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace atls::tools {

struct Printed { std::string text; };      // thrown by --help, --version and list options: print it and exit 0

std::string plain_message(std::string_view cli_message);   // lower case, one line, no full stop
// The candidate nearest to a misspelt word, or empty when none is near.
std::string closest(std::string_view word, const std::vector<std::string>& candidates);
std::string checks_list();                 // the text of --list-checks
std::string checks_json();                 // the same for --list-checks --json

}  // namespace atls::tools
