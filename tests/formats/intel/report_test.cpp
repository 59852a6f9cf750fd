#include <doctest/doctest.h>

#include "support/intel_samples.hpp"

using namespace atls;
using namespace atls::intel;

namespace {

template <class T>
bool at(const Buffer& raw, std::size_t offset, const T& field) { return equal(Bytes(raw).subspan(offset, field.size()), field); }
std::uint64_t little(const Buffer& raw, std::size_t offset, std::size_t n) {
  std::uint64_t out = 0;
  for (std::size_t i = n; i-- > 0;) out = out << 8 | raw[offset + i];
  return out;
}

}  // namespace

TEST_CASE("SGX report: every field is read from its own offset") {
  const Buffer raw = test::pattern(kSgxReportSize, 1);
  const auto r = parse_sgx_report(raw);
  REQUIRE(r);
  CHECK(at(raw, 0, r->cpu_svn));
  CHECK(r->misc_select == little(raw, 16, 4));
  CHECK(at(raw, 32, r->isv_ext_prod_id));
  CHECK(r->flags() == little(raw, 48, 8));
  CHECK(r->xfrm() == little(raw, 56, 8));
  CHECK(at(raw, 64, r->mr_enclave));
  CHECK(at(raw, 128, r->mr_signer));
  CHECK(at(raw, 192, r->config_id));
  CHECK(r->isv_prod_id == little(raw, 256, 2));
  CHECK(r->isv_svn == little(raw, 258, 2));
  CHECK(r->config_svn == little(raw, 260, 2));
  CHECK(at(raw, 304, r->isv_family_id));
  CHECK(at(raw, 320, r->report_data));
  CHECK(encode_sgx_report(*r) == raw);
}

TEST_CASE("TD report: every field is read from its own offset, in every size") {
  for (const std::size_t size : {kTdReport10Size, kTdReport15Size, kTdReportExtendedSize}) {
    CAPTURE(size);
    const Buffer raw = test::pattern(size, 2);
    const auto r = parse_td_report(raw);
    REQUIRE(r);
    CHECK(at(raw, 0, r->tee_tcb_svn));
    CHECK(at(raw, 16, r->mr_seam));
    CHECK(at(raw, 64, r->mr_signer_seam));
    CHECK(r->seam_attributes == little(raw, 112, 8));
    CHECK(r->td_attributes == little(raw, 120, 8));
    CHECK(r->xfam == little(raw, 128, 8));
    CHECK(at(raw, 136, r->mr_td));
    CHECK(at(raw, 184, r->mr_config_id));
    CHECK(at(raw, 232, r->mr_owner));
    CHECK(at(raw, 280, r->mr_owner_config));
    for (std::size_t i = 0; i < 4; ++i) CHECK(at(raw, 328 + 48 * i, r->rtmr[i]));
    CHECK(at(raw, 520, r->report_data));
    CHECK(r->tee_tcb_svn2.has_value() == (size > kTdReport10Size));
    CHECK(r->mr_servicetd.has_value() == (size > kTdReport10Size));
    if (r->mr_servicetd) CHECK(at(raw, 600, *r->mr_servicetd));
    CHECK(encode_td_report(*r) == raw);
  }
}

TEST_CASE("reports: other sizes are refused") {
  for (const std::size_t n : {std::size_t{0}, std::size_t{383}, std::size_t{385}}) CHECK_FALSE(parse_sgx_report(Buffer(n)));
  for (const std::size_t n : {std::size_t{0}, std::size_t{583}, std::size_t{585}, std::size_t{647}, std::size_t{649}, std::size_t{884}, std::size_t{886}}) CHECK_FALSE(parse_td_report(Buffer(n)));
}

TEST_CASE("TDREPORT: fields, round trip, cut and trailing bytes") {
  Buffer raw = test::td_report_struct();
  const auto r = parse_td_report_struct(raw);
  REQUIRE(r);
  CHECK(r->type == 0x81);
  CHECK(at(raw, 16, r->cpu_svn));
  CHECK(at(raw, 32, r->tee_tcb_info_hash));
  CHECK(at(raw, 80, r->tee_info_hash));
  CHECK(at(raw, 128, r->report_data));
  CHECK(at(raw, 224, r->mac));
  CHECK(r->valid == little(raw, 256, 8));
  CHECK(at(raw, 264, r->body.tee_tcb_svn));
  CHECK(at(raw, 384, *r->body.tee_tcb_svn2));
  CHECK(r->body.td_attributes == little(raw, 512, 8));
  CHECK(at(raw, 528, r->body.mr_td));
  CHECK(at(raw, 864, r->body.rtmr[3]));
  CHECK(at(raw, 912, *r->body.mr_servicetd));
  CHECK(encode_td_report_struct(*r) == raw);
  CHECK(looks_like_td_report(raw));
  for (std::size_t n = 0; n < raw.size(); ++n) {
    const auto cut = parse_td_report_struct(Bytes(raw).first(n));
    REQUIRE(!cut);
    CHECK(cut.error().code == Errc::truncated);
  }
  raw.resize(raw.size() + 5);
  CHECK(parse_td_report_struct(raw)->trailing == 5);
  raw[5] = 1;
  CHECK_FALSE(looks_like_td_report(raw));
}
