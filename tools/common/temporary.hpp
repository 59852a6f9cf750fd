// A file that disappears unless it is kept: on leaving the scope, and when the user interrupts the program.
#pragma once

#include <string>

namespace atls::tools {

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  void keep();                      // it has been renamed: nothing to remove

 private:
  std::string path_;
};

void remove_temporary_on_signal();  // async-signal-safe; for signal handlers only

}  // namespace atls::tools
