#include "atls-dump/run.hpp"

int main(int argc, char** argv) {
  return atls::tools::run_main(atls::dump::kTool, argc, argv, [](int count, char** arguments, atls::tools::Io& io) {
    return atls::dump::run(atls::dump::parse(count, arguments), io);
  });
}
