#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/hex.hpp"
#include "collateral/providers.hpp"
#include "pem/pem.hpp"
#include "support/amd_world.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
using snp::ProductLine;

namespace {

CollateralAnswer ask(const std::filesystem::path& path, const CollateralQuery& query) {
  const auto provider = directory_provider(path);
  REQUIRE_MESSAGE(provider, provider.error().message());
  return (*provider)->find(query);
}

std::string said(const CollateralAnswer& answer) {
  std::string out;
  for (const CollateralMiss& miss : answer.misses) out += std::string(collateral_miss_name(miss.why)) + ": " + miss.detail + "\n";
  return out;
}

}  // namespace

TEST_CASE("directory: the snpguest layout, DER or PEM, under any name and in folders") {
  const AmdWorld world;
  struct Row { const char* name; bool pem; };
  for (const Row& row : {Row{"vcek.der", false}, Row{"vcek.pem", true}, Row{"certs/deep/er/vcek.crt", false}, Row{"ASK.CER", true}}) {
    CAPTURE(row.name);
    const TempDir dir;
    dir.write(row.name, row.pem ? as_bytes(pem_certificates({world.vcek()})) : Bytes(world.vcek()));
    const CollateralAnswer answer = ask(dir.path(), world.query(CollateralKind::amd_vcek));
    REQUIRE(answer.items.size() == 1);
    CHECK(answer.items[0].source == CollateralSource::dir);
    CHECK(answer.items[0].origin == (dir.path() / row.name).string());
    CHECK(answer.misses.empty());
  }
}

TEST_CASE("directory: a chain in one file, a CRL beside it, and a single file as the directory") {
  const AmdWorld world;
  const TempDir dir;
  const auto file = dir.write("chain.pem", as_bytes(pem_certificates({world.vcek(), world.ask(), world.asvk(), world.ark()})));
  dir.write("milan.crl", world.crl());
  for (const CollateralKind kind : {CollateralKind::amd_vcek, CollateralKind::amd_ask, CollateralKind::amd_asvk, CollateralKind::amd_ark, CollateralKind::amd_crl}) {
    CAPTURE(collateral_kind_name(kind));
    CHECK(ask(dir.path(), world.query(kind)).items.size() == 1);
    CHECK(ask(file, world.query(kind)).items.size() == (kind == CollateralKind::amd_crl ? 0 : 1));
  }
  const TempDir other;
  CHECK(ask(other.write("no-extension", world.vcek()), world.query(CollateralKind::amd_vcek)).items.size() == 1);
}

TEST_CASE("directory: names of files decide nothing") {
  const AmdWorld world;
  const TempDir dir;
  dir.write("vcek.der", world.ark());
  dir.write("ark.der", world.vcek());
  CHECK(ask(dir.path(), world.query(CollateralKind::amd_ark)).items.size() == 1);
  CHECK(ask(dir.path(), world.query(CollateralKind::amd_vcek)).items.size() == 1);
  CHECK(ask(dir.path(), world.query(CollateralKind::amd_ask)).items.empty());
}

TEST_CASE("directory: Trustee's store is looked up by chip and TCB, and the content must fit") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::turin}) {
    const AmdWorld world(line);
    const CollateralQuery query = world.query(CollateralKind::amd_vcek);
    const bool turin = line == ProductLine::turin;
    const std::string chip = hex(Bytes(query.chip_id).first(turin ? 8 : 64));
    const std::string name = turin ? "bl01_tee01_snp04_ucode81_fmc01_vcek.der" : "bl04_tee00_snp24_ucode217_vcek.der";
    for (const std::string& file : {name, std::string("vcek.der")}) {
      CAPTURE(file);
      const TempDir dir;
      dir.write(std::filesystem::path("vcek") / chip / file, world.vcek());
      CHECK(ask(dir.path(), query).items.size() == 1);
    }
    // Written after the directory was read: found by its name alone.
    const TempDir late;
    std::filesystem::create_directories(late.path() / "vcek");
    const auto provider = directory_provider(late.path());
    REQUIRE(provider);
    late.write(std::filesystem::path("vcek") / chip / name, world.vcek(9));
    CHECK((*provider)->find(query).items.empty());
    late.write(std::filesystem::path("vcek") / chip / name, world.vcek());
    CHECK((*provider)->find(query).items.size() == 1);
  }
}

TEST_CASE("directory: the fitting certificate alone when there is one, otherwise the others for an explanation") {
  const AmdWorld world;
  const TempDir dir;
  for (std::uint8_t chip = 2; chip < 30; ++chip) dir.write("v" + std::to_string(chip) + ".der", world.vcek(chip));
  const CollateralAnswer without = ask(dir.path(), world.query(CollateralKind::amd_vcek, 1));
  CHECK(without.items.size() == 28);   // all: the key of one of them may have made the report, and the answer counts them
  REQUIRE(without.misses.size() == 1);
  CHECK(without.misses[0].why == CollateralMiss::Why::absent);
  CHECK(said(without).find("28 for others") != std::string::npos);
  dir.write("v1.der", world.vcek(1));
  const CollateralAnswer with = ask(dir.path(), world.query(CollateralKind::amd_vcek, 1));
  REQUIRE(with.items.size() == 1);
  CHECK(with.items[0].origin == (dir.path() / "v1.der").string());
}

TEST_CASE("directory: damaged, foreign, huge and unusual files are ignored and told") {
  const AmdWorld world;
  const TempDir dir;
  dir.write("garbage.der", as_bytes("not a certificate"));
  dir.write("empty.pem", {});
  dir.write("huge.der", Buffer(4 * 1024 * 1024 + 1, 0x30));
  dir.write("foreign.der", AmdWorld(ProductLine::genoa).ark());
  dir.write("notes.doc", world.vcek());
  REQUIRE(::mkfifo((dir.path() / "fifo.der").c_str(), 0600) == 0);           // would block a careless reader
  std::filesystem::create_directory_symlink(dir.path(), dir.path() / "loop");
  std::filesystem::create_symlink(dir.path() / "nowhere", dir.path() / "dangling.der");
  const CollateralAnswer answer = ask(dir.path(), world.query(CollateralKind::amd_vcek));
  CHECK(answer.items.empty());
  CHECK(said(answer).find("3 ignored") != std::string::npos);
  CHECK(said(answer).find("garbage.der") != std::string::npos);
}

TEST_CASE("directory: depth and number of files are bounded, and it is said that the rest was not read") {
  const AmdWorld world;
  const TempDir deep;
  deep.write("1/2/3/4/5/ok.der", world.vcek());
  CHECK(ask(deep.path(), world.query(CollateralKind::amd_vcek)).items.size() == 1);
  const TempDir deeper;
  deeper.write("1/2/3/4/5/6/no.der", world.vcek());
  CHECK(ask(deeper.path(), world.query(CollateralKind::amd_vcek)).items.empty());
  const TempDir many;
  for (int i = 0; i < 4100; ++i) many.write(std::to_string(i) + ".der", {});
  const CollateralAnswer answer = ask(many.path(), world.query(CollateralKind::amd_vcek));
  CHECK(answer.items.empty());
  CHECK(said(answer).find("not read to the end") != std::string::npos);
}

TEST_CASE("directory: a path that is not there or cannot be a directory is an error, not an empty directory") {
  CHECK_FALSE(directory_provider("/nonexistent/atls"));
  CHECK_FALSE(directory_provider("/dev/null"));
  CHECK_FALSE(directory_provider(""));
}
