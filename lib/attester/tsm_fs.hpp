// The file operations of configfs-tsm and the pause between attempts, as a seam: the kernel's error codes cannot be provoked on an
// ordinary directory.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "attester/attester.hpp"

namespace atls {

struct TsmIo { int error = 0; Buffer data; };            // error: errno, 0 for success

class TsmFs {
 public:
  virtual ~TsmFs() = default;
  virtual TsmIo make(const std::filesystem::path& entry) = 0;
  virtual TsmIo remove(const std::filesystem::path& entry) = 0;
  virtual TsmIo read(const std::filesystem::path& attribute, std::size_t limit) = 0;
  virtual TsmIo write(const std::filesystem::path& attribute, Bytes value) = 0;    // one write call
  virtual void pause(std::chrono::milliseconds length) = 0;
};

std::shared_ptr<TsmFs> posix_tsm_fs();
Result<std::unique_ptr<Attester>> tsm_attester(TsmOptions options, std::shared_ptr<TsmFs> fs);

}  // namespace atls
