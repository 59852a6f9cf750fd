#include "atls-connect/run.hpp"

int main(int argc, char** argv) {
  return atls::tools::run_main(atls::connect::kTool, argc, argv, [](int count, char** arguments, atls::tools::Io& io) {
    return atls::connect::run(atls::connect::parse(count, arguments), io);
  });
}
