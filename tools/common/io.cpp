#include "common/io.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include "common/temporary.hpp"
#include "report/render.hpp"

namespace atls::tools {
namespace {

std::string system_reason(int error) {
  std::string text = std::strerror(error);   // NOLINT: single-threaded use, text only
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

Error io_error(const std::string& path, std::string_view doing, int error) {
  const Errc code = error == ENOENT || error == ENOTDIR ? Errc::not_found : Errc::io;
  return {code, path, std::string(doing) + ": " + system_reason(error), 0};
}

struct Descriptor {
  int fd;
  explicit Descriptor(int f) : fd(f) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close_now(); }
  int close_now() {
    const int rc = fd > STDERR_FILENO ? ::close(fd) : 0;
    fd = -1;
    return rc;
  }
};

bool write_all(int fd, Bytes content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    content = content.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

constexpr mode_t kReadable = 0644;   // what is saved is evidence and reports: public, and written by its owner alone

// Through the links of /dev and /proc, which the system made, and through no other.
bool is_of_system(std::string_view path) { return path.starts_with("/dev/") || path.starts_with("/proc/"); }

Status write_in_place(const std::string& path, Bytes content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | (is_of_system(path) ? 0 : O_NOFOLLOW)));
  if (file.fd < 0) return io_error(path, "cannot open for writing", errno);
  if (!write_all(file.fd, content)) return io_error(path, "cannot write", errno);
  return ok();
}

Status write_and_rename(const std::string& path, Bytes content) {
  std::string temporary = path + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.fd < 0) return io_error(path, "cannot create a file beside it", errno);
  TemporaryFile guard(temporary);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (!write_all(file.fd, content) || ::fchmod(file.fd, kReadable & ~mask) != 0 || file.close_now() != 0)
    return io_error(path, "cannot write", errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io_error(path, "cannot replace", errno);
  guard.keep();
  return ok();
}

}  // namespace

// "/dev/stdout" and its like are names of descriptors that are open already. Opening them anew would begin at the start of a file that
// is being appended to, and fails for sockets.
int descriptor_named(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    int number = -1;
    const auto [end, code] = std::from_chars(path.data() + folder.size(), path.data() + path.size(), number);
    if (code == std::errc() && end == path.data() + path.size() && number >= 0) return number;
  }
  return -1;
}

Status refuse_link(const std::string& path) {
  struct stat facts {};
  if (is_of_system(path) || ::lstat(path.c_str(), &facts) != 0 || !S_ISLNK(facts.st_mode)) return ok();
  return Error{Errc::io, path, "is a symbolic link, and whoever made it would choose what is overwritten; name the file itself", 0};
}

void print_error(Io& io, std::string_view tool, std::string_view message, std::string_view hint) {
  io.out.flush();
  io.err << tool << ": error: " << escape_control(message) << '\n';
  if (!hint.empty()) io.err << tool << ": hint: " << escape_control(hint) << '\n';
  io.err.flush();
}

Status write_output(Io& io, const std::string& path, Bytes content, bool binary) {
  if (path.empty() || path == "-") {
    if (path.empty() && binary && io.out_is_terminal)
      return Error{Errc::refused, "standard output", "binary data is not written to a terminal; use -o FILE, or -o - to insist", 0};
    io.out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    io.out.flush();
    if (!io.out) return Error{Errc::io, "standard output", "cannot write", 0};
    return ok();
  }
  if (const int fd = descriptor_named(path); fd >= 0) {
    io.out.flush();
    io.err.flush();
    return write_all(fd, content) ? ok() : Status(io_error(path, "cannot write", errno));
  }
  if (const Status plain = refuse_link(path); !plain) return plain;
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return write_and_rename(path, content);
  if (S_ISDIR(facts.st_mode)) return Error{Errc::io, path, "is a directory; name a file in it", 0};
  if (!S_ISREG(facts.st_mode)) return write_in_place(path, content);
  return write_and_rename(path, content);
}

Result<Buffer> read_input(const std::string& path, std::size_t limit) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  Descriptor file(standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) return io_error(name, "cannot open", errno);
  Buffer out;
  for (;;) {
    const std::size_t chunk = std::size_t{64} * 1024, before = out.size();
    out.resize(before + chunk);
    const ssize_t n = ::read(file.fd, out.data() + before, chunk);
    const int error = errno;
    out.resize(before + static_cast<std::size_t>(n > 0 ? n : 0));
    if (n < 0 && error == EINTR) continue;
    if (n < 0) return io_error(name, "cannot read", error);
    if (n == 0) return out;
    if (out.size() > limit) return Error{Errc::too_large, name, "larger than the limit of " + std::to_string(limit) + " bytes", 0};
  }
}

}  // namespace atls::tools
