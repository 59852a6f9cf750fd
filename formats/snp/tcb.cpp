#include "snp/tcb.hpp"

namespace atls::snp {
namespace {

struct ProductRow { ProductLine line; std::string_view name; };
constexpr ProductRow kProducts[] = {{ProductLine::milan, "Milan"}, {ProductLine::genoa, "Genoa"}, {ProductLine::turin, "Turin"}};

// Byte index of a component; SEV-SNP ABI (AMD 56860), TCB_VERSION.
std::optional<std::size_t> byte_of(TcbComponent c, TcbLayout layout) {
  const bool turin = layout == TcbLayout::turin;
  switch (c) {
    case TcbComponent::fmc: return turin ? std::optional<std::size_t>(0) : std::nullopt;
    case TcbComponent::bootloader: return turin ? 1 : 0;
    case TcbComponent::tee: return turin ? 2 : 1;
    case TcbComponent::snp: return turin ? 3 : 6;
    case TcbComponent::microcode: return 7;
  }
  return std::nullopt;
}

}  // namespace

std::string_view product_name(ProductLine line) {
  for (const auto& row : kProducts)
    if (row.line == line) return row.name;
  return "unknown";
}

std::optional<ProductLine> product_from_name(std::string_view name) {
  name = name.substr(0, name.find('-'));
  for (const auto& row : kProducts)
    if (row.name == name) return row.line;
  return std::nullopt;
}

TcbLayout tcb_layout(ProductLine line) { return line == ProductLine::turin ? TcbLayout::turin : TcbLayout::legacy; }

std::string_view tcb_component_name(TcbComponent c) {
  switch (c) {
    case TcbComponent::fmc: return "fmc";
    case TcbComponent::bootloader: return "bootloader";
    case TcbComponent::tee: return "tee";
    case TcbComponent::snp: return "snp";
    case TcbComponent::microcode: return "microcode";
  }
  return "unknown";
}

std::optional<std::uint8_t> TcbVersion::component(TcbComponent c, TcbLayout layout) const {
  const auto index = byte_of(c, layout);
  if (!index) return std::nullopt;
  return raw[*index];
}

void TcbVersion::set(TcbComponent c, TcbLayout layout, std::uint8_t value) {
  if (const auto index = byte_of(c, layout)) raw[*index] = value;
}

bool TcbVersion::reserved_zero(TcbLayout layout) const {
  const std::size_t first = layout == TcbLayout::turin ? 4 : 2, end = layout == TcbLayout::turin ? 7 : 6;
  return is_zero(Bytes(raw).subspan(first, end - first));
}

bool TcbVersion::component_wise_le(const TcbVersion& other) const {
  for (std::size_t i = 0; i < raw.size(); ++i)
    if (raw[i] > other.raw[i]) return false;
  return true;
}

std::uint64_t TcbVersion::u64() const {
  std::uint64_t out = 0;
  for (std::size_t i = raw.size(); i-- > 0;) out = out << 8 | raw[i];
  return out;
}

std::string TcbVersion::text(TcbLayout layout) const {
  std::string out;
  for (const TcbComponent c : kTcbComponents) {
    const auto value = component(c, layout);
    if (!value) continue;
    if (!out.empty()) out += ", ";
    out += std::string(tcb_component_name(c)) + " " + std::to_string(*value);
  }
  return out;
}

}  // namespace atls::snp
