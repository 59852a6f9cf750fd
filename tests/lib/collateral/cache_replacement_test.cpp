#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collateral/files.hpp"
#include "collateral/providers.hpp"
#include "support/amd_world.hpp"
#include "support/intel_samples.hpp"
#include "support/intel_world.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
namespace fs = std::filesystem;

namespace {

CollateralItem fetched(CollateralKind kind, Buffer data, std::vector<Buffer> chain = {}) {
  const std::string url = is_intel(kind) ? "https://api.trustedservices.intel.com/x" : "https://kdsintf.amd.com/x";
  return {kind, std::move(data), CollateralSource::network, url, std::move(chain), {}};
}

Time in_year(int year) { return Time{std::chrono::sys_days{std::chrono::year{year} / 6 / 1}}; }

Buffer only_item(CollateralProvider& cache, const CollateralQuery& query) {
  const CollateralAnswer answer = cache.find(query);
  REQUIRE(answer.items.size() == 1);
  return answer.items[0].data;
}

std::string with_number(std::string document, unsigned number) {
  const std::string name = "\"tcbEvaluationDataNumber\":";
  const std::size_t at = document.find(name);
  REQUIRE(at != std::string::npos);
  const std::size_t begin = at + name.size(), end = document.find_first_not_of("0123456789", begin);
  return document.replace(begin, end - begin, std::to_string(number));
}

}  // namespace

TEST_CASE("cache: only what the vendor signed, and not from the future, keeps its place against a newer answer") {
  const AmdWorld world, foreign(snp::ProductLine::milan, true);
  const CollateralQuery query = world.query(CollateralKind::amd_crl);
  const Buffer genuine = world.crl(in_year(2020)), older = world.crl(in_year(2019));
  Buffer altered = world.crl(in_year(2021));
  altered.back() ^= 1;
  struct Row { const char* what; Buffer planted; bool stays; };
  for (const Row& row : {Row{"a newer list", world.crl(in_year(2021)), true}, Row{"a list from the future", world.crl(in_year(2200)), false}, Row{"another signer", foreign.crl(in_year(2021)), false},
                         Row{"altered", altered, false}, Row{"an older list", older, false}}) {
    CAPTURE(row.what);
    const TempDir dir;
    const auto cache = cache_provider(dir.path(), {}, world.trust());
    REQUIRE(cache->store(query, fetched(CollateralKind::amd_crl, row.planted)));
    REQUIRE(cache->store(query, fetched(CollateralKind::amd_crl, genuine)));
    CHECK(only_item(*cache, query) == (row.stays ? row.planted : genuine));
  }
}

TEST_CASE("cache: the highest evaluation number is kept, whatever its date") {
  const IntelWorld world;
  const TempDir dir;
  const auto cache = cache_provider(dir.path(), {}, world.trust());
  CollateralQuery query{.kind = CollateralKind::intel_qe_identity};
  query.tdx = true;
  const std::vector<Buffer> chain{world.tcb_signer(), world.root()};
  const auto document = [&](unsigned number, const std::string& date) { return world.qe_identity(with_issue_date(with_number(td_qe_identity(), number), date)); };
  const auto store = [&](const Buffer& data) { REQUIRE(cache->store(query, fetched(CollateralKind::intel_qe_identity, data, chain))); };
  const Buffer seventeen = document(17, "2024-06-01T00:00:00Z");
  store(seventeen);
  store(document(16, "2025-06-01T00:00:00Z"));          // fresher, and an earlier evaluation
  CHECK(only_item(*cache, query) == seventeen);
  store(document(17, "2023-06-01T00:00:00Z"));
  CHECK(only_item(*cache, query) == seventeen);
  const Buffer newer = document(17, "2025-06-01T00:00:00Z"), eighteen = document(18, "2023-06-01T00:00:00Z");
  store(newer);
  CHECK(only_item(*cache, query) == newer);
  store(eighteen);
  CHECK(only_item(*cache, query) == eighteen);
}

TEST_CASE("files: the cache writes into folders of its own only, through no link") {
  const TempDir dir;
  const fs::path root = dir.path() / "cache", elsewhere = dir.path() / "elsewhere";
  fs::create_directories(elsewhere);
  REQUIRE(write_private_file(root, "a/b/file", as_bytes("x")));
  CHECK(read_regular_file(root / "a/b/file", 10));
  fs::create_directory_symlink(elsewhere, root / "linked");
  CHECK_FALSE(write_private_file(root, "linked/file", as_bytes("x")));
  CHECK_FALSE(write_private_file(root, "linked/deeper/file", as_bytes("x")));
  CHECK(fs::is_empty(elsewhere));
  fs::create_directory_symlink(elsewhere, dir.path() / "root-link");
  CHECK(write_private_file(dir.path() / "root-link", "file", as_bytes("x")));   // its owner put the whole cache there
  if (::geteuid() != 0) return;
  const fs::path theirs = dir.path() / "theirs";
  fs::create_directories(theirs / "sub");
  REQUIRE(::chown(theirs.c_str(), 12345, 12345) == 0);
  CHECK_FALSE(write_private_file(theirs, "file", as_bytes("x")));
  CHECK_FALSE(write_private_file(theirs, "sub/file", as_bytes("x")));
  CHECK_FALSE(fs::exists(theirs / "file"));
}

TEST_CASE("files: a file is replaced as a whole, and a link by a file") {
  const TempDir dir;
  const fs::path target = dir.path() / "target", link = dir.path() / "link";
  REQUIRE(replace_file(target, as_bytes("old"), 0600));
  fs::create_symlink(target, link);
  REQUIRE(replace_file(link, as_bytes("new"), 0644));
  CHECK_FALSE(fs::is_symlink(link));
  CHECK(*read_regular_file(target, 10) == to_buffer("old"));
  struct stat info {};
  REQUIRE(::stat(target.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()) == 2);   // no temporary file stays
  CHECK_FALSE(replace_file(dir.path() / "no" / "folder", as_bytes("x"), 0644));
}
