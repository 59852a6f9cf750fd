#include "attester/tsm_fs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace atls {
namespace {

using Clock = std::chrono::steady_clock;

// configfs makes and removes the attribute files together with the entry. A stand-in made of an ordinary directory does so a
// moment later, so that "not there yet" and "not empty yet" get a short time to settle; on configfs neither happens.
constexpr std::chrono::milliseconds kSettle{1000}, kPause{2};

template <class Call>
int settled(int transient, const Call& call) {
  const Clock::time_point end = Clock::now() + kSettle;
  for (;;) {
    const int result = call();
    if (result >= 0 || (errno != transient && errno != EINTR) || Clock::now() >= end) return result;
    std::this_thread::sleep_for(kPause);
  }
}

class PosixFs : public TsmFs {
 public:
  TsmIo make(const std::filesystem::path& entry) override { return {::mkdir(entry.c_str(), 0700) == 0 ? 0 : errno, {}}; }

  TsmIo remove(const std::filesystem::path& entry) override {
    return {settled(ENOTEMPTY, [&] { return ::rmdir(entry.c_str()); }) == 0 ? 0 : errno, {}};
  }

  TsmIo read(const std::filesystem::path& attribute, std::size_t limit) override {
    const int fd = settled(ENOENT, [&] { return ::open(attribute.c_str(), O_RDONLY | O_CLOEXEC); });
    if (fd < 0) return {errno, {}};
    TsmIo out;
    std::uint8_t block[4096];
    for (;;) {
      const ssize_t n = ::read(fd, block, sizeof block);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) out.error = errno;
      if (n <= 0) break;
      out.data.insert(out.data.end(), block, block + n);
      if (out.data.size() > limit) {
        out.error = EFBIG;
        break;
      }
    }
    ::close(fd);
    if (out.error != 0) out.data.clear();
    return out;
  }

  TsmIo write(const std::filesystem::path& attribute, Bytes value) override {
    const int fd = settled(ENOENT, [&] { return ::open(attribute.c_str(), O_WRONLY | O_CLOEXEC); });
    if (fd < 0) return {errno, {}};
    TsmIo out;
    ssize_t n = 0;
    do n = ::write(fd, value.data(), value.size());
    while (n < 0 && errno == EINTR);
    if (n < 0) out.error = errno;
    else if (static_cast<std::size_t>(n) != value.size()) out.error = EIO;     // the kernel takes a value whole or not at all
    if (::close(fd) != 0 && out.error == 0) out.error = errno;                 // configfs reports binary attributes at close
    return out;
  }

  void pause(std::chrono::milliseconds length) override { std::this_thread::sleep_for(length); }
};

}  // namespace

std::shared_ptr<TsmFs> posix_tsm_fs() { return std::make_shared<PosixFs>(); }

}  // namespace atls
