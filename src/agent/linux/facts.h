// SPDX-License-Identifier: Apache-2.0
// Posture facts of a Linux machine, as docs/reference/facts.md defines them: what the configuration enforces,
// never what it hopes. A field that cannot be read is absent and named with the reason. Each function only
// looks at its MachineView and `now`; it never fails and never changes the machine. One thread at a time per
// view.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/linux/machine_view.h"
#include "base/time.h"
#include "model/fact.h"

namespace phendau::agent {

struct CollectContext {
  MachineView& view;
  UtcTime now;
  ZoneOffset zone = kVietnamZone;  // of times without a zone in the machine's own logs
};

inline constexpr std::size_t kFactRowsMax = 10'000;  // the same limit as model/fact.h

Fact collect_host(const CollectContext& context);
Fact collect_password_policy(const CollectContext& context);
Fact collect_account(const CollectContext& context);
Fact collect_login_lockout(const CollectContext& context);
Fact collect_antimalware(const CollectContext& context);
Fact collect_updates(const CollectContext& context);
Fact collect_logging(const CollectContext& context);
Fact collect_backup(const CollectContext& context);
Fact collect_idle_shutdown(const CollectContext& context);
Fact collect_share(const CollectContext& context);

/// Every kind above.
const std::vector<std::string>& linux_fact_kinds();
/// An unknown kind gives a fact without rows that says so.
Fact collect_fact(std::string_view kind, const CollectContext& context);

}  // namespace phendau::agent
