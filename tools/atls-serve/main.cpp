#include <malloc.h>
#include <pthread.h>

#include "atls-serve/run.hpp"

namespace {

// Address space of a connection's thread. The default, 8 MiB, is 80 GiB for 10,000 of them, which a machine that does not overcommit refuses;
// the deepest call, judging a client, needs some ten KiB.
constexpr std::size_t kStackSize = std::size_t{1} << 20;

void set_stack_size() {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  if (pthread_attr_setstacksize(&attributes, kStackSize) == 0) (void)pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

}  // namespace

int main(int argc, char** argv) {
  // One arena for many short threads: memory that one connection gave back serves the next.
  mallopt(M_ARENA_MAX, 2);
  set_stack_size();
  return atls::tools::run_main(atls::serve::kTool, argc, argv, [](int count, char** arguments, atls::tools::Io& io) {
    return atls::serve::run(atls::serve::parse(count, arguments), io);
  });
}
