// Where inputs come from, one after the other: files, directories, or JSON lines. Nothing is read before its turn.
#pragma once

#include <deque>
#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "atls-verify/options.hpp"

namespace atls::verify {

struct Job {
  std::string name;
  std::string path;                        // read by the worker; empty: `data` is the input
  Buffer data;
  std::optional<Buffer> nonce;
  std::optional<evidence::InputKind> kind;
  std::optional<Error> problem;            // the input could not be read at all
  bool undecodable = false;                // `problem` is in the content (a wrong JSON line): nothing was missing
};

class Source {
 public:
  virtual ~Source() = default;
  virtual std::optional<Job> next() = 0;
};

std::unique_ptr<Source> file_source(const Options& options);
std::unique_ptr<Source> json_lines_source(std::istream& in, const Options& options);

}  // namespace atls::verify
