#include "atls-connect/exchange.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "atls-connect/http.hpp"
#include "report/render.hpp"

namespace atls::connect {
namespace {

using channel::AttestedChannel;
using channel::Fd;
using channel::IoEnd;

// Standard input or output without blocking. O_NONBLOCK belongs to the open file, which a terminal shares with the shell; so
// pipes and terminals are opened anew. Regular files never block and must keep their position; a socket cannot be opened anew.
class StandardStream {
 public:
  StandardStream(int fd, int mode) : fd_(fd) {
    struct stat facts {};
    if (::fstat(fd, &facts) != 0 || S_ISREG(facts.st_mode)) return;
    own_ = Fd(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (own_.get() >= 0) return;
    saved_ = ::fcntl(fd, F_GETFL);
    if (saved_ >= 0) (void)::fcntl(fd, F_SETFL, saved_ | O_NONBLOCK);
  }
  ~StandardStream() {
    if (saved_ >= 0) (void)::fcntl(fd_, F_SETFL, saved_);
  }
  StandardStream(const StandardStream&) = delete;
  StandardStream& operator=(const StandardStream&) = delete;
  int get() const { return own_.get() >= 0 ? own_.get() : fd_; }

 private:
  int fd_, saved_ = -1;
  Fd own_;
};

ExitCode failed(tools::Io& io, const std::string& what, std::string_view hint = {}) {
  tools::print_error(io, kTool.name, "the server is verified, but " + escape_control(what), hint);
  return ExitCode::exchange_failed;
}

ExitCode pipe(AttestedChannel& connection, tools::Io& io) {
  io.out.flush();
  const int mode = ::fcntl(STDOUT_FILENO, F_GETFL);   // read-only: it was closed when the program started, see run_main
  if (mode == -1 || (mode & O_ACCMODE) == O_RDONLY) return failed(io, "standard output is closed: nothing was sent");
  const StandardStream in(STDIN_FILENO, O_RDONLY), out(STDOUT_FILENO, O_WRONLY);
  const IoEnd end = connection.relay({in.get(), out.get(), {}, false});
  if (end == IoEnd::ok || end == IoEnd::closed) return ExitCode::verified;
  const std::string alert = connection.alert();
  return failed(io, "the connection failed: " + (alert.empty() ? std::string(channel::io_end_text(end)) : "the server sent " + alert));
}

ExitCode get(AttestedChannel& connection, const Options& options, const std::string& alpn, tools::Io& io) {
  if (!alpn.empty() && alpn != "http/1.1") return failed(io, "it chose the protocol " + alpn + ", and --http-get speaks HTTP/1.1 only", "offer nothing else with --alpn http/1.1");
  const auto response = http_get(connection, options.target, options.http_get);
  if (!response) return failed(io, "the response is unusable: " + response.error().detail);
  if (options.http_fail && response->status >= 400) return failed(io, "it answered with HTTP status " + std::to_string(response->status) + " " + response->reason);
  if (const Status s = tools::write_output(io, options.output, response->body, true); !s) return failed(io, "the body could not be written: " + s.error().message());
  return ExitCode::verified;
}

}  // namespace

ExitCode exchange(const Options& options, Attested attested, tools::Io& io) {
  if (!attested.verified()) return attested.code();
  const std::string alpn = attested.channel.tls.alpn;
  const auto idle = options.pipe ? kNoLimit : std::chrono::milliseconds(static_cast<long>(options.timeout * 1000));
  AttestedChannel connection(std::move(attested.channel), *attested.proof, idle);
  const ExitCode code = options.pipe ? pipe(connection, io) : get(connection, options, alpn, io);
  connection.close();
  return code;
}

}  // namespace atls::connect
