#include "report/text_layout.hpp"

#include <doctest/doctest.h>

#include "lib/report/examples.hpp"
#include "report/render.hpp"

using namespace atls;

TEST_CASE("escape: what steers a terminal or is not UTF-8 becomes \\xNN, everything else stays") {
  struct Row { std::string in, out; };
  for (const Row& row : {Row{"plain text, 100%", "plain text, 100%"}, Row{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
                         Row{"\x1b[31m", "\\x1b[31m"}, Row{"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"}, Row{"\x7f", "\\x7f"}, Row{std::string("\0", 1), "\\x00"},
                         Row{"\xc2\x9b", "\\xc2\\x9b"},                    // CSI as one character
                         Row{"\xe2\x80\xae", "\\xe2\\x80\\xae"},            // right-to-left override
                         Row{"\xff\xfe", "\\xff\\xfe"}, Row{"\xc0\x80", "\\xc0\\x80"}, Row{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
                         Row{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, Row{"\xe2\x82", "\\xe2\\x82"}, Row{"\x80", "\\x80"}, Row{"\xe0\x80\x80", "\\xe0\\x80\\x80"}}) {
    CAPTURE(row.out);
    CHECK(escape_control(row.in) == row.out);
  }
}

TEST_CASE("wrapping never exceeds the width and never loses a character") {
  const std::string input = "a sentence with words and " + std::string(100, 'f') + " between, gr\xc3\xbc\xc3\x9f";
  for (const std::size_t width : {16u, 20u, 33u, 80u, 200u}) {
    std::string together;
    for (const std::string& line : text::wrapped(input, width)) {
      CHECK(text::columns(line) <= width);
      together += line;
    }
    std::string words = input;
    std::erase(words, ' ');
    std::erase(together, ' ');
    CHECK(together == words);
  }
  CHECK(text::wrapped("", 80).size() == 1);
}

TEST_CASE("elision keeps both ends and the length, and only of hex") {
  CHECK(text::elided(std::string(128, 'a'), 128) == std::string(128, 'a'));
  CHECK(text::elided(std::string(130, 'a'), 128) == std::string(32, 'a') + "..." + std::string(16, 'a') + " (65 bytes)");
  CHECK(text::elided(std::string(130, 'x'), 128) == std::string(130, 'x'));
}

TEST_CASE("text report: no line is wider than the terminal, and colour only when asked") {
  for (const char* name : {"passing", "failing", "intel", "hostile", "error", "batch"}) {
    CAPTURE(name);
    for (const std::size_t width : {60u, 80u, 120u}) {
      const auto reports = examples::reports(name);
      const std::string out = find_renderer("text")->render(reports, {.width = width});
      CHECK(out.find('\033') == std::string::npos);
      std::size_t begin = 0;
      while (begin < out.size()) {
        const std::size_t end = out.find('\n', begin);
        if (begin > 0) CHECK(text::columns(std::string_view(out).substr(begin, end - begin)) <= width);   // the first line names the subject in full
        begin = end + 1;
      }
    }
  }
}

TEST_CASE("hex view: every byte of every space is shown exactly once, in order") {
  const auto reports = examples::reports("dump");
  const std::string out = render_claims_hex(reports[0].evidence[0].claims, {.verbose = true});
  std::string digits;
  for (std::size_t begin = out.find('\n') + 1; begin < out.size(); begin = out.find('\n', begin) + 1)
    for (const char c : out.substr(begin + 8, 48))
      if (c != ' ') digits += c;
  CHECK(digits.size() == 2 * 96);
  CHECK(digits.substr(0, 16) == "0102030405060708");
}

TEST_CASE("hex view: hostile places are shown without reading beyond the bytes") {
  Claim root("file");
  root.bytes = std::make_shared<Buffer>(Buffer{1, 2, 3, 4});
  for (const auto& [offset, size] : {std::pair<std::size_t, std::size_t>{2, SIZE_MAX}, {SIZE_MAX, 1}, {4, 1}, {0, 3}, {1, 1}}) {
    Claim child("field");
    child.offset = offset;
    child.size = size;
    root.add(child);
  }
  const std::string out = render_claims_hex(root, {});
  CHECK(out.find("01 02 03") != std::string::npos);
  CHECK(render_claims_hex(Claim("empty"), {}) == "no bytes to show\n");
}
