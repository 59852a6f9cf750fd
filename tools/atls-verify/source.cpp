#include "atls-verify/source.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/json.hpp"
#include "common/io.hpp"

namespace atls::verify {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxStandardInput = 17 * 1024 * 1024;   // a little more than a bundle may have; the loader has the exact limits
constexpr std::size_t kMaxLine = 24 * 1024 * 1024;            // base64 of the largest input
constexpr int kMaxDepth = 16;                                 // of directories of directories; real ones have two or three

// A directory is one piece of evidence when the loader finds one in it. Otherwise its entries are inputs of their own.
class Files : public Source {
 public:
  explicit Files(const Options& options) : options_(options) {
    for (const std::string& file : options.files) waiting_.push_back({file, 0});
  }

  std::optional<Job> next() override {
    while (!waiting_.empty()) {
      const Waiting front = std::move(waiting_.front());
      waiting_.pop_front();
      Job job;
      job.name = front.path;
      job.kind = options_.kind;
      if (front.path == "-") {
        auto content = tools::read_input("-", kMaxStandardInput);
        if (content) job.data = std::move(*content);
        else job.problem = content.error();
        return job;
      }
      std::error_code ignored;
      if (!fs::is_directory(front.path, ignored) || holds_evidence(front.path)) {
        job.path = front.path;
        return job;
      }
      if (auto problem = expand(front)) {
        job.problem = std::move(problem);
        return job;
      }
    }
    return {};
  }

 private:
  struct Waiting { std::string path; int depth; };

  bool holds_evidence(const std::string& path) const {
    if (options_.kind == evidence::InputKind::directory) return true;
    const auto loaded = evidence::load_path(path, evidence::InputKind::directory);
    return loaded && loaded->evidence;
  }

  std::optional<Error> expand(const Waiting& directory) {
    if (directory.depth >= kMaxDepth) return Error{Errc::too_large, directory.path, "directories are nested too deeply", 0};
    std::vector<std::string> entries;
    std::error_code error;
    for (fs::directory_iterator it(directory.path, error), end; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      if (it->is_directory(ignored) && it->is_symlink(ignored)) continue;   // links to directories can form loops; files by links are read
      if (it->is_directory(ignored) || it->is_regular_file(ignored)) entries.push_back(it->path().string());
    }
    if (error) return Error{Errc::io, directory.path, error.message(), 0};
    if (entries.empty()) return Error{Errc::not_found, directory.path, "the directory holds no file", 0};
    std::sort(entries.rbegin(), entries.rend());
    for (std::string& entry : entries) waiting_.push_front({std::move(entry), directory.depth + 1});
    return {};
  }

  const Options& options_;
  std::deque<Waiting> waiting_;
};

class JsonLines : public Source {
 public:
  JsonLines(std::istream& in, const Options& options) : in_(in), options_(options) {}

  std::optional<Job> next() override {
    std::string line;
    while (in_) {
      line.clear();
      bool too_long = false;
      for (int c = in_.get(); c != std::char_traits<char>::eof() && c != '\n'; c = in_.get()) {
        if (line.size() < kMaxLine) line.push_back(static_cast<char>(c));
        else too_long = true;
      }
      ++number_;
      if (too_long) return broken({Errc::too_large, "", "longer than " + std::to_string(kMaxLine) + " bytes", 0});
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      return job_of(line);
    }
    return {};
  }

 private:
  Job broken(Error problem) const {
    Job job;
    job.name = "line " + std::to_string(number_);
    problem.where = "standard input, " + job.name;
    job.problem = std::move(problem);
    job.undecodable = true;
    return job;
  }

  Job job_of(const std::string& line) const {
    const auto bad = [&](std::string detail) { return broken({Errc::bad_value, "", std::move(detail), 0}); };
    const auto object = parse_json(as_bytes(line), "line", {.depth = 4, .bytes = kMaxLine});
    if (!object) return bad(object.error().message());
    if (!object->is_object() || !object->contains("data")) return bad("an object with the keys name, data (base64), nonce (hex) and as is expected; data is required");
    Job job;
    job.name = "line " + std::to_string(number_);
    job.kind = options_.kind;
    job.nonce = options_.nonce;
    for (const auto& [key, value] : object->items()) {
      const auto* text = value.get_ptr<const std::string*>();
      if (!text) return bad("\"" + key + "\" is not a string");
      if (key == "name") {
        job.name = *text;
      } else if (key == "data") {
        auto data = from_base64(*text);
        if (!data) return bad("\"data\": " + data.error().detail);
        job.data = std::move(*data);
      } else if (key == "nonce") {
        auto nonce = from_hex(*text);
        if (!nonce || nonce->empty()) return bad("\"nonce\" is not hexadecimal");
        job.nonce = std::move(*nonce);
      } else if (key == "as") {
        job.kind = evidence::input_kind_from(*text);
        if (!job.kind || job.kind == evidence::InputKind::directory) return bad("\"as\" names no kind of input that can be in a line");
      } else {
        return bad("unknown key \"" + key + "\"; known are name, data, nonce and as");
      }
    }
    return job;
  }

  std::istream& in_;
  const Options& options_;
  std::size_t number_ = 0;
};

}  // namespace

std::unique_ptr<Source> file_source(const Options& options) { return std::make_unique<Files>(options); }
std::unique_ptr<Source> json_lines_source(std::istream& in, const Options& options) { return std::make_unique<JsonLines>(in, options); }

}  // namespace atls::verify
