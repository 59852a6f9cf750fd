// Certificates in the certification data of a quote, and wherever else several stand one after the other.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace atls::evidence {

struct SplitChain {
  std::vector<Buffer> certificates;   // DER in the order of the input; what stands before damage too
  std::string error;                  // what is wrong with the rest
  std::size_t text = 0;               // letters outside of the PEM blocks, which mean nothing
};
// PEM, or DER one after the other (Intel's synthetic samples). A final NUL, which the declared size often counts, is no damage.
SplitChain split_chain(Bytes data);

}  // namespace atls::evidence
