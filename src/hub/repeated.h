// SPDX-License-Identifier: Apache-2.0
// A thread that does one thing again and again until it is stopped: the workers that look for what waits in
// the ledger.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace phendau::hub {

class Repeated {
 public:
  Repeated() = default;
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;
  ~Repeated() { stop(); }

  void start(std::chrono::milliseconds every, std::function<void()> turn) {
    thread_ = std::thread([this, every, turn = std::move(turn)] {
      for (;;) {
        turn();
        std::unique_lock lock(mu_);
        if (wake_.wait_for(lock, every, [&] { return stopping_; })) return;
      }
    });
  }
  /// Waits for the turn that is under way.
  void stop() {
    {
      const std::lock_guard lock(mu_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::mutex mu_;
  bool stopping_ = false;  // guarded by mu_
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace phendau::hub
