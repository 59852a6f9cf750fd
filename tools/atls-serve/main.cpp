#include <malloc.h>

#include "atls-serve/run.hpp"

int main(int argc, char** argv) {
  // One arena for many short threads: memory that one connection gave back serves the next.
  mallopt(M_ARENA_MAX, 2);
  return atls::tools::run_main(atls::serve::kTool, argc, argv, [](int count, char** arguments, atls::tools::Io& io) {
    const auto app = atls::tools::make_app(atls::serve::kTool);
    atls::serve::Options options;
    atls::serve::declare(*app, options);
    app->parse(count, arguments);
    if (const std::string problem = atls::serve::conflict(*app, options); !problem.empty()) {
      atls::tools::print_error(io, atls::serve::kTool.name, problem);
      return atls::ExitCode::usage;
    }
    if (!options.exec_command.empty()) options.application = atls::serve::Application::exec;
    if (!options.forward_target.empty()) options.application = atls::serve::Application::forward;
    return atls::serve::run(options, io);
  });
}
