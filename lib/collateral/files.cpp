#include "collateral/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

namespace atls {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Error io_error(const std::filesystem::path& path, int code) {
  return {code == ENOENT || code == ENOTDIR ? Errc::not_found : Errc::io, path.string(), std::generic_category().message(code)};
}

Status make_private_directory(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return ok();
  return io_error(path, errno);
}

}  // namespace

Result<Buffer> read_regular_file(const std::filesystem::path& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd.get() < 0) return io_error(path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return io_error(path, errno);
  if (!S_ISREG(info.st_mode)) return Error{Errc::io, path.string(), "not a regular file"};
  const auto too_large = [&] { return Error{Errc::too_large, path.string(), "larger than " + std::to_string(limit) + " bytes"}; };
  if (info.st_size < 0 || static_cast<std::uintmax_t>(info.st_size) > limit) return too_large();
  Buffer out(static_cast<std::size_t>(info.st_size) + 1);   // one more: a file that grows meanwhile is noticed
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t n = ::read(fd.get(), out.data() + have, out.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(path, errno);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
    if (have > limit) return too_large();
    if (have == out.size()) out.resize(std::min(out.size() * 2, limit + 1));
  }
  out.resize(have);
  return out;
}

Status write_private_file(const std::filesystem::path& root, const std::filesystem::path& relative, Bytes content) {
  std::error_code ec;
  if (!std::filesystem::is_directory(root, ec)) {
    if (root.has_parent_path()) std::filesystem::create_directories(root.parent_path(), ec);
    if (const Status made = make_private_directory(root); !made) return made;
  }
  std::filesystem::path directory = root;
  for (const auto& part : relative.parent_path()) {
    directory /= part;
    if (const Status made = make_private_directory(directory); !made) return made;
  }
  const std::filesystem::path target = root / relative;
  std::string temporary = (directory / ".tmp-XXXXXX").string();
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));           // O_EXCL and mode 0600 by definition
  if (fd.get() < 0) return io_error(directory, errno);
  const auto give_up = [&](int code) {
    ::unlink(temporary.c_str());
    return io_error(target, code);
  };
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t n = ::write(fd.get(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return give_up(n < 0 ? errno : EIO);
    done += static_cast<std::size_t>(n);
  }
  if (::fsync(fd.get()) != 0) return give_up(errno);
  if (::close(fd.release()) != 0) return give_up(errno);
  if (::rename(temporary.c_str(), target.c_str()) != 0) return give_up(errno);
  return ok();
}

}  // namespace atls
