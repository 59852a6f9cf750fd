#include "channel/accept_loop.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "channel/clock.hpp"

namespace atls::channel {
namespace {

using std::chrono::milliseconds;

// After stop() every wait ends at once; what may last is a request to somebody else that a connection is in the middle of.
constexpr std::chrono::seconds kGrace{10};

void signal_event(int fd) noexcept {
  const std::uint64_t one = 1;
  (void)!::write(fd, &one, sizeof one);
}

}  // namespace

struct AcceptLoop::State {
  Listener listener;
  std::size_t limit = 0;
  Fd stop_event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};   // readable from stop() on
  Fd end_event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};    // a connection ended

  std::mutex mutex;
  std::condition_variable idle;
  std::size_t active = 0;                                    // guarded by mutex, as the two below
  std::map<std::uint64_t, std::thread> threads;
  std::vector<std::uint64_t> ended;                          // threads that are about to return

  void begin(AcceptedConnection connection, const ConnectionHandler& handler, const std::shared_ptr<State>& self);
  void end(std::uint64_t number);
  std::size_t reap();                                        // joins the ended ones; how many are running
};

AcceptLoop::AcceptLoop(std::shared_ptr<State> state) : state_(std::move(state)) {}
AcceptLoop::~AcceptLoop() = default;
const std::string& AcceptLoop::address() const { return state_->listener.address; }
void AcceptLoop::stop() noexcept { signal_event(state_->stop_event.get()); }

Result<std::unique_ptr<AcceptLoop>> AcceptLoop::create(std::string_view address, std::size_t max_connections) {
  auto state = std::make_shared<State>();
  state->limit = max_connections;
  if (state->stop_event.get() < 0 || state->end_event.get() < 0) return Error{Errc::io, "eventfd", "no file descriptors left"};
  auto listener = listen_on(address);
  if (!listener) return listener.error();
  state->listener = std::move(*listener);
  return std::unique_ptr<AcceptLoop>(new AcceptLoop(std::move(state)));
}

bool AcceptLoop::run(const ConnectionHandler& handler, std::uint64_t stop_after) {
  State& state = *state_;
  std::uint64_t number = 0;
  while (stop_after == 0 || number < stop_after) {
    const bool full = state.reap() >= state.limit;
    // At the limit clients wait in the backlog of the kernel until a connection ends.
    std::array<pollfd, 3> polled{pollfd{state.stop_event.get(), POLLIN, 0}, pollfd{state.end_event.get(), POLLIN, 0},
                                 pollfd{full ? -1 : state.listener.fd.get(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;
    if (polled[0].revents != 0) break;
    std::uint64_t count = 0;
    if (polled[1].revents != 0) (void)!::read(state.end_event.get(), &count, sizeof count);
    if (polled[2].revents == 0) continue;
    Accepted accepted = accept_one(state.listener);
    try {
      if (accepted.fd.get() >= 0)
        state.begin({std::move(accepted.fd), std::move(accepted.peer), ++number, state.stop_event.get()}, handler, state_);
    } catch (const std::system_error&) {   // no more threads: this client is dropped, the server goes on
      accepted.out_of_files = true;
    }
    // The next connection is in the backlog already, so poll would report it again at once.
    if (accepted.out_of_files) std::this_thread::sleep_for(milliseconds(100));
  }
  state.listener.fd.reset();
  bool ended = false;
  for (auto stopped_at = Clock::time_point::max(); !ended;) {
    std::unique_lock lock(state.mutex);
    ended = state.idle.wait_for(lock, milliseconds(200), [&] { return state.active == 0; });
    pollfd stopped{state.stop_event.get(), POLLIN, 0};
    if (stopped_at == Clock::time_point::max() && ::poll(&stopped, 1, 0) == 1) stopped_at = Clock::now();
    if (stopped_at != Clock::time_point::max() && Clock::now() > stopped_at + kGrace) break;
  }
  state.reap();
  for (auto& [id, thread] : state.threads) thread.detach();
  return ended;
}

void AcceptLoop::State::begin(AcceptedConnection connection, const ConnectionHandler& handler, const std::shared_ptr<State>& self) {
  const std::lock_guard lock(mutex);   // the thread can register its end only after it was registered here
  const std::uint64_t id = connection.number;
  threads.emplace(id, std::thread([self, id, handler, taken = std::move(connection)]() mutable {
    handler(std::move(taken));
    self->end(id);
  }));
  ++active;
}

void AcceptLoop::State::end(std::uint64_t number) {
  const std::lock_guard lock(mutex);
  --active;
  ended.push_back(number);
  signal_event(end_event.get());
  idle.notify_all();
}

std::size_t AcceptLoop::State::reap() {
  std::vector<std::thread> finished;
  std::size_t running = 0;
  {
    const std::lock_guard lock(mutex);
    for (const std::uint64_t number : ended) {
      finished.push_back(std::move(threads.at(number)));
      threads.erase(number);
    }
    ended.clear();
    running = active;
  }
  for (std::thread& thread : finished) thread.join();
  return running;
}

}  // namespace atls::channel
