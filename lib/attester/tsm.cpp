// Evidence from the kernel: configfs-tsm, Linux 6.7 and later, Documentation/ABI/testing/configfs-tsm-report.
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <system_error>

#include "attester/tsm_fs.hpp"
#include "attester/tsm_provider.hpp"
#include "base/hex.hpp"
#include "crypto/digest.hpp"

namespace atls {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxAttempts = 5;                     // another writer may interfere, but not for ever
constexpr std::chrono::seconds kBusyPause{3};       // the host still works on an earlier quote
constexpr std::size_t kMaxBlob = 1024 * 1024;       // the kernel's own limit is 32 KiB, larger in newer ones
constexpr std::size_t kMaxText = 256;

struct Explanation { std::string_view attribute; int error; std::string_view text; };
constexpr Explanation kExplanations[] = {
    {"", ENOENT, "the kernel has no configfs-tsm here: it needs Linux 6.7 or later with CONFIG_TSM_REPORTS, configfs mounted on /sys/kernel/config, and the module of the platform loaded (sev-guest, tdx-guest)"},
    {"", ENXIO, "no provider is registered: load the module of the platform (modprobe sev-guest or tdx-guest) inside a confidential guest"},
    {"", EACCES, "permission denied: run as root"},
    {"", EPERM, "permission denied: run as root, outside of a container without that right"},
    {"", EROFS, "the file system is read-only: mount configfs writable, it often is not inside containers"},
    {"privlevel", EINVAL, "the kernel refuses this privilege level: it must be at least privlevel_floor and at most 3"},
    {"privlevel", ENOENT, "this kernel cannot choose the privilege level: do not ask for one"},
    {"inblob", EINVAL, "the kernel refuses the report data"},
    {"inblob", EBUSY, "another process wrote to the entry at the same time"},
    {"outblob", EINVAL, "the provider refuses the request: it wants exactly 64 bytes of report data written first"},
    {"outblob", EBUSY, "the host still works on an earlier quote"},
    {"outblob", ETIMEDOUT, "the host did not answer: its quoting service may not run"},
    {"outblob", EWOULDBLOCK, "the options were changed while the report was made"},
    {"outblob", EFBIG, "the report is larger than the limit"},
    {"auxblob", EFBIG, "the certificate table is larger than the limit"},
    {"outblob", EIO, "the firmware refused the request: see the kernel log (dmesg); a failed request may have disabled the guest's message key until the next boot"},
    {"outblob", ENXIO, "the provider is gone, or the host has no quoting service: see whether the module of the platform was unloaded"},
    {"outblob", ENOTTY, "the firmware refused the request: see the kernel log (dmesg)"},
};

Errc errc_of_errno(int error) {
  switch (error) {
    case ENOENT: return Errc::not_found;
    case ENXIO: case ENODEV: case ETIMEDOUT: return Errc::unavailable;
    case EFBIG: return Errc::too_large;
    case EINVAL: return Errc::bad_value;
    default: return Errc::io;
  }
}

Error explain(const fs::path& path, std::string_view attribute, int error) {
  std::string detail = std::generic_category().message(error);
  const Explanation* best = nullptr;
  for (const Explanation& row : kExplanations)
    if (row.error == error && (row.attribute == attribute || (row.attribute.empty() && !best))) best = &row;
  if (best) detail += " (" + std::string(best->text) + ")";
  return {errc_of_errno(error), path.string(), detail};
}

// What one round gave: evidence, a final error, or the news that somebody interfered.
struct Interfered { Error why; bool busy = false; };   // busy: worth a pause before the next attempt

class TsmAttester : public Attester {
 public:
  TsmAttester(TsmOptions options, std::shared_ptr<TsmFs> fs) : options_(std::move(options)), fs_(std::move(fs)) {}

  std::string_view name() const override { return "tsm"; }

  Result<evidence::Evidence> attest(const std::array<std::uint8_t, 64>& report_data) override {
    Error last{Errc::bug, "tsm", "no attempt was made"};
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
      // A fresh entry for each attempt: its generation counts from zero, so that every write but ours shows.
      const fs::path entry = options_.root / ("atls-" + std::to_string(::getpid()) + "-" + hex(crypto::random_bytes(8)));
      if (const int error = fs_->make(entry).error; error == EEXIST) {
        last = explain(entry, "", error);
        continue;
      } else if (error != 0) {
        return explain(entry, "", error);
      }
      const Removal removal{*fs_, entry};
      std::variant<evidence::Evidence, Error, Interfered> round = ask(entry, report_data);
      if (auto* evidence = std::get_if<evidence::Evidence>(&round)) return std::move(*evidence);
      if (auto* error = std::get_if<Error>(&round)) return std::move(*error);
      last = std::get<Interfered>(round).why;
      if (std::get<Interfered>(round).busy && attempt + 1 < kMaxAttempts) fs_->pause(kBusyPause);
    }
    last.detail += "; gave up after " + std::to_string(kMaxAttempts) + " attempts";
    last.code = Errc::unavailable;
    return last;
  }

 private:
  struct Removal {
    TsmFs& fs;
    const fs::path& entry;
    ~Removal() { fs.remove(entry); }               // an entry that stays behind costs kernel memory, nothing else
  };
  using Round = std::variant<evidence::Evidence, Error, Interfered>;

  Round ask(const fs::path& entry, const std::array<std::uint8_t, 64>& report_data) {
    const auto name = text(entry, "provider");
    if (!name) return name.error();
    const TsmProvider* provider = find_tsm_provider(*name);
    if (provider == nullptr)
      return Error{Errc::unsupported, (entry / "provider").string(), "expected " + tsm_provider_names() + ", found \"" + *name + "\": its evidence is not supported"};
    if (options_.privlevel && !provider->has_privlevel)
      return Error{Errc::unsupported, (entry / "provider").string(), *name + " has no privilege levels: do not ask for one"};

    std::uint64_t writes = 0;
    if (options_.privlevel) {
      // Decimal text: one raw byte would be refused, or taken for another level.
      if (auto refused = write(entry, "privlevel", as_bytes(std::to_string(*options_.privlevel)))) return *refused;
      ++writes;
    }
    if (auto refused = write(entry, "inblob", report_data)) return *refused;
    ++writes;
    if (auto refused = expect_generation(entry, writes)) return *refused;
    TsmIo out = fs_->read(entry / "outblob", kMaxBlob);
    if (out.error == EWOULDBLOCK || out.error == EBUSY) return Interfered{explain(entry / "outblob", "outblob", out.error), out.error == EBUSY};
    if (out.error != 0) return explain(entry / "outblob", "outblob", out.error);
    TsmIo aux;
    if (provider->has_aux) aux = fs_->read(entry / "auxblob", kMaxBlob);
    if (aux.error == EWOULDBLOCK) return Interfered{explain(entry / "auxblob", "auxblob", aux.error)};
    if (aux.error != 0 && aux.error != ENOENT) return explain(entry / "auxblob", "auxblob", aux.error);
    if (auto refused = expect_generation(entry, writes)) return *refused;
    if (const Status good = provider->check(out.data, report_data, (entry / "outblob").string()); !good) return good.error();

    evidence::Evidence evidence;
    evidence.format = provider->format;
    evidence.container = "tsm";
    evidence.data = std::move(out.data);
    if (!aux.data.empty()) evidence.aux = std::move(aux.data);
    evidence.provider = *name;
    return evidence;
  }

  std::optional<Round> write(const fs::path& entry, std::string_view attribute, Bytes value) {
    const fs::path path = entry / attribute;
    const int error = fs_->write(path, value).error;
    if (error == 0) return {};
    if (error == EBUSY) return Interfered{explain(path, attribute, error)};
    return explain(path, attribute, error);
  }

  std::optional<Round> expect_generation(const fs::path& entry, std::uint64_t writes) {
    const auto found = text(entry, "generation");
    if (!found) return found.error();
    if (*found == std::to_string(writes)) return {};
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(found->data(), found->data() + found->size(), number);
    if (error != std::errc{} || end != found->data() + found->size())
      return Error{Errc::bad_value, (entry / "generation").string(), "expected a decimal number, found \"" + *found + "\""};
    return Interfered{Error{Errc::io, (entry / "generation").string(),
                            "expected " + std::to_string(writes) + " writes, found " + *found + ": another process writes to this entry"}};
  }

  Result<std::string> text(const fs::path& entry, std::string_view attribute) {
    const fs::path path = entry / attribute;
    const TsmIo read = fs_->read(path, kMaxText);
    if (read.error != 0) return explain(path, attribute, read.error);
    std::string_view value = as_text(read.data);
    while (!value.empty() && (value.back() == '\n' || value.back() == ' ')) value.remove_suffix(1);
    return std::string(value);
  }

  TsmOptions options_;
  std::shared_ptr<TsmFs> fs_;
};

}  // namespace

Result<std::unique_ptr<Attester>> tsm_attester(TsmOptions options, std::shared_ptr<TsmFs> fs) {
  if (options.privlevel && *options.privlevel > 3)
    return Error{Errc::bad_value, "tsm.privlevel", "expected 0 to 3, found " + std::to_string(*options.privlevel)};
  std::error_code ec;
  if (!fs::is_directory(options.root, ec)) return explain(options.root, "", ec && ec.value() != 0 ? ec.value() : ENOENT);
  return std::unique_ptr<Attester>(std::make_unique<TsmAttester>(std::move(options), std::move(fs)));
}

Result<std::unique_ptr<Attester>> tsm_attester(TsmOptions options) { return tsm_attester(std::move(options), posix_tsm_fs()); }

}  // namespace atls
