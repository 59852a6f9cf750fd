#include <malloc.h>

#include "atls-serve/run.hpp"

int main(int argc, char** argv) {
  // One arena for many short threads: memory that one connection gave back serves the next.
  mallopt(M_ARENA_MAX, 2);
  return atls::tools::run_main(atls::serve::kTool, argc, argv, [](int count, char** arguments, atls::tools::Io& io) {
    return atls::serve::run(atls::serve::parse(count, arguments), io);
  });
}
