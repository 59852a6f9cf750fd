#include "atls-verify/emitter.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace atls::verify {
namespace {

constexpr std::string_view kJunitEnd = "</testsuites>\n";

// The element as it stands in an array that is indented by two.
std::string indented(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  std::string out = "  ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out;
}

bool is_regular_or_new(const std::string& path) {
  std::error_code ignored;
  return !std::filesystem::exists(path, ignored) || std::filesystem::is_regular_file(path, ignored);
}

}  // namespace

Status Emitter::open() {
  silent_ = options_.quiet && options_.format == "text" && options_.report_file.empty();
  renderer_ = find_renderer(options_.format);
  if (!renderer_) return Error{Errc::bug, "report", "no renderer named " + options_.format, 0};
  const bool to_file = !options_.report_file.empty() && options_.report_file != "-" && tools::descriptor_named(options_.report_file) != STDOUT_FILENO;
  const bool color = options_.color == "always" || (options_.color == "auto" && !to_file && io_.color);
  how_ = {.color = color, .brief = options_.brief, .verbose = options_.verbose, .width = io_.width};
  if (!to_file) return ok();
  file_ = options_.report_file;
  if (const Status plain = tools::refuse_link(file_); !plain) return Error{Errc::io, "--report", file_ + ": " + plain.error().detail, 0};
  if (is_regular_or_new(file_)) {
    file_ += ".XXXXXX";
    const int fd = ::mkostemp(file_.data(), O_CLOEXEC);
    if (fd < 0) return Error{Errc::io, "--report", options_.report_file + ": cannot create a file beside it", 0};
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(fd, 0644 & ~mask);
    ::close(fd);
    guard_ = std::make_unique<tools::TemporaryFile>(file_);
  }
  stream_.open(file_, guard_ ? std::ios::binary | std::ios::out : std::ios::binary | std::ios::app);
  if (!stream_) return Error{Errc::io, "--report", options_.report_file + ": cannot open for writing", 0};
  return ok();
}

void Emitter::write(const std::string& text) {
  if (silent_) return;
  if (stream_.is_open()) stream_ << text;
  else io_.out << text;
}

std::string Emitter::piece(const Report& report) const {
  std::string text = renderer_->render({&report, 1}, how_);
  const bool first = count_ == 0;
  if (options_.format == "json" && batch_) return (first ? "[\n" : ",\n") + indented(std::move(text));
  if (options_.format == "junit") {
    text.resize(text.size() - kJunitEnd.size());
    return first ? text : text.substr(text.find("<testsuites>\n") + std::string_view("<testsuites>\n").size());
  }
  if (options_.format == "text" && !options_.brief && !first) return '\n' + text;
  return text;
}

void Emitter::add(Report report) {
  write(piece(report));
  if (!stream_.is_open()) io_.out.flush();       // whoever reads the lines need not wait for the next input
  ++count_;
  worst_ = worse_of_batch(worst_, report.verdict ? report.verdict->code : ExitCode::internal);
  ++results_[report.verdict ? report.verdict->result : "error"];
}

Status Emitter::finish() {
  if (options_.format == "json" && batch_) write(count_ == 0 ? "[]\n" : "\n]\n");
  if (options_.format == "junit") write(std::string(count_ == 0 ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n" : "") + std::string(kJunitEnd));
  if (options_.format == "text" && count_ > 1) {
    std::string list;
    for (const ExitCodeInfo& info : exit_codes())
      if (const auto found = results_.find(std::string(info.verdict)); found != results_.end() && found->second > 0) {
        list += (list.empty() ? " " : ", ") + std::to_string(found->second) + " " + found->first;
        results_.erase(found);                   // several codes share the word "error"
      }
    write((options_.brief ? "" : "\n") + std::to_string(count_) + " inputs:" + list + "\n");
  }
  if (!stream_.is_open()) {
    io_.out.flush();
    return io_.out ? ok() : Status(Error{Errc::io, "standard output", "cannot write the report", 0});
  }
  stream_.close();
  if (!stream_) return Error{Errc::io, "--report", options_.report_file + ": cannot write", 0};
  if (!guard_) return ok();
  if (::rename(file_.c_str(), options_.report_file.c_str()) != 0) return Error{Errc::io, "--report", options_.report_file + ": cannot replace", 0};
  guard_->keep();
  return ok();
}

}  // namespace atls::verify
