// The annotated hex view: every byte of every byte space once, with the names of the fields that begin there.
#include <algorithm>
#include <map>

#include "report/render.hpp"
#include "report/text_layout.hpp"

namespace atls {
namespace {

using text::Color;

constexpr std::size_t kRow = 16;
constexpr char kDigits[] = "0123456789abcdef";

struct Field { std::size_t offset, size; std::string path; };
struct Space { std::string path; const Buffer* bytes; std::vector<Field> fields; };

bool is_placed(const Claim& claim) { return claim.offset && claim.size > 0; }

// An integer is one field, its bits and bytes are told by the text view. A structure is told by its parts.
bool is_divided(const Claim& claim) {
  if (!std::holds_alternative<std::monostate>(claim.value) && claim.size <= 16) return false;
  return std::any_of(claim.children.begin(), claim.children.end(), [&](const Claim& child) { return !child.bytes && (is_placed(child) || is_divided(child)); });
}

void collect(const Claim& claim, const std::string& path, std::size_t space, std::vector<Space>& spaces) {
  if (claim.bytes) {
    spaces.push_back({path, claim.bytes.get(), {}});
    space = spaces.size() - 1;
  }
  const bool field = is_placed(claim) && space < spaces.size() && !claim.bytes && !is_divided(claim);
  if (field) {
    const std::string& base = spaces[space].path;
    const std::string name = !base.empty() && path.starts_with(base + ".") ? path.substr(base.size() + 1) : path;
    spaces[space].fields.push_back({*claim.offset, claim.size, name});
  }
  std::map<std::string_view, std::size_t> seen, total;
  for (const Claim& child : claim.children) ++total[child.name];
  for (const Claim& child : claim.children) {
    std::string name = path.empty() ? child.name : path + "." + child.name;
    if (total[child.name] > 1) name += "[" + std::to_string(seen[child.name]++) + "]";   // as --extract takes it
    if (!field || child.bytes || !is_placed(child)) collect(child, name, space, spaces);
  }
}

std::string offset_text(std::size_t n) {
  std::string out;
  for (int shift = 20; shift >= 0; shift -= 4) out += kDigits[n >> shift & 15];
  return out;
}

void append_bytes(std::string& out, Bytes bytes, std::size_t offset, std::string_view name, const RenderOptions& options) {
  bool first = true;
  for (std::size_t i = 0; i < bytes.size(); i += kRow) {
    const Bytes row = bytes.subspan(i, std::min(kRow, bytes.size() - i));
    if (!options.verbose && i >= kRow && bytes.size() - i > kRow && equal(row, bytes.subspan(i - kRow, kRow))) {
      std::size_t end = i;   // like hexdump: equal rows are told once
      while (bytes.size() - end > kRow && equal(bytes.subspan(end, kRow), row)) end += kRow;
      out += "        *\n";
      i = end - kRow;
      continue;
    }
    std::string digits, shown;
    for (const std::uint8_t b : row) {
      digits += kDigits[b >> 4];
      digits += kDigits[b & 15];
      digits += ' ';
      shown += b >= 0x20 && b < 0x7F ? static_cast<char>(b) : '.';
    }
    out += text::painted(offset_text(offset + i), Color::dim, options.color) + "  " + text::padded(digits, kRow * 3) + " " + text::padded(shown, kRow);
    if (first && !name.empty()) out += "  " + text::painted(name, Color::cyan, options.color);
    while (out.back() == ' ') out.pop_back();
    out += '\n';
    first = false;
  }
}

void append_space(std::string& out, Space& space, const RenderOptions& options) {
  const Bytes bytes(*space.bytes);
  std::stable_sort(space.fields.begin(), space.fields.end(), [](const Field& a, const Field& b) { return a.offset < b.offset; });
  const std::string name = escape_control(space.path);
  out += (out.empty() ? "" : "\n") + text::painted(name + " (" + std::to_string(bytes.size()) + " bytes)", Color::bold, options.color) + "\n";
  std::size_t pos = 0;
  for (std::size_t i = 0; i < space.fields.size(); ++i) {
    const Field& field = space.fields[i];
    if (field.offset < pos || field.offset >= bytes.size()) continue;   // told already (bits of one integer), or not there
    if (field.offset > pos) append_bytes(out, bytes.subspan(pos, field.offset - pos), pos, "(not decoded)", options);
    std::string names = escape_control(field.path);
    for (std::size_t k = i + 1; k < space.fields.size() && space.fields[k].offset == field.offset; ++k) names += ", " + escape_control(space.fields[k].path);
    const std::size_t size = std::min(field.size, bytes.size() - field.offset);
    append_bytes(out, bytes.subspan(field.offset, size), field.offset, names, options);
    pos = field.offset + size;
  }
  if (pos < bytes.size()) append_bytes(out, bytes.subspan(pos), pos, space.fields.empty() ? "" : "(not decoded)", options);
}

}  // namespace

std::string render_claims_hex(const Claim& root, const RenderOptions& options) {
  std::vector<Space> spaces;
  collect(root, root.name, static_cast<std::size_t>(-1), spaces);
  std::string out;
  for (Space& space : spaces) append_space(out, space, options);
  return out.empty() ? "no bytes to show\n" : out;
}

}  // namespace atls
