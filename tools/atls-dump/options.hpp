// The command line of atls-dump as a struct. Declarations only; no work.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/options.hpp"
#include "evidence/load.hpp"

namespace atls::dump {

inline constexpr tools::ToolInfo kTool{
    "atls-dump",
    "Decodes evidence, certificates, CRLs and bundles into a tree of claims. Verifies nothing.",
    "atls-dump --hex report.bin",
};

struct Options {
  std::vector<std::string> files;
  std::optional<evidence::InputKind> as;
  bool json = false, hex = false;
  std::optional<std::string> extract;   // path of a claim
  std::string output;                   // -o; empty: standard output
  tools::OutputOptions text;            // colour, brief, verbose
};

Options parse(int argc, char** argv);   // throws what run_main turns into messages

}  // namespace atls::dump
