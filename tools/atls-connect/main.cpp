#include "atls-connect/run.hpp"

int main(int argc, char** argv) {
  return atls::tools::run_main(atls::connect::kTool, argc, argv, [](int count, char** arguments, atls::tools::Io& io) {
    const auto app = atls::tools::make_app(atls::connect::kTool);
    atls::connect::Options options;
    atls::connect::declare(*app, options);
    app->parse(count, arguments);
    atls::connect::check_combinations(*app, options);
    return atls::connect::run(options, io);
  });
}
