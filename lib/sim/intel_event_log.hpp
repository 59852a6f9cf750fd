// The CCEL event log of the simulated TD: what OVMF, GRUB and Linux measure on the way up. UEFI specification, confidential
// computing measurement; TCG PC Client Platform Firmware Profile.
#pragma once

#include <array>
#include <string_view>

#include "eventlog/tcg.hpp"
#include "sim/intel_platform.hpp"

namespace atls::sim {

using Registers = std::array<std::array<std::uint8_t, 48>, 4>;

eventlog::Log honest_event_log(std::string_view seed);
eventlog::Log make_event_log(const IntelOptions& options);   // with its faults
Registers replayed_registers(const eventlog::Log& log);
Buffer encode_ccel(const eventlog::Log& log);          // filled up with FF to the size of the log area
Buffer ccel_table();                                   // the ACPI table that tells of the area, 56 bytes

}  // namespace atls::sim
