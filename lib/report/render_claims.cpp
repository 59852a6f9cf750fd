// The tree of claims as aligned text.
#include <algorithm>

#include "base/hex.hpp"
#include "report/render.hpp"
#include "report/text_layout.hpp"

namespace atls {
namespace {

using text::Color;

std::string value_text(const Claim& claim, const RenderOptions& options) {
  struct Visitor {
    const RenderOptions& options;
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::uint64_t v) const { return std::to_string(v); }
    std::string operator()(const std::string& v) const { return escape_control(v); }
    std::string operator()(const Buffer& v) const {
      if (v.empty()) return "(empty)";
      if (v.size() > 8 && is_zero(v)) return "all zero (" + std::to_string(v.size()) + " bytes)";
      return options.verbose ? hex(v) : text::elided(hex(v), 128);
    }
  };
  return std::visit(Visitor{options}, claim.value);
}

std::string place(const Claim& claim) {
  if (!claim.offset) return {};
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  for (std::size_t n = *claim.offset; n > 0 || digits.size() < 3; n >>= 4) digits.insert(digits.begin(), kDigits[n & 15]);
  return "0x" + digits;
}

struct Columns { std::size_t name = 0, place = 0; };

void measure(const Claim& claim, std::size_t depth, Columns& columns) {
  columns.place = std::max(columns.place, place(claim).size());
  if (claim.children.empty()) columns.name = std::max(columns.name, depth * 2 + text::columns(escape_control(claim.name)));
  for (const Claim& child : claim.children) measure(child, depth + 1, columns);
}

class Tree {
 public:
  Tree(const RenderOptions& options, Columns columns) : options_(options), columns_(columns), width_(std::max<std::size_t>(options.width, 40)) {
    columns_.name = std::min(columns_.name, width_ / 2);
  }

  void append(const Claim& claim, std::size_t depth) {
    const std::string name = escape_control(claim.name);
    const bool group = !claim.children.empty();
    std::string value = value_text(claim, options_);
    const bool said = claim.meaning == "zero" && value.starts_with("all zero");
    if (!claim.meaning.empty() && !said) value += (value.empty() ? "" : "  ") + (value.empty() ? escape_control(claim.meaning) : "(" + escape_control(claim.meaning) + ")");
    const std::size_t label = columns_.place == 0 ? 0 : columns_.place + 2;
    const std::string left = text::painted(text::padded(place(claim), columns_.place), Color::dim, options_.color) + std::string(label == 0 ? 0 : 2, ' ');
    const std::size_t indent = depth * 2;
    const std::size_t column = label + columns_.name + 2;
    const auto lines = text::wrapped(value, width_ > column ? width_ - column : 0);
    const std::string shown = group ? text::painted(name, Color::bold, options_.color) : name;
    const std::size_t used = indent + text::columns(name);
    out_ += left + std::string(indent, ' ') + shown;
    if (!value.empty()) out_ += std::string(used < columns_.name ? columns_.name - used : 0, ' ') + "  " + lines.front();
    out_ += '\n';
    for (std::size_t i = 1; i < lines.size(); ++i) out_ += std::string(column, ' ') + lines[i] + '\n';
    for (const Claim& child : claim.children) append(child, depth + 1);
    if (!claim.error.empty())
      for (const std::string& line : text::wrapped("decoding stops here: " + escape_control(claim.error), width_ > label + indent + 4 ? width_ - label - indent - 4 : 0))
        out_ += std::string(label + indent + 2, ' ') + text::painted("! ", Color::red, options_.color) + line + '\n';
  }

  std::string take() { return std::move(out_); }

 private:
  const RenderOptions& options_;
  Columns columns_;
  std::size_t width_;
  std::string out_;
};

}  // namespace

std::string render_claims_text(const Claim& root, const RenderOptions& options) {
  Columns columns;
  measure(root, 0, columns);
  Tree tree(options, columns);
  tree.append(root, 0);
  return tree.take();
}

}  // namespace atls
