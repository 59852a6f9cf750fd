// Bounded file reading and private, atomic writing for directories and the cache.
#pragma once

#include <filesystem>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

// Regular files only (a FIFO would block, a device never ends). Errc::not_found, Errc::io, Errc::too_large.
Result<Buffer> read_regular_file(const std::filesystem::path& path, std::size_t limit);
// Directories are made 0700 down from `root`, the file is 0600; written under a temporary name in the same directory, then renamed.
Status write_private_file(const std::filesystem::path& root, const std::filesystem::path& relative, Bytes content);

}  // namespace atls
