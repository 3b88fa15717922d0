// SPDX-License-Identifier: Apache-2.0
// Reads the systemd journal with its own library, loaded when present, so that the agent also starts on
// machines without systemd. A record is the entry as one JSON object, as `journalctl -o json` writes it.
// Collecting thread only. Adapter: journald.cpp is the only file that includes sd-journal.h.
#pragma once

#include <memory>
#include <string>

#include "agent/collector.h"

namespace phendau::agent {

inline constexpr std::size_t kJournalFieldBytesMax =
    64u << 10;  // longer fields (core dumps) are cut by the library

/// @param folder a journal folder, or "" for the journal of this machine.
std::unique_ptr<Collector> make_journald(std::string folder = {});
/// Whether there is a journal that we may read; else why not.
Result<> probe_journald(const std::string& folder = {});

}  // namespace phendau::agent
