#include "sim/intel_event_log.hpp"

#include <numeric>

#include "base/writer.hpp"
#include "crypto/digest.hpp"
#include "sim/intel_quote_faults.hpp"
#include "sim/keys.hpp"

namespace atls::sim {
namespace {

constexpr std::size_t kLogArea = 64 * 1024, kRegisterSize = 48;
constexpr std::uint64_t kLogAddress = 0x7FBF0000;
constexpr std::uint32_t kRtmr0 = 1, kRtmr1 = 2, kRtmr2 = 3;   // as the log counts: 0 is MRTD
enum Type : std::uint32_t {
  kNoAction = 0x3, kSeparator = 0x4, kEventTag = 0x6, kConfigFlags = 0xA, kIpl = 0xD, kVariableDriverConfig = 0x80000001, kVariableBoot = 0x80000002,
  kBootApplication = 0x80000003, kGpt = 0x80000006, kEfiAction = 0x80000007, kFirmwareBlob2 = 0x8000000A, kHandoffTables2 = 0x8000000B,
};

using Guid = std::array<std::uint8_t, 16>;                    // as stored
constexpr Guid kGlobalVariable{0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11, 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C};
constexpr Guid kImageSecurity{0xCB, 0xB2, 0x19, 0xD7, 0x3A, 0x3D, 0x96, 0x45, 0xA3, 0xBC, 0xDA, 0xD0, 0x0E, 0x67, 0x65, 0x6F};
constexpr Guid kLinuxSystem{0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B};   // EFI system partition

class Builder {
 public:
  explicit Builder(std::string_view seed) : seed_(seed) {
    log_.algorithms = {{eventlog::kSha384, kRegisterSize}};
    eventlog::Event spec_id;
    spec_id.index = kRtmr0;
    spec_id.type = kNoAction;
    spec_id.data = eventlog::spec_id_event(log_.algorithms);
    log_.events.push_back(std::move(spec_id));
  }
  // The digest is of the data itself.
  void add(std::uint32_t index, std::uint32_t type, Buffer data) {
    Buffer digest = crypto::sha384(data);
    add(index, type, std::move(data), std::move(digest));
  }
  // The digest is of something that the log does not hold: a file, a firmware volume. It follows from the seed.
  void add_measured(std::uint32_t index, std::uint32_t type, Buffer data, std::string_view what) {
    add(index, type, std::move(data), derive(seed_, std::string("event/") + std::string(what), kRegisterSize));
  }
  void add(std::uint32_t index, std::uint32_t type, Buffer data, Buffer digest) {
    eventlog::Event event;
    event.index = index;
    event.type = type;
    event.digests[eventlog::kSha384] = std::move(digest);
    event.data = std::move(data);
    log_.events.push_back(std::move(event));
  }
  eventlog::Log take() { return std::move(log_); }

 private:
  std::string_view seed_;
  eventlog::Log log_;
};

Buffer utf16(std::string_view ascii) {
  Writer out;
  for (const char c : ascii) out.u16le(static_cast<std::uint8_t>(c));
  return out.take();
}

// UEFI_VARIABLE_DATA.
Buffer variable(const Guid& guid, std::string_view name, Bytes data) {
  return Writer().bytes(guid).u64le(name.size()).u64le(data.size()).bytes(utf16(name)).bytes(data).take();
}

// UEFI_PLATFORM_FIRMWARE_BLOB2: description, base, length.
Buffer firmware_blob(std::string_view description, std::uint64_t base, std::uint64_t size) {
  return Writer().u8(static_cast<std::uint8_t>(description.size())).bytes(as_bytes(description)).u64le(base).u64le(size).take();
}

Buffer file_path(std::string_view path) {                     // device path: media, file path; end
  const Buffer name = Writer().bytes(utf16(path)).u16le(0).take();
  return Writer().u8(4).u8(4).u16le(static_cast<std::uint16_t>(name.size() + 4)).bytes(name).u8(0x7F).u8(0xFF).u16le(4).take();
}

Buffer load_option(std::string_view name, std::string_view path) {   // EFI_LOAD_OPTION, active
  const Buffer where = file_path(path);
  return Writer().u32le(1).u16le(static_cast<std::uint16_t>(where.size())).bytes(utf16(name)).u16le(0).bytes(where).take();
}

Buffer loaded_image(std::uint64_t address, std::uint64_t size, std::string_view path) {   // UEFI_IMAGE_LOAD_EVENT
  const Buffer where = file_path(path);
  return Writer().u64le(address).u64le(size).u64le(0).u64le(where.size()).bytes(where).take();
}

Buffer partition_table(std::string_view seed) {               // UEFI_GPT_DATA: header, count, entries
  const auto disk = derive_array<16>(seed, "gpt-disk"), partition = derive_array<16>(seed, "gpt-partition");
  Writer out;
  out.bytes(as_bytes("EFI PART")).u32le(0x00010000).u32le(92).u32le(0).u32le(0).u64le(1).u64le(20971519).u64le(34).u64le(20971486);
  out.bytes(disk).u64le(2).u32le(128).u32le(128).u32le(0);
  out.u64le(1).bytes(kLinuxSystem).bytes(partition).u64le(2048).u64le(206847).u64le(0);
  const Buffer name = utf16("EFI");
  return out.bytes(name).zeros(72 - name.size()).take();
}

Buffer with_nul(std::string_view text) { return Writer().bytes(as_bytes(text)).u8(0).take(); }
Buffer separator() { return Buffer(4, 0); }

// GRUB measures the text behind the first colon, and logs all of it.
void add_grub(Builder& out, std::string_view kind, std::string_view text) {
  out.add(kRtmr2, kIpl, with_nul(std::string(kind) + ": " + std::string(text)), crypto::sha384(as_bytes(text)));
}

void firmware(Builder& out, std::string_view seed) {
  constexpr std::uint8_t kOn[] = {1};
  out.add_measured(kRtmr0, kHandoffTables2, Writer().u8(7).bytes(as_bytes("TdxTable")).u64le(1).bytes(derive(seed, "td-hob-guid", 16)).u64le(0x00809000).take(), "td-hob");
  out.add_measured(kRtmr0, kFirmwareBlob2, firmware_blob("CFV", 0xFFC00000, 0x84000), "configuration-volume");
  out.add(kRtmr0, kVariableDriverConfig, variable(kGlobalVariable, "SecureBoot", kOn));
  for (const char* name : {"PK", "KEK"}) out.add(kRtmr0, kVariableDriverConfig, variable(kGlobalVariable, name, derive(seed, std::string("variable/") + name, 44)));
  for (const char* name : {"db", "dbx"}) out.add(kRtmr0, kVariableDriverConfig, variable(kImageSecurity, name, derive(seed, std::string("variable/") + name, 76)));
  out.add(kRtmr0, kSeparator, separator());
  for (const char* table : {"acpi-loader", "acpi-rsdp", "acpi-tables"}) out.add_measured(kRtmr0, kConfigFlags, to_buffer(std::string_view("ACPI DATA")), table);
  constexpr std::uint8_t kBootOrder[] = {0, 0};
  out.add(kRtmr0, kVariableBoot, variable(kGlobalVariable, "BootOrder", kBootOrder));
  out.add(kRtmr0, kVariableBoot, variable(kGlobalVariable, "Boot0000", load_option("simulated disk", "\\EFI\\BOOT\\BOOTX64.EFI")));
}

void boot_loader(Builder& out, std::string_view seed) {
  out.add(kRtmr1, kEfiAction, to_buffer(std::string_view("Calling EFI Application from Boot Option")));
  out.add(kRtmr1, kSeparator, separator());
  out.add_measured(kRtmr1, kGpt, partition_table(seed), "gpt");
  out.add_measured(kRtmr1, kBootApplication, loaded_image(0x7E1A4018, 966664, "\\EFI\\BOOT\\BOOTX64.EFI"), "shim");
  out.add_measured(kRtmr1, kBootApplication, loaded_image(0x7D4E9000, 2688136, "\\EFI\\BOOT\\grubx64.efi"), "grub");
  add_grub(out, "grub_cmd", "linux /boot/vmlinuz root=/dev/vda1 ro console=ttyS0");
  out.add_measured(kRtmr2, kIpl, with_nul("/boot/vmlinuz"), "kernel");
  add_grub(out, "kernel_cmdline", "/boot/vmlinuz root=/dev/vda1 ro console=ttyS0");
  out.add_measured(kRtmr2, kIpl, with_nul("/boot/initrd.img"), "initrd");
  const Buffer options = Writer().bytes(utf16("/boot/vmlinuz root=/dev/vda1 ro console=ttyS0")).u16le(0).take();
  out.add(kRtmr2, kEventTag, Writer().u32le(0x8F3B22ED).u32le(26).bytes(as_bytes("LOADED_IMAGE::LoadOptions")).u8(0).take(), crypto::sha384(options));
  out.add(kRtmr1, kEfiAction, to_buffer(std::string_view("Exit Boot Services Invocation")));
  out.add(kRtmr1, kEfiAction, to_buffer(std::string_view("Exit Boot Services Returned with Success")));
}

}  // namespace

eventlog::Log honest_event_log(std::string_view seed) {
  Builder out(seed);
  firmware(out, seed);
  boot_loader(out, seed);
  return out.take();
}

eventlog::Log make_event_log(const IntelOptions& options) {
  eventlog::Log log = honest_event_log(options.seed);
  if (has_fault(options, "event-log-mismatch"))          // the last one of RTMR2: its digest is of a text that the log does not hold
    for (auto event = log.events.rbegin(); event != log.events.rend(); ++event)
      if (event->index == kRtmr2) {
        event->digests[eventlog::kSha384][0] ^= 0xFF;
        break;
      }
  return log;
}

Registers replayed_registers(const eventlog::Log& log) {
  Registers out{};
  for (const eventlog::Event& event : log.events) {
    if (event.type == kNoAction || event.index < kRtmr0 || event.index > out.size()) continue;
    std::array<std::uint8_t, kRegisterSize>& value = out[event.index - 1];
    const Buffer next = crypto::sha384(Writer().bytes(value).bytes(event.digests.at(eventlog::kSha384)).take());
    std::copy(next.begin(), next.end(), value.begin());
  }
  return out;
}

Buffer encode_ccel(const eventlog::Log& log) {
  Buffer out = eventlog::encode_log(log);
  out.resize(std::max(out.size(), kLogArea), 0xFF);
  return out;
}

Buffer ccel_table() {
  constexpr std::size_t kChecksumAt = 9;
  Buffer out = Writer().bytes(as_bytes("CCEL")).u32le(56).u8(1).u8(0).bytes(as_bytes("ATLS  ")).bytes(as_bytes("SIMULATE")).u32le(1)
                   .bytes(as_bytes("ATLS")).u32le(1).u8(2).u8(0).u16le(0).u64le(kLogArea).u64le(kLogAddress).take();
  out[kChecksumAt] = static_cast<std::uint8_t>(-std::accumulate(out.begin(), out.end(), 0));
  return out;
}

}  // namespace atls::sim
