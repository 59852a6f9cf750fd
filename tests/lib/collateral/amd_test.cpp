#include "collateral/amd.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "pem/pem.hpp"
#include "support/amd_world.hpp"
#include "support/paths.hpp"

using namespace atls;
using namespace atls::test;
using snp::ProductLine;

TEST_CASE("collateral kinds have names that read back") {
  for (const CollateralKind kind : {CollateralKind::amd_vcek, CollateralKind::amd_vlek, CollateralKind::amd_ask, CollateralKind::amd_asvk, CollateralKind::amd_ark, CollateralKind::amd_crl}) {
    CHECK(collateral_kind_from(collateral_kind_name(kind)) == kind);
  }
  CHECK_FALSE(collateral_kind_from("amd"));
  CHECK_FALSE(collateral_kind_from(""));
}

TEST_CASE("amd objects are identified by their content") {
  for (const ProductLine line : {ProductLine::milan, ProductLine::genoa, ProductLine::turin}) {
    const AmdWorld world(line);
    const CollateralQuery asked = world.query(CollateralKind::amd_vcek);
    struct Row { Buffer der; CollateralKind kind; };
    for (const Row& row : {Row{world.ark(), CollateralKind::amd_ark}, Row{world.ask(), CollateralKind::amd_ask}, Row{world.asvk(), CollateralKind::amd_asvk},
                           Row{world.crl(), CollateralKind::amd_crl}, Row{world.vcek(), CollateralKind::amd_vcek},
                           Row{world.vek({.chip = asked.chip_id, .tcb = asked.reported_tcb, .wrapped_hwid = true}), CollateralKind::amd_vcek},
                           Row{world.vek({.tcb = asked.reported_tcb, .cn = "SEV-VLEK"}, true), CollateralKind::amd_vlek}}) {
      CAPTURE(collateral_kind_name(row.kind));
      const auto object = identify_amd(row.der);
      REQUIRE_MESSAGE(object, object.error().message());
      CHECK(object->kind == row.kind);
      CHECK(object->product == line);
      CHECK(object->data == row.der);
      CollateralQuery query = asked;
      query.kind = row.kind;
      CHECK(fits(*object, query) == Fit::exact);
      CHECK(check_amd(*object, *world.trust()));
      CHECK_FALSE(check_amd(*object, *AmdWorld(line, true).trust()));
    }
  }
}

TEST_CASE("amd objects: names that only resemble AMD's and damaged extensions are refused") {
  const AmdWorld world;
  const CollateralQuery asked = world.query(CollateralKind::amd_vcek);
  const auto vek = [&](VekSpec spec) {
    spec.chip = asked.chip_id;
    spec.tcb = asked.reported_tcb;
    return world.vek(spec);
  };
  for (const char* cn : {"SEV-VCEK2", "SEV-VCE", "SEV-VLEK-", "SEV-VLEK-Rome", "SEV-", "ARK-", "ARK-Milan ", "sev-vcek"}) {
    CAPTURE(cn);
    CHECK_FALSE(identify_amd(vek({.cn = cn})));
  }
  for (const char* oid : {".2", ".3.1", ".3.2", ".3.3", ".3.8", ".4"}) {
    CAPTURE(oid);
    CHECK_FALSE(identify_amd(vek({.leave_out = oid})));
  }
  CHECK_FALSE(identify_amd(vek({.product_name = "Rome"})));
  CHECK_FALSE(identify_amd(vek({.product_name = "Turin"})));        // its hwID would have 8 bytes
  CHECK_FALSE(identify_amd(world.crl({}, "SEV-Milan")));
  Buffer longer = world.vcek();
  longer.push_back(0);
  CHECK_FALSE(identify_amd(longer));
  CHECK_FALSE(identify_amd(Bytes(longer).first(200)));
  CHECK_FALSE(identify_amd({}));
}

TEST_CASE("amd objects: a VCEK fits exactly one chip and one TCB") {
  const AmdWorld world;
  const auto object = identify_amd(world.vcek());
  REQUIRE(object);
  const CollateralQuery asked = world.query(CollateralKind::amd_vcek);
  for (std::size_t i = 0; i < 64; ++i) {
    CollateralQuery other = asked;
    other.chip_id[i] ^= 1;
    CHECK(fits(*object, other) == Fit::kind_only);
    CHECK(describe_misfit(*object, other).find("expected chip") == 0);
  }
  for (std::size_t i = 0; i < 8; ++i) {
    CollateralQuery other = asked;
    other.reported_tcb.raw[i] ^= 1;
    CHECK(fits(*object, other) == Fit::kind_only);
    CHECK(describe_misfit(*object, other).find("expected TCB") == 0);
  }
  CollateralQuery genoa = asked;
  genoa.product = ProductLine::genoa;
  CHECK(fits(*object, genoa) == Fit::no);
  CollateralQuery vlek = asked;
  vlek.kind = CollateralKind::amd_vlek;
  CHECK(fits(*object, vlek) == Fit::no);
}

TEST_CASE("amd objects: PEM files may hold several, foreign blocks are named") {
  const AmdWorld world;
  const std::string chain = pem_certificates({world.ask(), world.ark()});
  CHECK(identify_all(as_bytes(chain)).found.size() == 2);
  const std::string mixed = chain + pem::encode("X509 CRL", world.crl()) + pem::encode("PRIVATE KEY", Buffer(3, 1));
  const CollateralObjects objects = identify_all(as_bytes(mixed));
  CHECK(objects.found.size() == 3);
  CHECK(objects.rejected.size() == 1);
  CHECK(identify_all(as_bytes("-----BEGIN CERTIFICATE-----\n!")).found.empty());
}

TEST_CASE("amd objects: real certificates and CRLs are identified and signed by the built-in keys") {
  namespace fs = std::filesystem;
  const fs::path corpus = kCorpusDir;
  if (!fs::exists(corpus / "amd-cert")) {
    MESSAGE("SKIP: no corpus at " << corpus.string());
    return;
  }
  const evidence::TrustStore trust = evidence::TrustStore::builtin();
  struct Row { const char* begins; CollateralKind kind; };
  std::size_t seen = 0;
  for (const char* folder : {"amd-cert", "amd-crl"})
    for (const auto& entry : fs::directory_iterator(corpus / folder)) {
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() != ".der" || name.find("neg-") == 0 || name.find("csr") != std::string::npos) continue;
      CAPTURE(name);
      std::ifstream file(entry.path(), std::ios::binary);
      const Buffer der{std::istreambuf_iterator<char>(file), {}};
      const auto object = identify_amd(der);
      REQUIRE_MESSAGE(object, object.error().message());
      bool named = std::string_view(folder) == "amd-crl" && object->kind == CollateralKind::amd_crl;
      for (const Row& row : {Row{"ark-", CollateralKind::amd_ark}, Row{"ask-", CollateralKind::amd_ask}, Row{"asvk-", CollateralKind::amd_asvk},
                             Row{"vcek-", CollateralKind::amd_vcek}, Row{"vlek-", CollateralKind::amd_vlek}})
        named = named || (name.find(row.begins) == 0 && object->kind == row.kind);
      CHECK(named);
      std::string line(snp::product_name(object->product));
      line[0] = static_cast<char>(line[0] + 32);
      CHECK(name.find(line) != std::string::npos);
      const Status good = check_amd(*object, trust);
      CHECK_MESSAGE(good, good.error().message());
      ++seen;
    }
  CHECK(seen > 30);
}
