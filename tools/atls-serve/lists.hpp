// --list-faults.
#pragma once

#include <string>

namespace atls::serve {

std::string faults_text();
std::string faults_json();

}  // namespace atls::serve
