// Parts of an input beside the evidence itself.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace atls::evidence {

// A part of the input that nothing judges. `data` (may be empty) is what the report would name it by had it been used after all: a
// certificate in a folder that is given as --collateral-dir, too.
struct UnusedPart {
  std::string what;                 // "the event log of boot.log: nothing but a TDX quote speaks for one"
  Buffer data;
};

// Evidence that a bundle repeats beside the leaf.
struct EvidenceCopy {
  std::string format;
  Buffer data;
};

}  // namespace atls::evidence
