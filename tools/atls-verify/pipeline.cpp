#include "atls-verify/pipeline.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace atls::verify {
namespace {

constexpr std::size_t kWindowPerJob = 4;   // a slow input at the front must not idle the others at once

class Pipeline {
 public:
  Pipeline(Source& source, unsigned jobs, const Judge& judge, const Emit& emit) : source_(source), judge_(judge), emit_(emit), window_(kWindowPerJob * jobs) {
    for (unsigned i = 0; i < jobs; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Pipeline() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // The caller's thread reads and writes; only judging is parallel.
  void run() {
    bool more = true;
    for (;;) {
      while (more && in_flight() < window_ && !front_is_done()) {
        auto job = source_.next();
        if (job) add(std::move(*job));
        else more = false;
      }
      if (in_flight() == 0) return;
      emit_(take_front());
    }
  }

 private:
  struct Slot {
    Job job;
    Report report;
    std::exception_ptr error;
    enum class State { waiting, taken, done } state = State::waiting;
  };

  std::size_t in_flight() {
    const std::lock_guard lock(mutex_);
    return slots_.size();
  }
  bool front_is_done() {
    const std::lock_guard lock(mutex_);
    return !slots_.empty() && slots_.front().state == Slot::State::done;
  }
  void add(Job job) {
    {
      const std::lock_guard lock(mutex_);
      slots_.emplace_back().job = std::move(job);
    }
    changed_.notify_all();
  }
  Report take_front() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return slots_.front().state == Slot::State::done; });
    Slot slot = std::move(slots_.front());
    slots_.pop_front();
    if (slot.error) std::rethrow_exception(slot.error);
    return std::move(slot.report);
  }
  Slot* next_waiting() {
    for (Slot& slot : slots_)
      if (slot.state == Slot::State::waiting) return &slot;
    return nullptr;
  }
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      Slot* slot = nullptr;
      changed_.wait(lock, [&] { return stopping_ || (slot = next_waiting()) != nullptr; });
      if (stopping_) return;
      slot->state = Slot::State::taken;      // a deque does not move its other elements: the slot stays where it is
      lock.unlock();
      try {
        slot->report = judge_(slot->job);
      } catch (...) {
        slot->error = std::current_exception();
      }
      slot->job = {};
      lock.lock();
      slot->state = Slot::State::done;
      changed_.notify_all();
    }
  }

  Source& source_;
  const Judge& judge_;
  const Emit& emit_;
  const std::size_t window_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Slot> slots_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

void run_pipeline(Source& source, unsigned jobs, const Judge& judge, const Emit& emit) {
  if (jobs > 1) return Pipeline(source, jobs, judge, emit).run();
  while (auto job = source.next()) emit(judge(*job));
}

}  // namespace atls::verify
