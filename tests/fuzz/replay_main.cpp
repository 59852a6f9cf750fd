// Runs a target over the files of folders, and over every seed cut short and with single bytes changed: what libFuzzer would
// try first, in builds without it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "fuzz.hpp"

namespace {

constexpr std::size_t kVariations = 50;   // per seed and kind, spread over its length

void run(const std::vector<std::uint8_t>& bytes) { LLVMFuzzerTestOneInput(bytes.data(), bytes.size()); }

std::size_t run_with_variations(const std::vector<std::uint8_t>& seed) {
  run(seed);
  std::size_t runs = 1;
  const std::size_t step = std::max<std::size_t>(1, seed.size() / kVariations);
  for (std::size_t i = 0; i < seed.size(); i += step, runs += 3) {
    run({seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(i)});
    for (const unsigned flip : {0x01U, 0x80U}) {
      std::vector<std::uint8_t> changed = seed;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ flip);
      run(changed);
    }
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t seeds = 0, runs = 0;
  run({});
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream in(entry.path(), std::ios::binary);
      runs += run_with_variations({std::istreambuf_iterator<char>(in), {}});
      ++seeds;
    }
  std::cout << "FIGURE: " << seeds << " seeds, " << runs << " runs\n";
  return seeds == 0 ? 1 : 0;
}
