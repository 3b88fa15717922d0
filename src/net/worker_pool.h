// SPDX-License-Identifier: Apache-2.0
// A fixed number of threads and a bounded queue in front of them. When the queue is full the job is refused,
// so that overload is answered at once and not after a wait. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace phendau::net {

class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queue_max);
  ~WorkerPool();
  /// False when the queue is full or the pool stops.
  bool submit(std::function<void()> job);
  /// Runs what is queued, then joins. Called from outside the pool.
  void stop();

 private:
  void run();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool stopping_ = false;                   // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace phendau::net
