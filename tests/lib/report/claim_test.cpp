#include "report/claim.hpp"

#include <doctest/doctest.h>

using namespace atls;

namespace {

Claim leaf(std::string name, std::size_t offset, std::size_t size) {
  Claim out(std::move(name));
  out.offset = offset;
  out.size = size;
  return out;
}

Claim example() {
  Claim root("file");
  root.bytes = std::make_shared<Buffer>(Buffer{0, 1, 2, 3, 4, 5, 6, 7});
  Claim& report = root.add(leaf("report", 2, 4));
  report.add(leaf("version", 2, 1));
  report.add(leaf("beyond", 6, 9));
  for (const std::uint8_t n : {std::uint8_t{0xa0}, std::uint8_t{0xb0}}) {
    Claim& certificate = root.add(leaf("certificate", 0, 2));
    certificate.bytes = std::make_shared<Buffer>(Buffer{n, 1, 2});
    certificate.add(leaf("1.3.6.1", 1, 2));
  }
  root.add(Claim("computed"));
  return root;
}

}  // namespace

TEST_CASE("claim paths: names with dots, the n-th of a name, with or without the root's own name") {
  struct Row { const char* path; Buffer bytes; };
  const Claim root = example();
  for (const Row& row : {Row{"report.version", {2}}, Row{"file.report.version", {2}}, Row{"report", {2, 3, 4, 5}}, Row{"certificate", {0xa0, 1}},
                         Row{"certificate[1]", {0xb0, 1}}, Row{"certificate[1].1.3.6.1", {1, 2}}, Row{"", {0, 1, 2, 3, 4, 5, 6, 7}},
                         Row{"file", {0, 1, 2, 3, 4, 5, 6, 7}}}) {
    CAPTURE(row.path);
    CHECK(find_claim(root, row.path));
    CHECK(claim_bytes(root, row.path) == row.bytes);
  }
}

TEST_CASE("claim paths: what is not there is not found") {
  const Claim root = example();
  for (const char* path : {"version", "report.", ".report", "report..version", "report.vers", "reports", "certificate[2]", "certificate[", "certificate[]",
                           "certificate[x]", "certificate[-1]", "certificate[0]x", "certificate[99999999999999999999]", "file[1]", "file.file.report"}) {
    CAPTURE(path);
    CHECK_FALSE(find_claim(root, path));
    CHECK(claim_bytes(root, path).empty());
  }
}

TEST_CASE("claim bytes: a node beyond its space or without a place has none") {
  const Claim root = example();
  CHECK(find_claim(root, "report.beyond"));
  CHECK(claim_bytes(root, "report.beyond").empty());
  CHECK(claim_bytes(root, "computed").empty());
}
