#include <doctest/doctest.h>

#include "report/model.hpp"

using namespace atls;

TEST_CASE("rfc3339: times are read in UTC and with offsets, and written in UTC") {
  struct Row { const char* in; const char* out; };
  for (const Row& row : {Row{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"}, Row{"2026-11-24T23:15:00Z", "2026-11-24T23:15:00Z"},
                         Row{"2026-11-24T23:15:00+02:00", "2026-11-24T21:15:00Z"}, Row{"2024-02-29", "2024-02-29T00:00:00Z"},
                         Row{"2024-12-31T23:30:00-01:00", "2025-01-01T00:30:00Z"}, Row{"1950-01-01t00:00:00.125z", "1950-01-01T00:00:00Z"},
                         Row{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"}}) {
    CAPTURE(row.in);
    const auto time = parse_rfc3339(row.in);
    REQUIRE(time);
    CHECK(rfc3339(*time) == row.out);
  }
}

TEST_CASE("rfc3339: everything else is refused") {
  for (const char* bad : {"", "2026", "2026-11", "2026-11-24T", "2026-11-24 23:15:00Z", "2026-11-24T23:15:00", "2026-11-24T23:15Z",
                          "2026-13-01", "2025-02-29", "2026-00-10", "2026-11-24T24:00:00Z", "2026-11-24T23:60:00Z", "2026-11-24T23:15:60Z",
                          "2026-11-24T23:15:00.Z", "2026-11-24T23:15:00Zx", "2026-11-24T23:15:00+2:00", "2026-11-24T23:15:00+24:00",
                          "26-11-24", " 2026-11-24", "2026-11-24 ", "+026-11-24", "20a6-11-24", "now", "1700000000"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad));
  }
}
