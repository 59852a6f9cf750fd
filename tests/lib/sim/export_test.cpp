#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "crypto/certificate.hpp"
#include "pem/pem.hpp"
#include "sim/intel_platform.hpp"
#include "sim/platform.hpp"

using namespace atls;
namespace fs = std::filesystem;

namespace {

struct TempFolder {
  fs::path path;
  TempFolder() {
    std::string name = (fs::temp_directory_path() / "atls-export-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TempFolder() { fs::remove_all(path); }
};

Buffer export_content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in, path.string());
  return Buffer(std::istreambuf_iterator<char>(in), {});
}

std::set<std::string> export_files_below(const fs::path& root) {
  std::set<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.is_regular_file()) out.insert(fs::relative(entry.path(), root).string());
  return out;
}

std::unique_ptr<sim::SnpPlatform> export_platform(sim::SnpOptions options = {}) {
  auto out = sim::SnpPlatform::create(std::move(options));
  REQUIRE(out);
  return *std::move(out);
}

}  // namespace

TEST_CASE("export: every layout is there and holds the platform") {
  const TempFolder folder;
  const auto p = export_platform();
  REQUIRE(sim::export_platform(*p, folder.path / "new" / "deeper"));
  const fs::path root = folder.path / "new" / "deeper";
  const Buffer report = export_content(root / "report.bin"), extended = export_content(root / "extended.bin"), table = export_content(root / "tsm/auxblob");
  CHECK(report.size() == snp::kReportSize);
  CHECK(export_content(root / "tsm/outblob") == report);
  CHECK(as_text(export_content(root / "tsm/provider")) == "sev_guest\n");
  CHECK(equal(Bytes(extended).first(snp::kReportSize), report));
  CHECK(equal(Bytes(extended).subspan(snp::kReportSize), table));
  CHECK(table == p->cert_table());
  CHECK(export_content(root / "crl.der") == p->crl_der());
  struct Row { const char* name; Buffer der; };
  for (const Row& row : {Row{"certs/ark.pem", p->ark_der()}, Row{"certs/ask.pem", p->ask_der()}, Row{"certs/vcek.pem", p->vek_der()}, Row{"trust-anchor.pem", p->ark_der()}}) {
    CAPTURE(row.name);
    const auto blocks = pem::parse(export_content(root / row.name));
    REQUIRE(blocks);
    REQUIRE(blocks->size() == 1);
    CHECK(blocks->front().data == row.der);
  }
  const auto bundle = pem::parse(export_content(root / "ask_ark.pem"));
  REQUIRE(bundle);
  REQUIRE(bundle->size() == 2);
  CHECK(bundle->front().data == p->ask_der());
  CHECK(as_text(export_content(root / "policy.json")) == p->matching_policy());
  const std::string readme(as_text(export_content(root / "README.txt")));
  CHECK(readme.find("SIMULATED") != std::string::npos);
  for (const std::string& file : export_files_below(root))
    if (file != "README.txt" && file != ".atls-export")
      CHECK_MESSAGE((readme.find("  " + file + " ") != std::string::npos || readme.find("  " + file + "\n") != std::string::npos), file);
}

TEST_CASE("export: Trustee's store is named by chip and TCB") {
  struct Row { snp::ProductLine line; const char* tail; std::size_t hwid; };
  for (const Row& row : {Row{snp::ProductLine::milan, "/bl04_tee00_snp27_ucode222_vcek.der", 128}, Row{snp::ProductLine::turin, "/bl01_tee01_snp04_ucode81_fmc01_vcek.der", 16}}) {
    const TempFolder folder;
    const auto p = export_platform({.product = row.line});
    REQUIRE(sim::export_platform(*p, folder.path));
    const std::set<std::string> store = export_files_below(folder.path / "kds-store" / "vcek");
    REQUIRE(store.size() == 1);
    CHECK(store.begin()->size() == row.hwid + std::string(row.tail).size());
    CHECK(store.begin()->ends_with(row.tail));
    CHECK(export_content(folder.path / "kds-store" / "vcek" / *store.begin()) == p->vek_der());
  }
}

TEST_CASE("export: a later export replaces an earlier one without a trace") {
  const TempFolder folder;
  REQUIRE(sim::export_platform(*export_platform({.vlek = true}), folder.path));
  CHECK(fs::exists(folder.path / "certs/vlek.pem"));
  CHECK_FALSE(fs::exists(folder.path / "kds-store"));
  REQUIRE(sim::export_platform(*export_platform({.seed = "other", .faults = {"wrong-ark"}}), folder.path));
  CHECK_FALSE(fs::exists(folder.path / "certs/vlek.pem"));
  CHECK_FALSE(fs::exists(folder.path / "certs/asvk.pem"));
  CHECK(fs::exists(folder.path / "certs/vcek.pem"));
  CHECK(as_text(export_content(folder.path / "README.txt")).find("FAULT wrong-ark") != std::string::npos);
  CHECK(export_content(folder.path / "trust-anchor.pem") != export_content(folder.path / "certs/ark.pem"));
  const auto first = export_files_below(folder.path);
  REQUIRE(sim::export_platform(*export_platform({.seed = "third"}), folder.path));
  CHECK(export_files_below(folder.path).size() == first.size());
}

TEST_CASE("export: the text about a fault names the check of this format") {
  const TempFolder folder;
  REQUIRE(sim::export_platform(*export_platform({.faults = {"self-made-root"}}), folder.path));
  CHECK(as_text(export_content(folder.path / "README.txt")).find("(snp-ark-trusted is \"fail\"") != std::string::npos);
  auto td = sim::IntelPlatform::create({.faults = {"self-made-root"}});
  REQUIRE(td);
  REQUIRE(sim::export_platform(**td, folder.path));
  CHECK(as_text(export_content(folder.path / "README.txt")).find("(pck-root-trusted is \"fail\"") != std::string::npos);
}

TEST_CASE("export: a folder of somebody else is refused and left alone") {
  struct Row { const char* what; const char* file; const char* text; };
  for (const Row& row : {Row{"any file", "notes.txt", "mine"}, Row{"an empty marker", ".atls-export", ""}, Row{"another marker", ".atls-export", "something\nnotes.txt\n"}}) {
    CAPTURE(row.what);
    const TempFolder folder;
    std::ofstream(folder.path / row.file) << row.text;
    const auto result = sim::export_platform(*export_platform(), folder.path);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::refused);
    CHECK(export_files_below(folder.path) == std::set<std::string>{row.file});
  }
  const TempFolder folder;
  std::ofstream(folder.path / "file") << "text";
  const auto onto_file = sim::export_platform(*export_platform(), folder.path / "file");
  REQUIRE_FALSE(onto_file);
  CHECK(onto_file.error().code == Errc::io);
}

TEST_CASE("export: an edited marker reaches nothing outside, and files of others inside stay") {
  const TempFolder folder;
  const fs::path root = folder.path / "export";
  REQUIRE(sim::export_platform(*export_platform(), root));
  std::ofstream(folder.path / "outside") << "keep";
  std::ofstream(root / "certs" / "mine") << "keep";
  std::ofstream(root / ".atls-export", std::ios::app) << "../outside\n" << (folder.path / "outside").string() << "\n\n.\n..\n";
  REQUIRE(sim::export_platform(*export_platform({.vlek = true}), root));
  CHECK(fs::exists(folder.path / "outside"));
  CHECK(fs::exists(root / "certs" / "mine"));
}

TEST_CASE("export: one byte too many shows where there is no certificate table to take it for") {
  const TempFolder folder;
  REQUIRE(sim::export_platform(*export_platform({.faults = {"extra-data"}}), folder.path));
  CHECK(export_content(folder.path / "report.bin").size() == 1185);
  CHECK(export_content(folder.path / "tsm/outblob").size() == 1185);
  CHECK(export_content(folder.path / "extended.bin").size() % 4096 == snp::kReportSize);
}
