// Bounded file reading and private, atomic writing for directories and the cache.
#pragma once

#include <filesystem>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls {

// Regular files only (a FIFO would block, a device never ends). Errc::not_found, Errc::io, Errc::too_large.
Result<Buffer> read_regular_file(const std::filesystem::path& path, std::size_t limit);
// Appends to a file of secrets: made 0600, opened through no symbolic link but those of /dev and /proc, and nobody else's file.
Result<int> open_secret_for_append(const std::filesystem::path& path);
// Written under a temporary name in the same directory, then renamed: whoever reads it sees the old or the new content, and a symbolic
// link is replaced, not followed. The umask applies to `mode`.
Status replace_file(const std::filesystem::path& target, Bytes content, unsigned mode);
// Refuses a folder that is not ours, or a link to one: whoever owns it could choose what is in it. Directories are made 0700 down from `root`, the file is 0600; written under a temporary name in the same directory, then renamed.
Status write_private_file(const std::filesystem::path& root, const std::filesystem::path& relative, Bytes content);

}  // namespace atls
