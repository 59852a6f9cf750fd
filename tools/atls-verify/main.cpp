#include <iostream>

#include "atls-verify/run.hpp"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return atls::tools::run_main(atls::verify::kTool, argc, argv, [](int count, char** arguments, atls::tools::Io& io) {
    return atls::verify::run(atls::verify::parse(count, arguments), std::cin, io);
  });
}
