// Writes a simulated platform in the layouts that other tools read.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "collateral/files.hpp"
#include "sim/faults.hpp"
#include "sim/platform.hpp"

namespace atls::sim {
namespace {

namespace fs = std::filesystem;

// Tells an export from a folder of somebody else. Its first line is fixed, the others are the files that belong to it.
constexpr std::string_view kMarker = ".atls-export", kMarkerLine = "simulated platform written by atls-serve --export-platform";

using File = ExportFile;
std::string readme(const Platform& platform, const std::vector<File>& files) {
  std::ostringstream out;
  out << "A SIMULATED platform, written by atls-serve --export-platform.\n"
         "No hardware is behind it: its keys are public or follow from the seed, and nothing here proves anything.\n"
         "atls-connect and atls-verify accept it only with --trust-simulated, or with --trust-anchor trust-anchor.pem.\n\n"
      << platform.export_title() << ".\n";
  for (const std::string& name : platform.faults()) {
    const Fault* fault = find_fault(name);
    if (fault == nullptr || fault->layer == FaultLayer::handshake) continue;
    out << "\nFAULT " << name << ": " << fault->summary << ".\n"
        << (fault->accept ? "A correct verifier accepts it" : "A correct verifier refuses it") << " (" << check_of(*fault, platform.format()) << " is \""
        << fault->outcome << "\", exit status " << static_cast<int>(fault->exit) << ").\n";
  }
  constexpr std::size_t kColumn = 20;
  out << "\nFiles\n";
  for (const File& file : files) {
    out << "  " << file.path;
    if (file.path.size() <= kColumn) out << std::string(kColumn - file.path.size(), ' ');
    else out << "\n  " << std::string(kColumn, ' ');
    out << "  " << file.about << "\n";
  }
  out << "\nTry\n";
  for (const std::string& line : platform.export_examples()) out << "  " << line << "\n";
  return out.str();
}

Error io_error(const fs::path& path, std::string what) { return {Errc::io, path.string(), std::move(what)}; }

Status write_file(const fs::path& path, Bytes content) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (failed) return io_error(path.parent_path(), "cannot create the folder: " + failed.message());
  if (const Status s = replace_file(path, content, 0644); !s) return io_error(path, "cannot be written: " + s.error().detail);
  return ok();
}

// A marker may have been edited: only plain names below the folder are followed.
bool is_plain(const fs::path& path) {
  return !path.empty() && path.is_relative() && std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".." || part == "."; });
}

// Takes the files of an earlier export away, so that no certificate of another chip stays behind.
Status make_room(const fs::path& directory) {
  std::error_code failed;
  const bool exists = fs::exists(directory, failed);
  if (failed) return io_error(directory, failed.message());
  if (!exists) return ok();
  if (!fs::is_directory(directory, failed)) return io_error(directory, "exists and is not a folder; name another one");
  if (fs::is_empty(directory, failed) && !failed) return ok();
  std::ifstream marker(directory / kMarker);
  std::string line;
  if (!std::getline(marker, line) || line != kMarkerLine)
    return Error{Errc::refused, directory.string(), "is not empty and not an earlier export; name an empty or new folder"};
  while (std::getline(marker, line)) {
    const fs::path path(line);
    if (!is_plain(path)) continue;
    fs::remove(directory / path, failed);
    for (fs::path folder = path.parent_path(); !folder.empty() && !failed; folder = folder.parent_path()) {
      if (!fs::is_empty(directory / folder, failed) || failed) break;
      fs::remove(directory / folder, failed);
    }
    failed.clear();   // what cannot be removed is overwritten, or stays
  }
  return ok();
}

}  // namespace

Status export_platform(const Platform& platform, const fs::path& directory) {
  if (const Status s = make_room(directory); !s) return s.error();
  std::vector<File> files = platform.export_files();
  std::string text = readme(platform, files);
  files.push_back({"README.txt", "this text", to_buffer(text)});
  std::string marker = std::string(kMarkerLine) + "\n";
  for (const File& file : files) marker += file.path + "\n";
  if (const Status s = write_file(directory / kMarker, as_bytes(marker)); !s) return s.error();   // first: an interrupted export is still ours
  for (const File& file : files)
    if (const Status s = write_file(directory / file.path, file.content); !s) return s.error();
  return ok();
}

}  // namespace atls::sim
