#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <thread>

#include "collateral/providers.hpp"
#include "support/amd_world.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
using snp::ProductLine;
namespace fs = std::filesystem;

namespace {

const std::string kAmd = "https://kdsintf.amd.com/";

CollateralItem cache_item(CollateralKind kind, Buffer data, std::string origin = kAmd + "x") { return {kind, std::move(data), CollateralSource::network, std::move(origin)}; }

std::vector<fs::path> files_below(const fs::path& root) {
  std::vector<fs::path> out;
  if (fs::exists(root))
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file()) out.push_back(entry.path());
  return out;
}

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

}  // namespace

TEST_CASE("cache: what was stored is found again, by every kind but the VLEK") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::turin}) {
    const AmdWorld world(line);
    const TempDir dir;
    const fs::path root = dir.path() / "a" / "cache";
    const auto cache = cache_provider(root);
    struct Row { CollateralKind kind; Buffer data; };
    for (const Row& row : {Row{CollateralKind::amd_vcek, world.vcek()}, Row{CollateralKind::amd_ask, world.ask()}, Row{CollateralKind::amd_asvk, world.asvk()},
                           Row{CollateralKind::amd_ark, world.ark()}, Row{CollateralKind::amd_crl, world.crl()}}) {
      CAPTURE(collateral_kind_name(row.kind));
      CHECK(cache->find(world.query(row.kind)).items.empty());
      REQUIRE(cache->store(world.query(row.kind), cache_item(row.kind, row.data)));
      const CollateralAnswer answer = cache_provider(root)->find(world.query(row.kind));
      REQUIRE(answer.items.size() == 1);
      CHECK(answer.items[0].data == row.data);
      CHECK(answer.items[0].source == CollateralSource::cache);
      CHECK(answer.misses.empty());
    }
    CHECK(cache->find(world.query(CollateralKind::amd_vcek, 2)).items.empty());
    const CollateralQuery vlek = world.query(CollateralKind::amd_vlek);
    REQUIRE(cache->store(vlek, cache_item(CollateralKind::amd_vlek, world.vek({.tcb = vlek.reported_tcb, .cn = "SEV-VLEK"}, true))));
    CHECK(cache->find(vlek).items.empty());
    for (const fs::path& file : files_below(root)) CHECK(mode_of(file) == 0600);
    CHECK(files_below(root).size() == 5);
    CHECK(mode_of(root) == 0700);
    CHECK(mode_of(root / "amd" / "vcek") == 0700);
  }
}

TEST_CASE("cache: an entry that is damaged or not what its name says is ignored and told") {
  const AmdWorld world;
  const TempDir dir;
  const auto cache = cache_provider(dir.path());
  const CollateralQuery query = world.query(CollateralKind::amd_vcek);
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_vcek, world.vcek())));
  const fs::path file = files_below(dir.path()).at(0);
  Buffer cut = world.vcek();
  cut.resize(cut.size() / 2);
  for (const Buffer& bad : {cut, Buffer{}, to_buffer("garbage"), world.vcek(2), world.ark(), AmdWorld(ProductLine::genoa).vcek(), Buffer(1024 * 1024 + 1, 0)}) {
    dir.write(fs::relative(file, dir.path()), bad);
    const CollateralAnswer answer = cache->find(query);
    CHECK(answer.items.empty());
    REQUIRE_FALSE(answer.misses.empty());
    CHECK(answer.misses[0].why == CollateralMiss::Why::invalid);
    CHECK(answer.misses[0].detail.find(file.string()) == 0);
  }
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_vcek, world.vcek())));      // and is repaired by the next store
  CHECK(cache->find(query).items.size() == 1);
}

TEST_CASE("cache: what does not answer the question is not stored") {
  const AmdWorld world;
  const TempDir dir;
  const auto cache = cache_provider(dir.path());
  const CollateralQuery query = world.query(CollateralKind::amd_vcek);
  CHECK_FALSE(cache->store(query, cache_item(CollateralKind::amd_vcek, world.vcek(2))));
  CHECK_FALSE(cache->store(query, cache_item(CollateralKind::amd_vcek, world.ask())));
  CHECK_FALSE(cache->store(query, cache_item(CollateralKind::amd_vcek, to_buffer("garbage"))));
  CHECK_FALSE(cache->store(world.query(CollateralKind::amd_crl), cache_item(CollateralKind::amd_crl, AmdWorld(ProductLine::genoa).crl())));
  CHECK(files_below(dir.path()).empty());
}

TEST_CASE("cache: an older CRL does not replace a newer one") {
  const AmdWorld world;
  const TempDir dir;
  const auto cache = cache_provider(dir.path(), {}, world.trust());
  const CollateralQuery query = world.query(CollateralKind::amd_crl);
  const auto at = [](int year) { return Time{std::chrono::sys_days{std::chrono::year{year} / 6 / 1}}; };
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_crl, world.crl(at(2024)))));
  const Buffer newer = world.crl(at(2025));
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_crl, newer)));
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_crl, world.crl(at(2023)))));
  const CollateralAnswer answer = cache->find(query);
  REQUIRE(answer.items.size() == 1);
  CHECK(answer.items[0].data == newer);
}

TEST_CASE("cache: the CA objects of another service stand beside AMD's and never replace them") {
  const AmdWorld world, simulated(ProductLine::milan, true);
  const TempDir dir;
  const auto cache = cache_provider(dir.path());
  const CollateralQuery query = world.query(CollateralKind::amd_crl);
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_crl, world.crl())));
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_crl, simulated.crl(), "http://127.0.0.1:4711/vcek/v1/Milan/crl")));
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_crl, simulated.crl(), "http://127.0.0.1:4712/vcek/v1/Milan/crl")));
  REQUIRE(cache->store(query, cache_item(CollateralKind::amd_crl, simulated.crl(), "https://kdsintf.amd.com.evil.example/crl")));
  CHECK(cache->find(query).items.size() == 3);
  CHECK(files_below(dir.path()).size() == 3);
}

TEST_CASE("cache: a place that cannot be written is told, and one without a root does nothing") {
  const AmdWorld world;
  const CollateralQuery query = world.query(CollateralKind::amd_vcek);
  const TempDir dir;
  const fs::path file = dir.write("file", as_bytes("x"));
  CHECK_FALSE(cache_provider(file / "cache")->store(query, cache_item(CollateralKind::amd_vcek, world.vcek())));
  CHECK(cache_provider({})->store(query, cache_item(CollateralKind::amd_vcek, world.vcek())));
  CHECK(cache_provider({})->find(query).items.empty());
}

TEST_CASE("cache: readers never see half a file while others store") {
  const AmdWorld world;
  const TempDir dir;
  const CollateralQuery query = world.query(CollateralKind::amd_vcek);
  const Buffer data = world.vcek();
  REQUIRE(cache_provider(dir.path())->store(query, cache_item(CollateralKind::amd_vcek, data)));
  std::vector<std::thread> writers;
  for (int t = 0; t < 2; ++t)
    writers.emplace_back([&] {
      const auto cache = cache_provider(dir.path());
      for (int i = 0; i < 30; ++i) (void)cache->store(query, cache_item(CollateralKind::amd_vcek, data));
    });
  std::size_t bad = 0;
  const auto cache = cache_provider(dir.path());
  for (int i = 0; i < 200; ++i) bad += cache->find(query).items.size() != 1;
  for (std::thread& writer : writers) writer.join();
  CHECK(bad == 0);
  CHECK(files_below(dir.path()).size() == 1);
}

TEST_CASE("cache: the default place follows XDG_CACHE_HOME, then HOME, and relative paths count as unset") {
  const auto value = [](const char* name) { const char* v = ::getenv(name); return std::string(v ? v : ""); };
  const std::string xdg = value("XDG_CACHE_HOME"), home = value("HOME");
  ::setenv("XDG_CACHE_HOME", "/x", 1);
  CHECK(default_cache_dir() == "/x/atls");
  ::setenv("XDG_CACHE_HOME", "x", 1);
  ::setenv("HOME", "/h", 1);
  CHECK(default_cache_dir() == "/h/.cache/atls");
  ::unsetenv("HOME");
  CHECK(default_cache_dir().empty());
  ::setenv("HOME", home.c_str(), 1);
  if (xdg.empty()) ::unsetenv("XDG_CACHE_HOME");
  else ::setenv("XDG_CACHE_HOME", xdg.c_str(), 1);
}
