#include "snp/tcb.hpp"

#include <doctest/doctest.h>

using namespace atls;
using namespace atls::snp;

namespace {

const TcbVersion kLegacy{{0x04, 0, 0, 0, 0, 0, 0x18, 0xD9}};
const TcbVersion kTurin{{0x01, 0x02, 0x03, 0x04, 0, 0, 0, 0x51}};

}  // namespace

TEST_CASE("tcb: the same bytes mean different components under the two layouts") {
  CHECK(kLegacy.text(TcbLayout::legacy) == "bootloader 4, tee 0, snp 24, microcode 217");
  CHECK(kTurin.text(TcbLayout::turin) == "fmc 1, bootloader 2, tee 3, snp 4, microcode 81");
  CHECK(kTurin.text(TcbLayout::legacy) == "bootloader 1, tee 2, snp 0, microcode 81");
  CHECK_FALSE(kLegacy.component(TcbComponent::fmc, TcbLayout::legacy));
  CHECK(kTurin.component(TcbComponent::fmc, TcbLayout::turin) == 1);
}

TEST_CASE("tcb: the number is little-endian") { CHECK(kLegacy.u64() == 0xD918000000000004U); }

TEST_CASE("tcb: setting each component changes its own byte only") {
  struct Row { TcbComponent c; TcbLayout layout; std::size_t byte; };
  using enum TcbComponent;
  for (const Row& row : {Row{bootloader, TcbLayout::legacy, 0}, Row{tee, TcbLayout::legacy, 1}, Row{snp::TcbComponent::snp, TcbLayout::legacy, 6},
                         Row{microcode, TcbLayout::legacy, 7}, Row{fmc, TcbLayout::turin, 0}, Row{bootloader, TcbLayout::turin, 1},
                         Row{tee, TcbLayout::turin, 2}, Row{snp::TcbComponent::snp, TcbLayout::turin, 3}, Row{microcode, TcbLayout::turin, 7}}) {
    TcbVersion t;
    t.set(row.c, row.layout, 200);
    CHECK(t.component(row.c, row.layout) == 200);
    for (std::size_t i = 0; i < 8; ++i) CHECK(t.raw[i] == (i == row.byte ? 200 : 0));
    CHECK(t.reserved_zero(row.layout));
  }
  TcbVersion t;
  t.set(fmc, TcbLayout::legacy, 9);
  CHECK(t == TcbVersion{});
}

TEST_CASE("tcb: every reserved byte is seen") {
  for (std::size_t i = 0; i < 8; ++i) {
    TcbVersion t;
    t.raw[i] = 1;
    CHECK(t.reserved_zero(TcbLayout::legacy) == !(i >= 2 && i < 6));
    CHECK(t.reserved_zero(TcbLayout::turin) == !(i >= 4 && i < 7));
  }
}

TEST_CASE("tcb: the order is component-wise and not that of the number") {
  TcbVersion low = kLegacy, high = kLegacy;
  CHECK(low.component_wise_le(high));
  high.raw[7] = 220;
  CHECK(low.component_wise_le(high));
  CHECK_FALSE(high.component_wise_le(low));
  low.raw[0] = 5;  // smaller number, but the bootloader is newer
  CHECK(low.u64() < high.u64());
  CHECK_FALSE(low.component_wise_le(high));
}

TEST_CASE("tcb: product names are those of the KDS, a stepping is cut off") {
  CHECK(product_from_name("Milan-B0") == ProductLine::milan);
  CHECK(product_from_name("Genoa") == ProductLine::genoa);
  CHECK(product_from_name("Turin") == ProductLine::turin);
  for (const char* bad : {"", "milan", "Milan ", "MilanX", "Bergamo", "unknown", "-B0"}) CHECK_FALSE(product_from_name(bad));
  CHECK(tcb_layout(ProductLine::turin) == TcbLayout::turin);
  CHECK(tcb_layout(ProductLine::genoa) == TcbLayout::legacy);
  CHECK(tcb_layout(ProductLine::unknown) == TcbLayout::legacy);
}
