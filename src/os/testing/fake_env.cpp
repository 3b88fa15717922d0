// SPDX-License-Identifier: Apache-2.0
#include "os/testing/fake_env.h"

#include <fmt/format.h>

namespace phendau {
namespace {
std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
}
}  // namespace

class FakeEnv::FakeFile : public File {
 public:
  FakeFile(FakeEnv& env, std::shared_ptr<Node> node, std::string path)
      : env_(env), node_(std::move(node)), path_(std::move(path)), epoch_(env.epoch_) {}

  Result<> append(std::string_view bytes) override {
    const std::lock_guard lock(env_.mu_);
    PHENDAU_TRY(usable());
    const std::uint64_t room = env_.free_bytes_;
    if (const auto done = env_.mutate("append", path_, bytes.size()); !done) {
      // A real disk that fills up keeps the part that fitted.
      if (done.error().text_id == "error.disk_full") {
        node_->bytes += bytes.substr(0, room);
        env_.free_bytes_ = 0;
      }
      return done;
    }
    node_->bytes += bytes;
    return {};
  }
  Result<> write_at(std::uint64_t offset_bytes, std::string_view bytes) override {
    const std::lock_guard lock(env_.mu_);
    PHENDAU_TRY(usable());
    const std::size_t end = offset_bytes + bytes.size();
    PHENDAU_TRY(env_.mutate("write", path_, end > node_->bytes.size() ? end - node_->bytes.size() : 0));
    if (node_->bytes.size() < end) node_->bytes.resize(end);
    node_->bytes.replace(offset_bytes, bytes.size(), bytes);
    return {};
  }
  Result<std::string> read_at(std::uint64_t offset_bytes, std::size_t size_bytes) const override {
    const std::lock_guard lock(env_.mu_);
    PHENDAU_TRY(usable());
    if (offset_bytes >= node_->bytes.size()) return std::string();
    return node_->bytes.substr(offset_bytes, size_bytes);
  }
  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(env_.mu_);
    PHENDAU_TRY(usable());
    return node_->bytes.size();
  }
  Result<> sync() override {
    const std::lock_guard lock(env_.mu_);
    PHENDAU_TRY(usable());
    PHENDAU_TRY(env_.mutate("sync", path_, 0));
    node_->synced = node_->bytes;
    return {};
  }
  Result<> truncate(std::uint64_t size_bytes) override {
    const std::lock_guard lock(env_.mu_);
    PHENDAU_TRY(usable());
    PHENDAU_TRY(env_.mutate("truncate", path_, 0));
    if (size_bytes < node_->bytes.size()) env_.free_bytes_ += node_->bytes.size() - size_bytes;
    node_->bytes.resize(size_bytes);
    return {};
  }

 private:
  Result<> usable() const {
    if (epoch_ != env_.epoch_) return fail(ErrorCode::io, path_ + ": the machine lost power");
    return {};
  }
  FakeEnv& env_;
  std::shared_ptr<Node> node_;
  std::string path_;
  std::uint64_t epoch_;
};

FakeEnv::FakeEnv(UtcTime start, std::uint64_t seed)
    : now_(start), random_state_(seed * 0x9E3779B97F4A7C15ull + 1) {}

void FakeEnv::power_cut(std::uint8_t keep_unsynced_bytes) {
  const std::lock_guard lock(mu_);
  ++epoch_;
  locks_.clear();
  files_.clear();
  for (const auto& [path, node] : durable_names_) {
    auto survivor = std::make_shared<Node>();
    survivor->bytes = node->synced;
    if (node->bytes.size() > node->synced.size() && node->bytes.starts_with(node->synced)) {
      const std::size_t tail = node->bytes.size() - node->synced.size();
      survivor->bytes += node->bytes.substr(node->synced.size(), tail * keep_unsynced_bytes / 255);
    }
    survivor->synced = survivor->bytes;
    files_[path] = survivor;
  }
  durable_names_ = files_;
}

void FakeEnv::set_free_bytes(std::uint64_t free_bytes) {
  const std::lock_guard lock(mu_);
  free_bytes_ = free_bytes;
}
void FakeEnv::set_total_bytes(std::uint64_t total_bytes) {
  const std::lock_guard lock(mu_);
  total_bytes_ = total_bytes;
}
void FakeEnv::set_fault_hook(std::function<Result<>(std::string_view, const std::string&)> hook) {
  const std::lock_guard lock(mu_);
  hook_ = std::move(hook);
}
std::uint64_t FakeEnv::mutation_count() const {
  const std::lock_guard lock(mu_);
  return mutations_;
}
void FakeEnv::set_now(UtcTime now) {
  const std::lock_guard lock(mu_);
  now_ = now;
}
void FakeEnv::advance(Duration by) {
  const std::lock_guard lock(mu_);
  now_ = now_ + by;
  monotonic_ns_ += by.ns;
}
void FakeEnv::corrupt(const std::string& path, std::uint64_t offset_bytes, std::uint8_t xor_with) {
  const std::lock_guard lock(mu_);
  Node& node = *files_.at(path);
  PHENDAU_ASSERT(offset_bytes < node.bytes.size());
  node.bytes[offset_bytes] = static_cast<char>(node.bytes[offset_bytes] ^ static_cast<char>(xor_with));
  node.synced = node.bytes;
}

Result<> FakeEnv::mutate(std::string_view operation, const std::string& path, std::uint64_t new_bytes) {
  ++mutations_;
  if (hook_) PHENDAU_TRY(hook_(operation, path));
  if (new_bytes > free_bytes_) {
    return fail(ErrorCode::io, fmt::format("{} {}: No space left on device", operation, path),
                "error.disk_full", {path});
  }
  free_bytes_ -= new_bytes;
  return {};
}

Result<std::unique_ptr<File>> FakeEnv::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mu_);
  auto found = files_.find(path);
  if (found != files_.end() && mode == OpenMode::create_new)
    return fail(ErrorCode::conflict, path + ": exists");
  if (found == files_.end()) {
    if (mode == OpenMode::read)
      return fail(ErrorCode::not_found, "open " + path + ": No such file or directory");
    PHENDAU_TRY(mutate("create", path, 0));
    found = files_.emplace(path, std::make_shared<Node>()).first;
  }
  return std::make_unique<FakeFile>(*this, found->second, path);
}

bool FakeEnv::exists(const std::string& path) {
  const std::lock_guard lock(mu_);
  return files_.contains(path) || dirs_.contains(path);
}

Result<std::vector<DirEntry>> FakeEnv::list(const std::string& path) {
  const std::lock_guard lock(mu_);
  if (!dirs_.contains(path))
    return fail(ErrorCode::not_found, "list " + path + ": No such file or directory");
  std::map<std::string, DirEntry> entries;
  for (const auto& [name, node] : files_) {
    if (parent_of(name) == path) {
      const std::string leaf = name.substr(name.find_last_of('/') + 1);
      entries[leaf] = {leaf, false, node->bytes.size()};
    }
  }
  for (const auto& name : dirs_) {
    if (name != path && parent_of(name) == path) {
      const std::string leaf = name.substr(name.find_last_of('/') + 1);
      entries[leaf] = {leaf, true, 0};
    }
  }
  std::vector<DirEntry> out;
  for (auto& [name, entry] : entries) out.push_back(entry);
  return out;
}

Result<> FakeEnv::make_dirs(const std::string& path, unsigned) {
  const std::lock_guard lock(mu_);
  for (std::size_t at = 1; at <= path.size(); ++at) {
    if (at == path.size() || path[at] == '/') dirs_.insert(path.substr(0, at));
  }
  return {};
}

Result<> FakeEnv::remove_file(const std::string& path) {
  const std::lock_guard lock(mu_);
  if (!files_.contains(path))
    return fail(ErrorCode::not_found, "remove " + path + ": No such file or directory");
  PHENDAU_TRY(mutate("remove", path, 0));
  free_bytes_ += files_[path]->bytes.size();
  files_.erase(path);
  return {};
}

Result<> FakeEnv::remove_dir(const std::string& path) {
  const std::lock_guard lock(mu_);
  if (dirs_.erase(path) == 0)
    return fail(ErrorCode::not_found, "remove " + path + ": No such file or directory");
  return {};
}

Result<> FakeEnv::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mu_);
  const auto found = files_.find(from);
  if (found == files_.end())
    return fail(ErrorCode::not_found, "rename " + from + ": No such file or directory");
  PHENDAU_TRY(mutate("rename", from, 0));
  files_[to] = found->second;
  files_.erase(from);
  return {};
}

Result<> FakeEnv::sync_dir(const std::string& path) {
  const std::lock_guard lock(mu_);
  PHENDAU_TRY(mutate("sync_dir", path, 0));
  std::erase_if(durable_names_, [&](const auto& entry) { return parent_of(entry.first) == path; });
  for (const auto& [name, node] : files_) {
    if (parent_of(name) == path) durable_names_[name] = node;
  }
  return {};
}

Result<DiskSpace> FakeEnv::disk_space(const std::string&) {
  const std::lock_guard lock(mu_);
  return DiskSpace{total_bytes_, free_bytes_};
}

Result<std::shared_ptr<void>> FakeEnv::lock_file(const std::string& path) {
  const std::lock_guard lock(mu_);
  if (!locks_.insert(path).second)
    return fail(ErrorCode::conflict, path + " is locked by another process", "error.data_locked", {path});
  return std::shared_ptr<void>(nullptr, [this, path, epoch = epoch_](void*) {
    const std::lock_guard inner(mu_);
    if (epoch == epoch_) locks_.erase(path);
  });
}

UtcTime FakeEnv::now() {
  const std::lock_guard lock(mu_);
  return now_;
}
Duration FakeEnv::monotonic() {
  const std::lock_guard lock(mu_);
  return {monotonic_ns_};
}

std::string FakeEnv::random_bytes(std::size_t count) {
  const std::lock_guard lock(mu_);
  std::string out;
  while (out.size() < count) {
    random_state_ ^= random_state_ << 13;
    random_state_ ^= random_state_ >> 7;
    random_state_ ^= random_state_ << 17;
    out += static_cast<char>(random_state_ & 0xFF);
  }
  return out;
}

}  // namespace phendau
