// Quotes inside the JSON of attestation agents, and beside other files.
#include <doctest/doctest.h>

#include <fstream>

#include "azure/hcl.hpp"
#include "base/base64.hpp"
#include "base/hex.hpp"
#include "evidence/load.hpp"
#include "evidence/present.hpp"
#include "support/intel_samples.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::evidence;

namespace {

const Buffer kQuote = intel::encode_quote(test::quote(4)), kSgx = intel::encode_quote(test::quote(3)), kLog = eventlog::encode_log(test::ccel_log());
const std::string kJsonLog = R"([{"imr":0,"event_type":4,"digest":")" + std::string(96, 'a') + "\"}]";

std::string url(const Buffer& b) { return base64(b, Base64::url_unpadded); }
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '"' ? std::string("\\\"") : std::string(1, c);
  return out;
}
std::string numbers(const Buffer& b) {
  std::string out;
  for (const std::uint8_t v : b) out += (out.empty() ? "[" : ",") + std::to_string(v);
  return out + "]";
}
Loaded load(const std::string& text) { return load_bytes(as_bytes(text), "test"); }
void write(const std::filesystem::path& path, Bytes bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

TEST_CASE("a quote is found in every text form") {
  std::string lines = hex(kQuote);
  lines.insert(100, "\n  ");
  std::string padded = url(kSgx);
  while (padded.size() % 4 != 0) padded += '=';
  struct Row { const char* name; std::string text; const Buffer& quote; };
  for (const Row& row : {Row{"hex", hex(kQuote), kQuote}, Row{"hex with 0x", "0x" + lines, kQuote}, Row{"base64", base64(kSgx), kSgx}, Row{"base64url", url(kSgx), kSgx},
                         Row{"base64url, padded", padded, kSgx}, Row{"numbers", numbers(kQuote), kQuote}}) {
    CAPTURE(row.name);
    const Loaded l = load(row.text);
    REQUIRE(l.evidence);
    CHECK_FALSE(l.error);
    CHECK(l.evidence->data == row.quote);
  }
}

TEST_CASE("containers of agents: the quote, its log, its HCL report") {
  const Buffer hcl = azure::encode_hcl(test::tdx_hcl(), 0);
  struct Row { const char* container; std::string text; const char* format; std::optional<Buffer> log, hcl; };
  for (const Row& row : {
           Row{"coco-tdx", R"({"quote":")" + base64(kQuote) + R"(","cc_eventlog":")" + base64(kLog) + "\"}", "tdx", kLog, {}},
           Row{"coco-tdx", R"({"quote":")" + base64(kQuote) + R"(","cc_eventlog":null})", "tdx", {}, {}},
           Row{"quote-json", R"({"quote":")" + base64(kSgx) + "\"}", "sgx", {}, {}},
           Row{"dstack", R"({"quote":")" + hex(kQuote) + R"(","event_log":")" + escaped(kJsonLog) + R"(","report_data":"00","vm_config":"{}"})", "tdx", to_buffer(kJsonLog), {}},
           Row{"coco-azure-tdx", R"({"version":1,"tpm_quote":{"pcrs":[]},"hcl_report":")" + url(hcl) + R"(","td_quote":")" + url(kQuote) + "\"}", "tdx", {}, hcl},
           Row{"coco-azure-tdx", R"({"tpm_quote":{},"hcl_report":)" + numbers(hcl) + R"(,"td_quote":)" + numbers(kQuote) + "}", "tdx", {}, hcl},
           Row{"flashbots-azure-tdx", R"({"tdx_quote_base64":")" + url(kQuote) + R"(","hcl_report_base64":")" + url(hcl) + R"(","tpm_attestation":{}})", "tdx", {}, hcl},
       }) {
    CAPTURE(row.text.substr(0, 60));
    const Loaded l = load(row.text);
    CHECK_MESSAGE(!l.error, (l.error ? l.error->message() : ""));
    CHECK(l.kind == InputKind::quote_container);
    REQUIRE(l.evidence);
    CHECK(l.evidence->container == row.container);
    CHECK(l.evidence->format == row.format);
    CHECK(l.evidence->data == (std::string(row.format) == "sgx" ? kSgx : kQuote));
    CHECK(l.evidence->event_log == row.log);
    CHECK(l.evidence->td_hcl == row.hcl);
  }
}

TEST_CASE("damage inside a container is known to whoever judges it, never left out") {
  const std::string quote = base64(kQuote);
  for (const std::string& text : {R"({"quote":"!!","cc_eventlog":""})" + std::string(), R"({"quote":")" + quote + R"(","cc_eventlog":"%"})", R"({"quote":")" + quote + R"(","event_log":7})",
                                  R"({"td_quote":")" + quote + R"(","hcl_report":[256]})", std::string(R"({"td_quote":"AAAA","hcl_report":"AAAA"})"), R"({"quote":")" + base64(to_buffer(Bytes(kQuote).first(700))) + R"(","event_log":""})"}) {
    CAPTURE(text.substr(0, 40));
    const Loaded l = load(text);
    CHECK(l.error);
    const auto presented = present(l, std::nullopt);
    REQUIRE(presented);
    REQUIRE(presented->raw);
    CHECK(presented->raw->decode_error);
  }
  for (const char* text : {R"({"quote":"AAAA"})", R"({"quote":7})", "[1,2,3]", "[256]", "[{}]"}) CHECK_FALSE(load(text).evidence);
}

TEST_CASE("a quote found by searching is shown and never judged") {
  Buffer blob{1, 2, 3, 4};
  blob.insert(blob.end(), kQuote.begin(), kQuote.end());
  for (const Buffer& content : {blob, to_buffer(hex(blob))}) {
    const Loaded l = load_bytes(content, "blob");
    CHECK(l.kind == InputKind::embedded_quote);
    CHECK_FALSE(l.evidence);
    CHECK(l.claims.children.size() == 1);
    const auto presented = present(l, std::nullopt);
    REQUIRE(presented);
    CHECK(presented->raw->decode_error);
  }
}

TEST_CASE("a directory: the quote with the event log and the HCL report that lie beside it") {
  const test::TempDir folder;
  write(folder.path() / "a.bin", kQuote);
  write(folder.path() / "CCEL", kLog);
  write(folder.path() / "hcl.bin", azure::encode_hcl(test::tdx_hcl(), 0));
  write(folder.path() / "tdreport.bin", test::td_report_struct());
  auto l = load_path(folder.path());
  REQUIRE(l);
  REQUIRE_MESSAGE(l->evidence, (l->error ? l->error->message() : ""));
  CHECK_FALSE(l->error);
  CHECK(l->evidence->data == kQuote);
  CHECK(l->evidence->event_log == kLog);
  CHECK(l->evidence->td_hcl == azure::encode_hcl(test::tdx_hcl(), 0));
  write(folder.path() / "log2.json", as_bytes(kJsonLog));   // two logs: not ours to choose
  l = load_path(folder.path());
  REQUIRE(l);
  CHECK(l->error);
  std::filesystem::remove(folder.path() / "log2.json");
  write(folder.path() / "b.bin", kSgx);                      // two quotes: neither
  l = load_path(folder.path());
  REQUIRE(l);
  CHECK_FALSE(l->evidence);
}

TEST_CASE("a configfs directory of a TDX guest takes the log along, too") {
  const test::TempDir folder;
  write(folder.path() / "outblob", kQuote);
  write(folder.path() / "provider", as_bytes("tdx_guest\n"));
  write(folder.path() / "CCEL", kLog);
  const auto l = load_path(folder.path());
  REQUIRE(l);
  REQUIRE(l->evidence);
  CHECK(l->evidence->event_log == kLog);
  CHECK(l->evidence->provider == "tdx_guest");
}
