#include "common/io.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include "common/temporary.hpp"

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

Status write_in_place(const std::string& path, Bytes content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
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
  if (!write_all(file.fd, content) || ::fchmod(file.fd, 0666 & ~mask) != 0 || file.close_now() != 0)
    return io_error(path, "cannot write", errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io_error(path, "cannot replace", errno);
  guard.keep();
  return ok();
}

}  // namespace

void print_error(Io& io, std::string_view tool, std::string_view message, std::string_view hint) {
  io.out.flush();
  io.err << tool << ": error: " << message << '\n';
  if (!hint.empty()) io.err << tool << ": hint: " << hint << '\n';
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
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return write_and_rename(path, content);
  if (S_ISDIR(facts.st_mode)) return Error{Errc::io, path, "is a directory; name a file in it", 0};
  if (!S_ISREG(facts.st_mode)) return write_in_place(path, content);
  char target[PATH_MAX];   // a link stays a link: what it points to is replaced
  return write_and_rename(::realpath(path.c_str(), target) ? target : path, content);
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
