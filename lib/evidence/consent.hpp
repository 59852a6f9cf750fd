// Where nothing can be proven, each thing that is missing needs its own consent.
#pragma once

#include <string>

#include "report/model.hpp"

namespace atls::evidence {

// warn when `option` was given, else fail; both say what is missing and which option accepts that.
inline void ask_for_consent(const CheckSpec& spec, bool given, const std::string& missing, const std::string& option, Report& report) {
  if (given)
    report.warn(spec, missing + " (accepted with " + option + ")");
  else
    report.fail(spec, missing + "; " + option + " says that this is intended");
}

}  // namespace atls::evidence
