#include "evidence/text_damage.hpp"

#include <algorithm>

#include "azure/hcl.hpp"
#include "evidence/hcl_claims.hpp"
#include "evidence/input_kind.hpp"
#include "intel/quote.hpp"
#include "snp/report.hpp"

namespace atls::evidence {
namespace {

constexpr std::size_t kLeastSequences = 16;    // a signature alone has some fifty bytes above 7F
constexpr std::size_t kLeastAscii = 128;       // so many bytes that are not zero, and none above 7F
constexpr std::uint8_t kLf = 0x0A, kCr = 0x0D;
constexpr const char* kCopyAsBinary = ". Nothing can be judged. Next: copy the file as binary, or as base64 or hexadecimal text";

struct Utf8Census {
  bool valid = true;
  std::size_t sequences = 0, replacements = 0;   // of several bytes; of these U+FFFD, which stands for bytes that are lost
};

// RFC 3629. What was cut out of the middle of a text may begin and end inside a sequence.
Utf8Census utf8_census(Bytes content) {
  constexpr std::uint8_t kReplacement[] = {0xEF, 0xBF, 0xBD};
  Utf8Census out;
  std::size_t at = 0;
  while (at < content.size() && at < 3 && (content[at] & 0xC0) == 0x80) ++at;
  while (at < content.size()) {
    const std::uint8_t first = content[at];
    const std::size_t size = first < 0x80 ? 1 : first >= 0xC2 && first <= 0xDF ? 2 : first >= 0xE0 && first <= 0xEF ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
    if (size == 0) return {false, 0, 0};
    for (std::size_t i = 1; i < size && at + i < content.size(); ++i)
      if ((content[at + i] & 0xC0) != 0x80) return {false, 0, 0};
    out.sequences += size > 1;
    out.replacements += size == 3 && at + size <= content.size() && equal(content.subspan(at, size), Bytes(kReplacement));
    at += size;
  }
  return out;
}

// The content with CR LF as LF, when every line feed has its CR.
std::optional<Buffer> without_carriage_returns(Bytes content) {
  Buffer out;
  bool any = false;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (content[i] == kLf) {
      if (i == 0 || content[i - 1] != kCr) return std::nullopt;
      out.pop_back();
      any = true;
    }
    out.push_back(content[i]);
  }
  return any ? std::optional(std::move(out)) : std::nullopt;
}

bool is_whole_report(Bytes content) {
  if (content.size() < snp::kReportSize) return false;
  const Bytes rest = content.subspan(snp::kReportSize);
  return rest.empty() || is_line_end(rest) || reads_as_table(rest);
}

bool is_whole_quote(Bytes content) {
  const auto quote = intel::parse_quote(content);
  return quote && (!quote->trailing_nonzero || is_line_end(content.last(quote->trailing)));
}

bool is_whole_hcl(Bytes content) {
  const auto hcl = azure::parse_hcl(content);
  if (!hcl || !hcl->claims_complete) return false;
  const auto report = snp::parse_report(hcl->hardware_report);
  return report && equal(hcl_report_data(*hcl), report->report_data);
}

// Intel's vendor id, in the header of every quote, has a line feed and a carriage return beside each other.
bool has_translated_vendor_id(Bytes quote) {
  constexpr std::size_t kVendorAt = 12;
  constexpr std::uint8_t kBefore[] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94}, kAfter[] = {0xb3, 0x95, 0x7f, 0x06, 0x07};
  constexpr std::uint8_t kForms[][3] = {{kLf, kLf, 0}, {kLf, 0, 0}, {kCr, kLf, kCr}};
  constexpr std::size_t kSizes[] = {2, 1, 3};
  if (quote.size() < intel::kHeaderSize || !equal(quote.subspan(kVendorAt, sizeof kBefore), Bytes(kBefore))) return false;
  for (std::size_t i = 0; i < std::size(kSizes); ++i) {
    const Bytes form = Bytes(kForms[i]).first(kSizes[i]), there = quote.subspan(kVendorAt + sizeof kBefore);
    if (equal(there.first(form.size()), form) && equal(there.subspan(form.size(), sizeof kAfter), Bytes(kAfter))) return true;
  }
  return false;
}

bool has_translated_line_ends(const Evidence& e) {
  const bool report = e.format == "snp", quote = e.format == "tdx" || e.format == "sgx";
  if (quote && has_translated_vendor_id(e.data)) return true;
  const Bytes content = e.hcl ? Bytes(*e.hcl) : Bytes(e.data);
  const auto whole = e.hcl ? is_whole_hcl : report ? is_whole_report : is_whole_quote;
  if ((!report && !quote) || whole(content)) return false;
  const auto undone = without_carriage_returns(content);
  return undone && whole(*undone);
}

std::optional<std::string> damage_by_encoding(Bytes content) {
  const Utf8Census utf8 = utf8_census(content);
  if (utf8.valid && utf8.sequences >= kLeastSequences)
    return "the bytes were passed through as UTF-8 text, which binary evidence never is" +
           (utf8.replacements > 0 ? ": " + std::to_string(utf8.replacements) + " times U+FFFD stands for bytes that are lost" : std::string(": bytes above 7F were made two")) +
           kCopyAsBinary;
  const auto is_ascii = [](std::uint8_t b) { return b < 0x80; };
  const auto filled = static_cast<std::size_t>(content.size() - static_cast<std::size_t>(std::count(content.begin(), content.end(), std::uint8_t{0})));
  if (filled >= kLeastAscii && std::all_of(content.begin(), content.end(), is_ascii))
    return std::string("the bytes were passed through as ASCII text: none of them is above 7F") + kCopyAsBinary;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> text_damage(const Evidence& evidence) {
  if (evidence.format != "snp" && evidence.format != "tdx" && evidence.format != "sgx") return std::nullopt;
  if (auto why = damage_by_encoding(evidence.hcl ? Bytes(*evidence.hcl) : Bytes(evidence.data))) return why;
  if (!has_translated_line_ends(evidence)) return std::nullopt;
  return std::string("the bytes were passed through as text: line feeds and carriage returns in them were taken for line ends and translated") + kCopyAsBinary;
}

std::optional<std::string> text_damage_of_unknown(Bytes content) {
  constexpr std::uint8_t kUtf16Le[] = {0xFF, 0xFE}, kUtf16Be[] = {0xFE, 0xFF};
  if (content.size() >= 2 && (equal(content.first(2), Bytes(kUtf16Le)) || equal(content.first(2), Bytes(kUtf16Be))))
    return std::string("it is UTF-16 text, as PowerShell's > writes it") + kCopyAsBinary;
  const bool has_control = std::any_of(content.begin(), content.end(), [](std::uint8_t b) { return b < 0x09; });
  return has_control ? damage_by_encoding(content) : std::nullopt;
}

bool is_line_end(Bytes rest) {
  return (rest.size() == 1 && rest[0] == kLf) || (rest.size() == 2 && rest[0] == kCr && rest[1] == kLf);
}

}  // namespace atls::evidence
