#include "base/cursor.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "base/writer.hpp"

using namespace atls;

TEST_CASE("cursor: what the writer wrote is read back in both byte orders") {
  Writer w;
  w.u8(1).u16le(0x0203).u16be(0x0405).u24be(0x060708).u32le(0x090A0B0C).u32be(0x0D0E0F10).u64le(0x1112131415161718).u64be(0x191A1B1C1D1E1F20).zeros(2);
  const Buffer bytes = w.take();
  CHECK(hex(bytes) == "01" "0302" "0405" "060708" "0c0b0a09" "0d0e0f10" "1817161514131211" "191a1b1c1d1e1f20" "0000");
  Cursor in(bytes, "t");
  CHECK(in.u8("a") == 1);
  CHECK(in.u16le("b") == 0x0203);
  CHECK(in.u16be("c") == 0x0405);
  CHECK(in.u24be("d") == 0x060708);
  CHECK(in.u32le("e") == 0x090A0B0C);
  CHECK(in.u32be("f") == 0x0D0E0F10);
  CHECK(in.u64le("g") == 0x1112131415161718);
  CHECK(in.u64be("h") == 0x191A1B1C1D1E1F20);
  CHECK(in.left() == 2);
  CHECK(in.rest().size() == 2);
  CHECK_FALSE(in.error());
}

TEST_CASE("cursor: the first error stays and everything after it is zero and empty") {
  const Buffer bytes{1, 2, 3};
  Cursor in(bytes, "t");
  CHECK(in.u8("a") == 1);
  CHECK(in.u32le("b") == 0);
  CHECK(in.u8("c") == 0);
  CHECK(in.rest().empty());
  CHECK(in.left() == 0);
  REQUIRE(in.error());
  CHECK(in.error()->where == "t.b");
  CHECK(in.error()->offset == 1);
  CHECK(in.error()->code == Errc::truncated);
}

TEST_CASE("cursor: a huge length does not wrap") {
  const Buffer bytes{1, 2, 3};
  Cursor in(bytes, "t");
  in.u8("a");
  CHECK(in.bytes(static_cast<std::size_t>(-1), "b").empty());
  CHECK(in.error());
}

TEST_CASE("cursor: a field that is not where the specification has it is a bug") {
  const Buffer bytes{1, 2, 3};
  Cursor in(bytes, "t");
  in.at(1).u8("a");
  REQUIRE(in.error());
  CHECK(in.error()->code == Errc::bug);
}
