#include "collateral/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
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

bool is_of_the_system(const std::string& path) { return path.starts_with("/dev/") || path.starts_with("/proc/"); }

// The root may be a link that its owner made; what is below it may not.
Status check_own_directory(const std::filesystem::path& path, bool is_root) {
  struct stat info {};
  if ((is_root ? ::stat(path.c_str(), &info) : ::lstat(path.c_str(), &info)) != 0) return io_error(path, errno);
  if (!S_ISDIR(info.st_mode)) return Error{Errc::io, path.string(), "not a directory"};
  if (info.st_uid != ::geteuid()) return Error{Errc::io, path.string(), "belongs to another user, who could choose what is in it"};
  return ok();
}

Status make_private_directory(const std::filesystem::path& path, bool is_root) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return check_own_directory(path, is_root);
  return io_error(path, errno);
}

// Writes to `fd`, syncs, closes, and gives the file its name.
Status finish_file(Fd& fd, const std::string& temporary, const std::filesystem::path& target, Bytes content) {
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
  }
  if (const Status made = make_private_directory(root, true); !made) return made;
  std::filesystem::path directory = root;
  for (const auto& part : relative.parent_path()) {
    directory /= part;
    if (const Status made = make_private_directory(directory, false); !made) return made;
  }
  const std::filesystem::path target = root / relative;
  std::string temporary = (directory / ".tmp-XXXXXX").string();
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));           // O_EXCL and mode 0600 by definition
  if (fd.get() < 0) return io_error(directory, errno);
  return finish_file(fd, temporary, target, content);
}

Status replace_file(const std::filesystem::path& target, Bytes content, unsigned mode) {
  static std::atomic<unsigned> counter{0};
  std::string temporary;
  for (int attempt = 0; attempt < 100; ++attempt) {   // open, not mkstemp: the umask is the kernel's to apply
    temporary = target.string() + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, static_cast<mode_t>(mode)));
    if (fd.get() >= 0) return finish_file(fd, temporary, target, content);
    if (errno != EEXIST) return io_error(target, errno);
  }
  return io_error(target, EEXIST);
}

Result<int> open_secret_for_append(const std::filesystem::path& path) {
  const bool system = is_of_the_system(path.string());
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (system ? 0 : O_NOFOLLOW), 0600));
  if (fd.get() < 0 && errno == ELOOP) return Error{Errc::io, path.string(), "is a symbolic link; name the file itself"};
  if (fd.get() < 0) return io_error(path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return io_error(path, errno);
  if (!system && S_ISREG(info.st_mode) && info.st_uid != ::geteuid()) return Error{Errc::io, path.string(), "belongs to another user, who could read it"};
  return fd.release();
}

}  // namespace atls
