#include <iostream>

#include "atls-verify/run.hpp"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return atls::tools::run_main(atls::verify::kTool, argc, argv, [](int count, char** arguments, atls::tools::Io& io) {
    const auto app = atls::tools::make_app(atls::verify::kTool);
    atls::verify::Options options;
    atls::verify::declare(*app, options);
    app->parse(count, arguments);
    atls::verify::check(options);
    return atls::verify::run(options, std::cin, io);
  });
}
