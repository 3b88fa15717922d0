// SPDX-License-Identifier: Apache-2.0
// Mails that wait and the thread that sends them. What waits are derived rows: a restart goes on. A mail that
// fails is tried again at growing distances, then given up and counted; nothing else ever waits for a mail
// server. Without the setting `smtp` nothing is queued. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "hub/services.h"
#include "net/smtp_client.h"

namespace phendau::hub {

inline constexpr std::string_view kMailSpace = "mail";
inline constexpr int kMailTriesMax = 10;  // over a day
inline constexpr Duration kMailRetryFirst = minutes(1);
inline constexpr Duration kMailRetryMax = hours(6);

struct MailCounts {
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;    // tries that went wrong
  std::uint64_t given_up = 0;  // mails that will not arrive
  std::uint64_t waiting = 0;
};

class Mailer {
 public:
  using Send = std::function<Result<>(const net::SmtpServer&, const net::Mail&)>;
  explicit Mailer(Services& services, Send send = net::send_mail);
  ~Mailer();
  void start();
  void stop();
  bool is_on() const { return services_.config.smtp.has_value(); }
  /// The row that makes this mail wait, for a batch; the key is `key`. Then poke().
  ledger::DerivedWrite row_of(std::string_view key, const std::string& to, const std::string& subject,
                              const std::string& text, UtcTime now);
  void poke();
  /// Tries what is due; the time of the next try, if anything waits. For the own thread and tests.
  Result<std::optional<UtcTime>> run_once(UtcTime now);
  MailCounts counts() const;

 private:
  void run();
  /// When it is tried again; none: it is over.
  Result<std::optional<UtcTime>> send_one(const ledger::Derived& row, UtcTime now);

  Services& services_;
  Send send_;
  mutable std::mutex mu_;
  MailCounts counts_;      // guarded by mu_
  bool stopping_ = false;  // guarded by mu_
  bool poked_ = false;     // guarded by mu_
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace phendau::hub
