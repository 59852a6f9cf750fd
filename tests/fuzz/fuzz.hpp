// A fuzz target is one function that states a property of a parser. libFuzzer calls it, or replay_main.cpp with the seeds.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/bytes.hpp"

namespace atls::fuzz {

// Must hold for every input; what does not hold is a finding.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property does not hold: %s\n", property);
  std::abort();
}

}  // namespace atls::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// FUZZ(input) { ... } defines the target; `input` is empty and not null when there are no bytes.
#define FUZZ(input)                                                                          \
  static void one_input(atls::Bytes input);                                                  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {        \
    one_input(size == 0 ? atls::Bytes{} : atls::Bytes(data, size));                          \
    return 0;                                                                                \
  }                                                                                          \
  static void one_input(atls::Bytes input)
