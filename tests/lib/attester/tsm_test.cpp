#include <doctest/doctest.h>

#include <cerrno>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "attester/tsm_fs.hpp"
#include "snp/report.hpp"
#include "support/intel_samples.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
namespace fs = std::filesystem;

namespace {

std::array<std::uint8_t, 64> report_data(std::uint8_t first = 1) {
  std::array<std::uint8_t, 64> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

Buffer report_over(Bytes data) {
  Buffer report(snp::kReportSize, 0);
  report[0] = 5;
  std::copy(data.begin(), data.end(), report.begin() + 0x50);
  return report;
}

Buffer quote_over(Bytes data, std::uint16_t version = 4, std::uint16_t body = 2) {
  Buffer quote = intel::encode_quote(test::quote(version, body));
  const std::size_t at = version == 3 ? 48 + 320 : (version == 5 ? 54u : 48u) + 520u;   // REPORTDATA
  std::copy(data.begin(), data.end(), quote.begin() + static_cast<std::ptrdiff_t>(at));
  return quote;
}

// configfs-tsm in memory: attributes appear with the entry, every write counts, and errors come where the test wants them.
class FakeKernel : public TsmFs {
 public:
  std::string provider = "sev_guest\n";
  Buffer table = to_buffer("table");
  std::function<int(const std::string& call, int count)> fail = [](const std::string&, int) { return 0; };   // errno of "read outblob", ...
  std::function<void(const std::string& call, int count, FakeKernel&)> before = [](const std::string&, int, FakeKernel&) {};
  std::function<Buffer(Bytes)> make_report = report_over;

  std::set<std::string> names;               // every entry there ever was
  int present = 0;
  std::uint64_t generation = 0;
  std::string privlevel;
  std::vector<std::string> calls;
  std::chrono::milliseconds paused{0};

  TsmIo make(const fs::path& entry) override {
    if (const int error = enter("mkdir")) return {error, {}};
    if (!names.insert(entry.string()).second) return {EEXIST, {}};
    ++present;
    generation = 0;
    inblob_.clear();
    return {};
  }
  TsmIo remove(const fs::path&) override {
    --present;
    return {enter("rmdir"), {}};
  }
  TsmIo read(const fs::path& attribute, std::size_t limit) override {
    const std::string name = attribute.filename().string();
    if (const int error = enter("read " + name)) return {error, {}};
    Buffer out;
    if (name == "provider") out = to_buffer(provider);
    else if (name == "generation") out = to_buffer(std::to_string(generation) + "\n");
    else if (name == "auxblob") out = table;
    else if (name == "outblob" && inblob_.size() == 64) out = make_report(inblob_);
    else return {EINVAL, {}};
    return out.size() > limit ? TsmIo{EFBIG, {}} : TsmIo{0, out};
  }
  TsmIo write(const fs::path& attribute, Bytes value) override {
    const std::string name = attribute.filename().string();
    if (const int error = enter("write " + name)) return {error, {}};
    ++generation;
    if (name == "inblob") inblob_ = to_buffer(value);
    else if (name == "privlevel") privlevel = as_text(value);
    else return {ENOENT, {}};
    return {};
  }
  void pause(std::chrono::milliseconds length) override { paused += length; }

 private:
  int enter(const std::string& call) {
    calls.push_back(call);
    const int count = ++count_[call];
    before(call, count, *this);
    return fail(call, count);
  }
  std::map<std::string, int> count_;
  Buffer inblob_;
};

struct Fixture {
  TempDir dir;
  std::shared_ptr<FakeKernel> kernel = std::make_shared<FakeKernel>();
  // The kernel of a TDX guest: no privilege level, no auxblob.
  Fixture& tdx() {
    kernel->provider = "tdx_guest\n";
    kernel->make_report = [](Bytes data) { return quote_over(data); };
    kernel->fail = [](const std::string& call, int) { return call == "read auxblob" || call == "write privlevel" ? ENOENT : 0; };
    return *this;
  }
  std::unique_ptr<Attester> attester(std::optional<unsigned> privlevel = {}) {
    auto made = tsm_attester({dir.path(), privlevel}, kernel);
    REQUIRE_MESSAGE(made, made.error().message());
    return std::move(*made);
  }
};

}  // namespace

TEST_CASE("tsm: one entry is made, written once, read between two generations, and removed") {
  Fixture f;
  const auto evidence = f.attester()->attest(report_data());
  REQUIRE_MESSAGE(evidence, evidence.error().message());
  CHECK(evidence->format == "snp");
  CHECK(evidence->container == "tsm");
  CHECK(evidence->data == report_over(report_data()));
  REQUIRE(evidence->aux);
  CHECK(as_text(*evidence->aux) == "table");
  CHECK(evidence->provider == "sev_guest");
  CHECK(f.kernel->calls == std::vector<std::string>{"mkdir", "read provider", "write inblob", "read generation", "read outblob", "read auxblob", "read generation", "rmdir"});
  CHECK(f.kernel->present == 0);
  CHECK(fs::path(*f.kernel->names.begin()).parent_path() == f.dir.path());
}

TEST_CASE("tsm: the privilege level is written as decimal text, before the report data, and counted") {
  Fixture f;
  REQUIRE(f.attester(2)->attest(report_data()));
  CHECK(f.kernel->privlevel == "2");
  CHECK(f.kernel->calls[2] == "write privlevel");
  CHECK_FALSE(tsm_attester({f.dir.path(), 4}, f.kernel));
}

TEST_CASE("tsm: a TDX guest gives its quote, and only what its kernel has is asked for") {
  for (const std::uint16_t version : {std::uint16_t{4}, std::uint16_t{5}}) {
    Fixture f;
    f.tdx();
    const std::uint16_t body = version == 5 ? 3 : 2;
    f.kernel->make_report = [&](Bytes data) { return quote_over(data, version, body); };
    const auto evidence = f.attester()->attest(report_data());
    REQUIRE_MESSAGE(evidence, evidence.error().message());
    CHECK(evidence->format == "tdx");
    CHECK(evidence->container == "tsm");
    CHECK(evidence->data == quote_over(report_data(), version, body));
    CHECK_FALSE(evidence->aux);
    CHECK(evidence->provider == "tdx_guest");
    CHECK(f.kernel->calls == std::vector<std::string>{"mkdir", "read provider", "write inblob", "read generation", "read outblob", "read generation", "rmdir"});
    CHECK(f.kernel->paused.count() == 0);
  }
  Fixture f;
  const auto refused = f.tdx().attester(1)->attest(report_data());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("privilege level") != std::string::npos);
  CHECK(f.kernel->present == 0);
}

TEST_CASE("tsm: a host that is busy with another quote is asked again after a pause, but not for ever") {
  for (const int times : {1, 4, 5}) {
    CAPTURE(times);
    Fixture f;
    f.tdx();
    f.kernel->fail = [&](const std::string& call, int count) { return call == "read outblob" && count <= times ? EBUSY : 0; };
    const auto evidence = f.attester()->attest(report_data());
    CHECK(static_cast<bool>(evidence) == (times < 5));
    CHECK(f.kernel->paused == std::chrono::seconds(3) * std::min(times, 4));
    CHECK(f.kernel->present == 0);
    if (!evidence) CHECK(evidence.error().detail.find("earlier quote") != std::string::npos);
  }
}

TEST_CASE("tsm: a quote made while somebody else wrote is not used") {
  Fixture f;
  f.tdx();
  f.kernel->before = [](const std::string& call, int count, FakeKernel& kernel) {
    if (call == "read outblob" && count <= 2) ++kernel.generation;
  };
  REQUIRE(f.attester()->attest(report_data()));
  CHECK(f.kernel->names.size() == 3);
}

TEST_CASE("tsm: answers that are not a TDX quote over what was asked are refused") {
  struct Row { const char* name; std::function<Buffer(Bytes)> make; };
  const Row rows[] = {
      {"empty: the host has no quoting service", [](Bytes) { return Buffer{}; }},
      {"an SNP report", [](Bytes d) { return report_over(d); }},
      {"a quote cut short", [](Bytes d) { Buffer q = quote_over(d); q.resize(1100); return q; }},
      {"a quote below the minimum", [](Bytes d) { Buffer q = quote_over(d); q.resize(intel::kMinQuoteSize - 1); return q; }},
      {"more than the kernel's buffer", [](Bytes d) { Buffer q = quote_over(d); q.resize(8192); return q; }},
      {"an SGX quote", [](Bytes d) { return quote_over(d, 3, 1); }},
      {"other report data", [](Bytes) { return quote_over(report_data(2)); }},
      {"endless", [](Bytes) { return Buffer(2 * 1024 * 1024, 4); }},
      {"a TDREPORT", [](Bytes) { return test::td_report_struct(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Fixture f;
    f.tdx();
    f.kernel->make_report = row.make;
    CHECK_FALSE(f.attester()->attest(report_data()));
    CHECK(f.kernel->present == 0);
  }
  Fixture padded;   // some hosts return their whole buffer
  padded.tdx();
  padded.kernel->make_report = [](Bytes d) { Buffer q = quote_over(d); q.resize(8000); return q; };
  const auto evidence = padded.attester()->attest(report_data());
  REQUIRE(evidence);
  CHECK(evidence->data.size() == 8000);
}

TEST_CASE("tsm: a TDX host without an answer is told as such") {
  struct Row { int error; const char* hint; };
  for (const Row& row : {Row{ETIMEDOUT, "quoting service"}, Row{ENXIO, "quoting service"}, Row{EIO, "dmesg"}, Row{EINVAL, "64 bytes"}}) {
    CAPTURE(row.error);
    Fixture f;
    f.tdx();
    f.kernel->fail = [&](const std::string& call, int) { return call == "read outblob" ? row.error : 0; };
    const auto evidence = f.attester()->attest(report_data());
    REQUIRE_FALSE(evidence);
    CHECK(evidence.error().detail.find(row.hint) != std::string::npos);
    CHECK(f.kernel->names.size() == 1);   // no second attempt
  }
}

TEST_CASE("tsm: names are unique and a host without certificates gives none") {
  Fixture f;
  f.kernel->table.clear();
  const auto attester = f.attester();
  for (int i = 0; i < 20; ++i) {
    const auto evidence = attester->attest(report_data());
    REQUIRE(evidence);
    CHECK_FALSE(evidence->aux);
  }
  CHECK(f.kernel->names.size() == 20);
}

TEST_CASE("tsm: another writer is noticed and the report asked for again") {
  struct Row { const char* name; const char* call; int error; bool interferes; };
  for (const Row& row : {Row{"generation moved before the read", "read generation", 0, true}, Row{"options changed while the report was made", "read outblob", EWOULDBLOCK, false},
                         Row{"generation collision at the write", "write inblob", EBUSY, false}, Row{"table changed", "read auxblob", EWOULDBLOCK, false},
                         Row{"name taken", "mkdir", EEXIST, false}}) {
    CAPTURE(row.name);
    for (const int times : {1, 4, 5}) {
      CAPTURE(times);
      Fixture f;
      f.kernel->fail = [&](const std::string& call, int count) { return call == row.call && count <= times ? row.error : 0; };
      int interfered = 0;
      if (row.interferes)
        f.kernel->before = [&](const std::string& call, int, FakeKernel& kernel) {
          if (call == row.call && interfered < times) ++interfered, ++kernel.generation;
        };
      const auto evidence = f.attester()->attest(report_data());
      CHECK(static_cast<bool>(evidence) == (times < 5));
      CHECK(f.kernel->present == 0);
      if (!evidence) {
        CHECK(evidence.error().code == Errc::unavailable);
        CHECK(evidence.error().detail.find("5 attempts") != std::string::npos);
      }
    }
  }
}

TEST_CASE("tsm: a writer between the two reads is noticed too") {
  Fixture f;
  f.kernel->before = [](const std::string& call, int count, FakeKernel& kernel) {
    if (call == "read outblob" && count == 1) ++kernel.generation;
  };
  REQUIRE(f.attester()->attest(report_data()));
  CHECK(f.kernel->names.size() == 2);
}

TEST_CASE("tsm: every error of the kernel says what to do and leaves no entry behind") {
  struct Row { const char* call; int error; Errc code; const char* hint; };
  for (const Row& row : {Row{"mkdir", ENXIO, Errc::unavailable, "modprobe sev-guest"}, Row{"mkdir", EACCES, Errc::io, "root"}, Row{"mkdir", EPERM, Errc::io, "root"},
                         Row{"mkdir", EROFS, Errc::io, "mount"}, Row{"mkdir", ENOENT, Errc::not_found, "Linux 6.7"}, Row{"write privlevel", EINVAL, Errc::bad_value, "privlevel_floor"},
                         Row{"write privlevel", ENOENT, Errc::not_found, "do not ask"}, Row{"write inblob", EINVAL, Errc::bad_value, "report data"},
                         Row{"read outblob", EINVAL, Errc::bad_value, "64 bytes"}, Row{"read outblob", EIO, Errc::io, "dmesg"}, Row{"read outblob", EFBIG, Errc::too_large, "limit"},
                         Row{"read outblob", ENXIO, Errc::unavailable, "unloaded"}, Row{"read auxblob", EFBIG, Errc::too_large, "limit"},
                         Row{"read generation", EACCES, Errc::io, "root"}, Row{"read provider", ENXIO, Errc::unavailable, "modprobe"}}) {
    CAPTURE(row.call);
    CAPTURE(row.error);
    Fixture f;
    f.kernel->fail = [&](const std::string& call, int) { return call == row.call ? row.error : 0; };
    const auto evidence = f.attester(1)->attest(report_data());
    REQUIRE_FALSE(evidence);
    CHECK(evidence.error().code == row.code);
    CHECK(evidence.error().detail.find(row.hint) != std::string::npos);
    CHECK(f.kernel->present == 0);
  }
}

TEST_CASE("tsm: answers that are not an SNP report over what was asked are refused") {
  struct Row { const char* name; std::function<void(FakeKernel&)> spoil; };
  const Row rows[] = {
      {"another provider", [](FakeKernel& k) { k.provider = "tdx_guest\n"; }},
      {"a provider that is not understood", [](FakeKernel& k) { k.provider = "arm_cca_guest\n"; }},
      {"a provider that begins alike", [](FakeKernel& k) { k.provider = "sev_guest2\n"; }},
      {"no provider", [](FakeKernel& k) { k.provider = ""; }},
      {"short report", [](FakeKernel& k) { k.make_report = [](Bytes d) { Buffer r = report_over(d); r.pop_back(); return r; }; }},
      {"long report", [](FakeKernel& k) { k.make_report = [](Bytes d) { Buffer r = report_over(d); r.push_back(0); return r; }; }},
      {"empty report", [](FakeKernel& k) { k.make_report = [](Bytes) { return Buffer{}; }; }},
      {"other report data", [](FakeKernel& k) { k.make_report = [](Bytes) { return report_over(report_data(2)); }; }},
      {"endless report", [](FakeKernel& k) { k.make_report = [](Bytes) { return Buffer(2 * 1024 * 1024, 0); }; }},
      {"endless table", [](FakeKernel& k) { k.table.assign(2 * 1024 * 1024, 0); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Fixture f;
    row.spoil(*f.kernel);
    CHECK_FALSE(f.attester()->attest(report_data()));
    CHECK(f.kernel->present == 0);
  }
}

TEST_CASE("tsm: a base directory that is not there is told at once") {
  const auto made = tsm_attester({"/nonexistent/tsm/report", {}});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::not_found);
  CHECK(made.error().detail.find("Linux 6.7") != std::string::npos);
}
