// Collateral for other programs: written, read back, the same. And what expires when.
#include "collateral/export.hpp"

#include <doctest/doctest.h>

#include "collateral/expiry.hpp"
#include "collateral/providers.hpp"
#include "intel/collateral.hpp"
#include "support/amd_world.hpp"
#include "support/intel_samples.hpp"
#include "support/intel_world.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
using enum atls::CollateralKind;

namespace {

std::vector<CollateralItem> items(const IntelWorld& world, bool loose = false) {
  const std::vector<Buffer> signer{world.tcb_signer(), world.root()}, ca{world.platform_ca(), world.root()}, none;
  const auto item = [](CollateralKind kind, Buffer data, std::vector<Buffer> chain) { return CollateralItem{kind, std::move(data), CollateralSource::dir, "x", std::move(chain), {}}; };
  std::vector<CollateralItem> out{item(intel_root_crl, world.root_crl(), {}), item(intel_pck_crl, world.pck_crl(), loose ? none : ca), item(intel_tcb_info, world.tcb_info(), loose ? none : signer),
                                  item(intel_qe_identity, world.qe_identity(), loose ? none : signer)};
  if (loose)
    for (const auto& [kind, der] : {std::pair{intel_tcb_signer, world.tcb_signer()}, std::pair{intel_pck_ca, world.platform_ca()}, std::pair{intel_root, world.root()}}) out.push_back(item(kind, der, {}));
  return out;
}

}  // namespace

TEST_CASE("export: every form is read back with the same objects and signed texts, from chains or loose certificates") {
  const IntelWorld world;
  const std::string pck = pem_of({world.pck(), world.platform_ca(), world.root()});
  for (const bool loose : {false, true})
    for (const char* name : {"dcap-qvl", "intel-dir", "go-getter"}) {
      CAPTURE(name);
      const auto form = export_form_from(name);
      REQUIRE(form);
      CHECK(export_form_name(*form) == name);
      const auto files = export_collateral(items(world, loose), *form, pck);
      REQUIRE_MESSAGE(files, files.error().message());
      CHECK((files->size() > 1) == (*form == ExportForm::intel_dir));
      const TempDir dir;
      for (const ExportFile& file : *files) dir.write(file.name.empty() ? "bundle.json" : file.name, file.content);
      const auto provider = directory_provider(dir.path());
      REQUIRE(provider);
      for (const CollateralItem& item : items(world)) {
        const CollateralAnswer answer = (*provider)->find({.kind = item.kind, .fmspc = IntelWorld::kFmspc, .tdx = true});
        REQUIRE(answer.items.size() == 1);
        CHECK(check_trusted(*identify(CollateralItem{item.kind, answer.items[0].data, CollateralSource::dir, "", item.issuer_chain, {}}), *world.trust()));
        if (!answer.items[0].issuer_chain.empty()) CHECK(answer.items[0].issuer_chain == item.issuer_chain);
        if (item.kind == intel_tcb_info) CHECK(intel::parse_tcb_info(answer.items[0].data)->signed_bytes == intel::parse_tcb_info(item.data)->signed_bytes);
      }
      for (const CollateralKind kind : {intel_tcb_signer, intel_pck_ca, intel_root}) CHECK_FALSE((*provider)->find({.kind = kind}).items.empty());
      CHECK((*provider)->find({.kind = intel_pck}).items.empty() == (*form == ExportForm::go_getter));
    }
}

TEST_CASE("export: the newest of several is written, and what is missing is named") {
  const IntelWorld world;
  auto all = items(world);
  all.insert(all.begin(), {intel_root_crl, world.root_crl(IntelWorld::day(9)), CollateralSource::dir, "x", {}, {}});
  all.push_back({intel_root_crl, world.root_crl(IntelWorld::day(5)), CollateralSource::dir, "x", {}, {}});
  const auto files = export_collateral(all, ExportForm::intel_dir, "");
  REQUIRE(files);
  for (const ExportFile& file : *files)
    if (file.name == "rootCaCrl.der") CHECK(file.content == world.root_crl(IntelWorld::day(9)));
  for (std::size_t i = 0; i < 4; ++i) {
    auto fewer = items(world);
    const std::string kind(collateral_kind_name(fewer[i].kind));
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    const auto refused = export_collateral(fewer, ExportForm::dcap_qvl, "");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail.find(kind) != std::string::npos);
  }
  auto loose = items(world, true);
  loose.pop_back();
  CHECK_FALSE(export_collateral(loose, ExportForm::dcap_qvl, ""));
  CHECK_FALSE(export_collateral({}, ExportForm::go_getter, ""));
  CHECK_FALSE(export_form_from("qvl"));
}

TEST_CASE("expiry: states, order, chains and objects of both vendors") {
  const IntelWorld intel;
  const AmdWorld amd;
  const TempDir dir;
  dir.write("tcb.json", intel.tcb_info());                  // until 2026-02-01T03:04:05Z
  dir.write("ark.der", amd.ark());
  dir.write("amd.crl", amd.crl());
  dir.write("broken.json", as_bytes(R"({"tcbInfo":{"id":"TDX","fmspc":"90C06F010203"},"signature":"00"})"));
  const auto all = list_collateral(dir.path());
  REQUIRE(all);
  CHECK(all->complete);
  const Time end = *parse_rfc3339("2026-02-01T03:04:05Z");
  struct Row { Time now; std::chrono::seconds within; ExpiryState state; };
  using std::chrono::seconds;
  for (const Row& row : {Row{end - seconds{10}, seconds{9}, ExpiryState::good}, Row{end - seconds{10}, seconds{10}, ExpiryState::soon}, Row{end, seconds{0}, ExpiryState::soon}, Row{end + seconds{1}, seconds{0}, ExpiryState::expired}}) {
    const auto list = expiries(all->objects, row.now, row.within);
    REQUIRE(list.size() == 4);
    CHECK(list[0].state == ExpiryState::undated);
    CHECK(list[0].what.find("damaged") != std::string::npos);
    CHECK(list[1].kind == intel_tcb_info);
    CHECK(list[1].state == row.state);
    CHECK(list[1].what == "TDX 90c06f010203");
    CHECK(list[1].expires == end);
  }
  std::vector<Located> chained{{*identify(items(intel)[2]), "x"}, {*identify(items(intel)[3]), "x"}};
  CHECK(expiries(chained, end, seconds{0}).size() == 4);     // two documents, signer and root once
  CHECK_FALSE(list_collateral(dir.path() / "nowhere"));
  dir.write("bad.crl", as_bytes("nothing"));
  CHECK(list_collateral(dir.path())->unreadable.size() == 1);
}
