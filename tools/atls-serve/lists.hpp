// --list-faults and --list-profiles.
#pragma once

#include <string>

namespace atls::serve {

std::string faults_text();
std::string faults_json();
std::string profiles_text();
std::string profiles_json();

}  // namespace atls::serve
