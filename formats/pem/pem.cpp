#include "pem/pem.hpp"

#include <algorithm>

#include "base/base64.hpp"

namespace atls::pem {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
constexpr std::size_t kMaxLabel = 64;

// RFC 7468 section 3: printable text, with single hyphens inside ("SEV-SNP REPORT").
bool is_label(std::string_view label) {
  const auto is_edge = [](char c) { return c == ' ' || c == '-'; };
  if (label.empty() || label.size() > kMaxLabel || is_edge(label.front()) || is_edge(label.back()) || label.find("--") != std::string_view::npos) return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

Error bad(std::string detail, std::size_t offset) { return {Errc::bad_value, "pem", std::move(detail), offset}; }

// The block whose BEGIN line starts at `begin`; moves `next` behind its END line.
Result<Block> block_at(std::string_view text, std::size_t begin, std::size_t& next) {
  if (begin != 0 && text[begin - 1] != '\n' && text[begin - 1] != '\r') return bad("BEGIN is not at the start of a line", begin);
  const std::size_t label_at = begin + kBegin.size();
  const std::size_t label_end = text.find(kDashes, label_at);
  if (label_end == std::string_view::npos) return Error{Errc::truncated, "pem", "BEGIN line does not end with five hyphens", begin};
  const std::string label(text.substr(label_at, label_end - label_at));
  if (!is_label(label)) return bad("label is not printable text", label_at);

  const std::size_t body_at = label_end + kDashes.size();
  const std::size_t end = text.find(kDashes, body_at);
  if (end == std::string_view::npos) return Error{Errc::truncated, "pem", "block " + label + " has no END line", begin};
  const std::string end_line = std::string(kEnd) + label + std::string(kDashes);
  if (text.substr(end, end_line.size()) != end_line) return bad("block " + label + " is not closed by its own END line", end);
  if (text[end - 1] != '\n' && text[end - 1] != '\r') return bad("END is not at the start of a line", end);

  std::string body;
  for (const char c : text.substr(body_at, end - body_at))
    if (!is_space(c)) body += c;
  auto data = from_base64(body);
  if (!data) return bad("block " + label + ": " + data.error().detail, body_at);
  next = end + end_line.size();
  return Block{label, *std::move(data), begin};
}

}  // namespace

bool looks_like_pem(Bytes input) { return as_text(input).find(kBegin) != std::string_view::npos; }

Result<std::vector<Block>> parse(Bytes input) {
  const std::string_view text = as_text(input);
  std::vector<Block> out;
  std::size_t at = text.find(kBegin);
  while (at != std::string_view::npos) {
    if (out.size() == kMaxBlocks) return Error{Errc::too_large, "pem", "more than " + std::to_string(kMaxBlocks) + " blocks", at};
    std::size_t next = at;
    auto block = block_at(text, at, next);
    if (!block) return block.error();
    out.push_back(*std::move(block));
    at = text.find(kBegin, next);
  }
  if (out.empty()) return Error{Errc::bad_value, "pem", "no PEM block found", 0};
  return out;
}

std::string encode(std::string_view label, Bytes data) {
  std::string out = std::string(kBegin) + std::string(label) + std::string(kDashes) + "\n";
  const std::string body = base64(data);
  for (std::size_t i = 0; i < body.size(); i += 64) out += body.substr(i, 64) + "\n";
  return out + std::string(kEnd) + std::string(label) + std::string(kDashes) + "\n";
}

}  // namespace atls::pem
