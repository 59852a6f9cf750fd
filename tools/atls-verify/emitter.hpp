// Writes reports as they come, in the form that the renderer gives for all of them together.
#pragma once

#include <fstream>
#include <map>
#include <memory>

#include "common/options.hpp"
#include "common/temporary.hpp"

namespace atls::verify {

class Emitter {
 public:
  // `batch`: the form for several inputs, even when only one comes.
  Emitter(tools::Io& io, const tools::OutputOptions& options, bool batch) : io_(io), options_(options), batch_(batch) {}
  Status open();
  void add(Report report);
  Status finish();             // the closing line; with --report FILE the file appears now
  ExitCode worst() const { return worst_; }
  std::size_t count() const { return count_; }

 private:
  void write(const std::string& text);
  std::string piece(const Report& report) const;

  tools::Io& io_;
  const tools::OutputOptions& options_;
  bool batch_;
  bool silent_ = false;
  const Renderer* renderer_ = nullptr;
  RenderOptions how_;
  std::string file_;                              // temporary name
  std::unique_ptr<tools::TemporaryFile> guard_;
  std::ofstream stream_;
  std::size_t count_ = 0;
  std::map<std::string, std::size_t> results_;    // verdict word to number
  ExitCode worst_ = ExitCode::verified;
};

}  // namespace atls::verify
