#include "intel/pck.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "base/hex.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
using namespace atls::intel;

namespace {

// Where the OID 1.2.840.113741.1.13.1.<arcs> stands in the extension.
std::size_t find_oid(const Buffer& der, std::initializer_list<std::uint8_t> arcs) {
  Buffer oid{0x06, static_cast<std::uint8_t>(9 + arcs.size()), 0x2A, 0x86, 0x48, 0x86, 0xF8, 0x4D, 0x01, 0x0D, 0x01};
  oid.insert(oid.end(), arcs);
  const auto found = std::search(der.begin(), der.end(), oid.begin(), oid.end());
  REQUIRE(found != der.end());
  return static_cast<std::size_t>(found - der.begin());
}

}  // namespace

TEST_CASE("PCK extension: both forms survive encoding, and each value names its place") {
  for (const bool platform : {false, true}) {
    const PckExtension x = test::pck_extension(platform);
    const Buffer der = encode_pck_extension(x);
    const auto r = parse_pck_extension(der);
    REQUIRE_MESSAGE(r, (r ? "" : r.error().message()));
    CHECK(r->ppid == x.ppid);
    CHECK(r->components == x.components);
    CHECK(r->pce_svn == 300);
    CHECK(r->cpu_svn == x.cpu_svn);
    CHECK(r->pce_id == x.pce_id);
    CHECK(r->fmspc == x.fmspc);
    CHECK(r->sgx_type == 1);
    CHECK(r->platform_instance_id == x.platform_instance_id);
    CHECK(r->dynamic_platform == x.dynamic_platform);
    CHECK(r->cached_keys == x.cached_keys);
    CHECK(r->smt_enabled == x.smt_enabled);
    CHECK(r->entries == (platform ? 7 : 5));
    CHECK(r->tcb_entries == 18);
    const auto fmspc = std::find_if(r->places.begin(), r->places.end(), [](const auto& p) { return p.name == "fmspc"; });
    REQUIRE(fmspc != r->places.end());
    CHECK(equal(Bytes(der).subspan(fmspc->offset, fmspc->size), x.fmspc));
    CHECK(encode_pck_extension(*r) == der);
    for (std::size_t n = 0; n < der.size(); ++n) CHECK_FALSE(parse_pck_extension(Bytes(der).first(n)));
  }
}

TEST_CASE("PCK extension: a platform certificate's template has the published size") {
  PckExtension x = test::pck_extension(true);
  x.components.fill(1);
  x.pce_svn = 13;
  const Buffer der = encode_pck_extension(x);
  CHECK(der.size() == 554);
  CHECK(hex(Bytes(der).first(6)) == "30820226301e");
}

TEST_CASE("PCK extension: wrong types, sizes, missing and repeated entries are refused") {
  struct Case { const char* name; std::function<void(Buffer&)> change; const char* where; };
  const auto value_of = [](const Buffer& der, std::initializer_list<std::uint8_t> arcs) { return find_oid(der, arcs) + 11 + arcs.size(); };
  const Case cases[] = {
      {"PPID is no OCTET STRING", [&](Buffer& d) { d[value_of(d, {1})] = 0x03; }, "pck_extension.ppid"},
      {"FMSPC is no OCTET STRING", [&](Buffer& d) { d[value_of(d, {4})] = 0x02; }, "pck_extension.fmspc"},
      {"type is an INTEGER", [&](Buffer& d) { d[value_of(d, {5})] = 0x02; }, "pck_extension.sgx_type"},
      {"component is negative", [&](Buffer& d) { d[value_of(d, {2, 1}) + 2] = 0x80; }, "pck_extension.tcb.comp01"},
      {"component is no INTEGER", [&](Buffer& d) { d[value_of(d, {2, 16})] = 0x0A; }, "pck_extension.tcb.comp16"},
      {"a component twice", [&](Buffer& d) { d[find_oid(d, {2, 2}) + 12] = 1; }, "pck_extension.tcb.comp01"},
      {"a component that is not known", [&](Buffer& d) { d[find_oid(d, {2, 2}) + 12] = 19; }, "pck_extension.tcb"},
      {"FMSPC is missing", [&](Buffer& d) { d[find_oid(d, {4}) + 11] = 9; }, "pck_extension.fmspc"},
      {"FMSPC twice, PCE ID missing", [&](Buffer& d) { d[find_oid(d, {3}) + 11] = 4; }, "pck_extension.fmspc"},
      {"TCB is no SEQUENCE", [&](Buffer& d) { d[value_of(d, {2})] = 0x31; }, "pck_extension.tcb"},
      {"flag is no BOOLEAN", [&](Buffer& d) { d[value_of(d, {7, 1})] = 0x02; }, "pck_extension.configuration.dynamic_platform"},
      {"flag is neither true nor false", [&](Buffer& d) { d[value_of(d, {7, 2}) + 2] = 0x01; }, "pck_extension.configuration.cached_keys"},
      {"bytes behind it", [](Buffer& d) { d.push_back(0); }, "pck_extension"},
      {"a SET outside", [](Buffer& d) { d[0] = 0x31; }, "pck_extension.SEQUENCE"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Buffer der = encode_pck_extension(test::pck_extension(true));
    c.change(der);
    const auto r = parse_pck_extension(der);
    REQUIRE(!r);
    CHECK(r.error().where == c.where);
  }
}

TEST_CASE("PCK extension: an entry of a later profile is passed over and counted") {
  Buffer der = encode_pck_extension(test::pck_extension(true));
  der[find_oid(der, {6}) + 11] = 8;   // the instance id becomes something unknown
  const auto r = parse_pck_extension(der);
  REQUIRE(r);
  CHECK_FALSE(r->platform_instance_id);
  CHECK(r->entries == 7);
}
