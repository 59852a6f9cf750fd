#include "pem/pem.hpp"

#include <doctest/doctest.h>

using namespace atls;

TEST_CASE("pem: what was encoded is parsed back, with text around it") {
  for (const std::size_t size : {0, 1, 47, 48, 49, 1000}) {
    const Buffer data(size, 0xA5);
    const std::string text = "subject=x\n" + pem::encode("CERTIFICATE", data) + "\n\n" + pem::encode("X509 CRL", data) + "the end";
    CHECK(pem::looks_like_pem(as_bytes(text)));
    const auto blocks = pem::parse(as_bytes(text));
    REQUIRE(blocks);
    REQUIRE(blocks->size() == 2);
    CHECK((*blocks)[0].label == "CERTIFICATE");
    CHECK((*blocks)[0].data == data);
    CHECK((*blocks)[0].offset == 10);
    CHECK((*blocks)[1].label == "X509 CRL");
  }
}

TEST_CASE("pem: lines are 64 columns, other widths and line ends are read") {
  CHECK(pem::encode("A", Buffer(49, 0)).find(std::string(64, 'A') + "\nAA==\n") != std::string::npos);
  for (const char* text : {"-----BEGIN A-----\r\nAA\r\nEC\r\n-----END A-----\r\n", "-----BEGIN A-----\n\n  AA EC\t\n-----END A-----", "-----BEGIN A-----\rAAEC\r-----END A-----"}) {
    CAPTURE(text);
    const auto blocks = pem::parse(as_bytes(text));
    REQUIRE(blocks);
    CHECK((*blocks)[0].data == Buffer{0, 1, 2});
  }
}

TEST_CASE("pem: damaged blocks are refused") {
  for (const char* bad : {"", "no block", "-----BEGIN A-----", "-----BEGIN A", "-----BEGIN A-----\nAAEC\n", "-----BEGIN A-----\nAAEC\n-----END B-----\n",
                          "-----BEGIN A-----\nAAE\n-----END A-----\n", "-----BEGIN A-----\nAA!C\n-----END A-----\n", "-----BEGIN A-----\nAAEC-----END A-----\n",
                          "-----BEGIN A-----\nProc-Type: 4\n\nAAEC\n-----END A-----\n", "-----BEGIN A-----\n-----BEGIN A-----\nAAEC\n-----END A-----\n",
                          "-----BEGIN -----\nAAEC\n-----END -----\n", "-----BEGIN A\nB-----\nAAEC\n-----END A\nB-----\n", "x-----BEGIN A-----\nAAEC\n-----END A-----\n",
                          "-----BEGIN A-----\nAAEC\n-----END A----\n", "-----BEGIN A-----\nAAEC\n-----END A-----\n-----BEGIN B-----\nAA"}) {
    CAPTURE(bad);
    CHECK_FALSE(pem::parse(as_bytes(bad)));
  }
}

TEST_CASE("pem: more blocks than the limit are refused") {
  std::string text;
  for (std::size_t i = 0; i < pem::kMaxBlocks; ++i) text += pem::encode("A", Buffer{1});
  CHECK(pem::parse(as_bytes(text)));
  text += pem::encode("A", Buffer{1});
  CHECK(pem::parse(as_bytes(text)).error().code == Errc::too_large);
}
