// TCB_VERSION, 8 bytes, of SEV-SNP reports. SEV-SNP ABI (AMD 56860).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace atls::snp {

enum class ProductLine { unknown, milan, genoa, turin };   // KDS product names; Bergamo and Siena are genoa
std::string_view product_name(ProductLine line);           // "Milan", "Genoa", "Turin", "unknown"
std::optional<ProductLine> product_from_name(std::string_view name);  // exact KDS name; "Milan-B0" is cut at the first '-'

enum class TcbLayout { legacy, turin };
TcbLayout tcb_layout(ProductLine line);

enum class TcbComponent { fmc, bootloader, tee, snp, microcode };
inline constexpr std::array kTcbComponents{TcbComponent::fmc, TcbComponent::bootloader, TcbComponent::tee, TcbComponent::snp,
                                           TcbComponent::microcode};
std::string_view tcb_component_name(TcbComponent c);       // "fmc", "bootloader", "tee", "snp", "microcode"

// The eight bytes as received. Compare component by component only, and only under one layout: the number is meaningless.
struct TcbVersion {
  std::array<std::uint8_t, 8> raw{};

  std::optional<std::uint8_t> component(TcbComponent c, TcbLayout layout) const;  // empty: the layout has no such component
  void set(TcbComponent c, TcbLayout layout, std::uint8_t value);
  bool reserved_zero(TcbLayout layout) const;
  bool component_wise_le(const TcbVersion& other) const;   // each byte <= the same byte
  std::uint64_t u64() const;                               // little-endian value of the 8 bytes, for KDS caches and THIM
  std::string text(TcbLayout layout) const;                // "bootloader 4, tee 0, snp 24, microcode 217"
  bool operator==(const TcbVersion&) const = default;
};

}  // namespace atls::snp
