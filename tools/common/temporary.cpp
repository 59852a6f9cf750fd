#include "common/temporary.hpp"

#include <unistd.h>

#include <atomic>

namespace atls::tools {
namespace {

std::atomic<const char*> g_pending{nullptr};   // one at a time is enough: outputs are written one after the other
static_assert(std::atomic<const char*>::is_always_lock_free, "read in a signal handler");

}  // namespace

TemporaryFile::TemporaryFile(std::string path) : path_(std::move(path)) { g_pending = path_.c_str(); }

TemporaryFile::~TemporaryFile() {
  if (path_.empty()) return;
  ::unlink(path_.c_str());
  keep();
}

void TemporaryFile::keep() {
  g_pending = nullptr;
  path_.clear();
}

void remove_temporary_on_signal() {
  if (const char* path = g_pending.exchange(nullptr)) ::unlink(path);
}

}  // namespace atls::tools
