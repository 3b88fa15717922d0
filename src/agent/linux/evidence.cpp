// SPDX-License-Identifier: Apache-2.0
#include "agent/linux/evidence.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "agent/orders.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "os/process.h"
#include "wire/protocol.h"

namespace phendau::agent {
namespace {

constexpr std::size_t kPieceBytes = 256u << 10;
constexpr std::uint64_t kKernelFileBytesMax = 8u << 20;  // files of /proc have no size: read before written
constexpr std::uint64_t kProgramBytesMax = 64ull << 20;  // of a process, hashed up to here
constexpr std::int64_t kRestartsMax = 3;                 // of one file
constexpr std::uint64_t kSliceBytes = 8ull << 20;        // sent before other orders get their turn
constexpr int kDepthMax = 12;
constexpr std::size_t kTarBlock = 512;

/// One tar file (ustar) while it is written, with both digests. Members are written in one go.
class TarFile {
 public:
  TarFile(std::unique_ptr<File> file, std::string root) : file_(std::move(file)), root_(std::move(root)) {}

  void note(std::string_view what) {
    if (notes_.size() < (1u << 20)) notes_ += std::string(what) + "\n";
  }
  bool is_full() const { return size_ > kEvidenceEntryBytesMax || members_ >= kEvidenceMembersMax; }

  Result<> add(const std::string& name, std::string_view bytes, std::int64_t changed_at = 0) {
    PHENDAU_TRY(begin(name, bytes.size(), changed_at));
    PHENDAU_TRY(write(bytes));
    return pad(bytes.size());
  }

  /// A file as it is now; what grows meanwhile is cut, what shrinks is filled with zeros and noted.
  Result<> add_file(const std::string& path) {
    const std::string real = root_ == "/" ? path : root_ + path;
    const int fd = ::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOATIME);
    struct stat info{};
    const bool readable = fd >= 0 && ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (!readable) {
      note(fmt::format("{}: not read: {}", path, fd < 0 ? std::strerror(errno) : "no regular file"));
      if (fd >= 0) ::close(fd);
      return {};
    }
    const auto done = info.st_size == 0
                          ? copy_unsized(fd, path, info.st_mtime)
                          : copy_sized(fd, path, static_cast<std::uint64_t>(info.st_size), info.st_mtime);
    ::close(fd);
    return done;
  }

  Result<> finish() {
    if (!notes_.empty()) PHENDAU_TRY(add("NOTES.txt", std::exchange(notes_, {})));
    PHENDAU_TRY(write(std::string(2 * kTarBlock, '\0')));
    return file_->sync();
  }
  const std::string& root() const { return root_; }

 private:
  Result<> write(std::string_view bytes) {
    size_ += bytes.size();
    return file_->append(bytes);
  }
  Result<> pad(std::uint64_t size) {
    const std::size_t left = static_cast<std::size_t>(size % kTarBlock);
    return left == 0 ? Result<>() : write(std::string(kTarBlock - left, '\0'));
  }
  Result<> begin(std::string_view path, std::uint64_t size, std::int64_t changed_at) {
    ++members_;
    while (path.starts_with("/")) path.remove_prefix(1);
    std::string name(path);
    std::string prefix;
    if (name.size() > 100) {
      const std::size_t cut = name.rfind('/', 155);
      if (cut != std::string::npos && name.size() - cut - 1 <= 100) {
        prefix = name.substr(0, cut);
        name = name.substr(cut + 1);
      } else {
        note(fmt::format("member {} is {}", members_, path));
        name = fmt::format("long-name-{}", members_);
      }
    }
    std::string head(kTarBlock, '\0');
    const auto put = [&](std::size_t at, std::string_view text) { head.replace(at, text.size(), text); };
    put(0, name);
    put(100, "0000400");
    put(108, "0000000");
    put(116, "0000000");
    put(124, fmt::format("{:011o}", size));
    put(136, fmt::format("{:011o}", std::max<std::int64_t>(changed_at, 0)));
    put(148, "        ");
    put(156, "0");
    put(257, std::string_view("ustar\0"
                              "00",
                              8));
    put(345, prefix);
    unsigned sum = 0;
    for (const char letter : head) sum += static_cast<unsigned char>(letter);
    put(148, fmt::format("{:06o}", sum));
    head[154] = '\0';
    head[155] = ' ';
    return write(head);
  }
  Result<> copy_sized(int fd, const std::string& path, std::uint64_t size, std::int64_t changed_at) {
    if (size_ + size > kEvidenceEntryBytesMax) {
      note(fmt::format("{}: left out, {} bytes are too many", path, size));
      return {};
    }
    PHENDAU_TRY(begin(path, size, changed_at));
    std::string piece(kPieceBytes, '\0');
    std::uint64_t left = size;
    while (left > 0) {
      const ssize_t n =
          ::read(fd, piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size())));
      if (n <= 0) break;
      PHENDAU_TRY(write(std::string_view(piece).substr(0, static_cast<std::size_t>(n))));
      left -= static_cast<std::uint64_t>(n);
    }
    if (left > 0) note(fmt::format("{}: the last {} bytes could not be read and are zeros here", path, left));
    while (left > 0) {
      const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left, kPieceBytes));
      PHENDAU_TRY(write(std::string(n, '\0')));
      left -= n;
    }
    return pad(size);
  }
  Result<> copy_unsized(int fd, const std::string& path, std::int64_t changed_at) {
    std::string bytes;
    std::string piece(kPieceBytes, '\0');
    ssize_t n = 0;
    while (bytes.size() < kKernelFileBytesMax && (n = ::read(fd, piece.data(), piece.size())) > 0)
      bytes.append(piece, 0, static_cast<std::size_t>(n));
    if (n < 0) note(fmt::format("{}: {}", path, std::strerror(errno)));
    if (n > 0) note(fmt::format("{}: cut after {} bytes", path, bytes.size()));
    return add(path, bytes, changed_at);
  }

  std::unique_ptr<File> file_;
  std::string root_;
  std::string notes_;
  std::uint64_t size_ = 0;
  std::size_t members_ = 0;
};

std::string real_path(const TarFile& tar, const std::string& path) {
  return tar.root() == "/" ? path : tar.root() + path;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return out;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && out.size() < kEvidenceMembersMax) out.push_back(name);
  }
  ::closedir(dir);
  std::sort(out.begin(), out.end());
  return out;
}

/// Calls `each` for every regular file and, with its line of `ls`, every other thing below the folder.
Result<> walk(TarFile& tar, const std::string& folder, int depth,
              const std::function<Result<>(const std::string& path, const struct stat& info)>& each) {
  if (depth > kDepthMax) {
    tar.note(folder + ": too deep");
    return {};
  }
  for (const auto& name : names_in(real_path(tar, folder))) {
    if (tar.is_full()) break;
    const std::string path = folder + "/" + name;
    struct stat info{};
    if (::lstat(real_path(tar, path).c_str(), &info) != 0) continue;
    PHENDAU_TRY(each(path, info));
    if (S_ISDIR(info.st_mode)) PHENDAU_TRY(walk(tar, path, depth + 1, each));
  }
  return {};
}

std::string listing_line(const std::string& path, const struct stat& info) {
  return fmt::format("{:o}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", info.st_mode, info.st_uid, info.st_gid,
                     info.st_size, info.st_mtime, info.st_ctime, info.st_atime, path);
}

Result<> list_folders(TarFile& tar, std::initializer_list<const char*> folders) {
  std::string lines = "mode\tuid\tgid\tsize\tmtime\tctime\tatime\tpath\n";
  for (const char* folder : folders) {
    PHENDAU_TRY(walk(tar, folder, 0, [&](const std::string& path, const struct stat& info) -> Result<> {
      if (lines.size() < (32u << 20)) lines += listing_line(path, info);
      return {};
    }));
  }
  return tar.add("listing.tsv", lines);
}

Result<> add_files(TarFile& tar, std::initializer_list<const char*> paths) {
  for (const char* path : paths) PHENDAU_TRY(tar.add_file(path));
  return {};
}

Result<> add_program(TarFile& tar, const std::string& name, const std::vector<std::string>& argv) {
  if (tar.root() != "/") return {};
  const auto done = run_program(argv, {}, {seconds(30), 16u << 20});
  if (!done || done->exit_code != 0) {
    tar.note(fmt::format("{}: {}", name, done ? std::string(trim(done->err)) : done.error().message));
    return {};
  }
  return tar.add(name, done->out);
}

std::string link_target(const std::string& path) {
  char target[4096];
  const ssize_t n = ::readlink(path.c_str(), target, sizeof target);
  return n > 0 ? std::string(target, static_cast<std::size_t>(n)) : std::string("?");
}

std::string program_digest(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fmt::format("not read: {}", std::strerror(errno));
  Sha256Stream stream;
  std::string piece(kPieceBytes, '\0');
  std::uint64_t size = 0;
  ssize_t n = 0;
  while (size < kProgramBytesMax && (n = ::read(fd, piece.data(), piece.size())) > 0) {
    stream.update(std::string_view(piece).substr(0, static_cast<std::size_t>(n)));
    size += static_cast<std::uint64_t>(n);
  }
  ::close(fd);
  return n > 0 ? "too large" : to_hex(stream.finish());
}

Result<> add_processes(TarFile& tar) {
  std::string programs = "pid\tprogram\tsha256\n";
  std::string open_files = "pid\tfd\ttarget\n";
  for (const auto& pid : names_in(real_path(tar, "/proc"))) {
    if (!parse_int(pid) || tar.is_full()) continue;
    const std::string folder = "/proc/" + pid;
    for (const char* file : {"/stat", "/status", "/cmdline", "/maps", "/cgroup"})
      PHENDAU_TRY(tar.add_file(folder + file));
    const std::string exe = real_path(tar, folder + "/exe");
    programs += fmt::format("{}\t{}\t{}\n", pid, link_target(exe), program_digest(exe));
    for (const auto& fd : names_in(real_path(tar, folder + "/fd"))) {
      if (open_files.size() > (16u << 20)) break;
      open_files += fmt::format("{}\t{}\t{}\n", pid, fd, link_target(real_path(tar, folder + "/fd/" + fd)));
    }
  }
  PHENDAU_TRY(tar.add("programs.tsv", programs));
  return tar.add("open-files.tsv", open_files);
}

/// Keys and password digests are no evidence of an attack, and a danger in every copy.
/// Keys and password digests help an investigation little, and whoever reads the evidence could use them. A
/// file of /etc that not everybody may read holds such things more often than not, whatever it is called; who
/// may become root and what runs by itself is wanted all the same.
bool is_secret(const std::string& path, const struct stat& info) {
  static constexpr std::string_view kFolders[] = {
      "/etc/shadow",    "/etc/gshadow",          "/etc/ssl/private",
      "/etc/wireguard", "/etc/security/opasswd", "/etc/NetworkManager/system-connections"};
  static constexpr std::string_view kWanted[] = {"/etc/sudoers", "/etc/cron", "/etc/audit", "/etc/at."};
  static constexpr std::string_view kEndings[] = {"_key",    ".key",     ".p12", ".pfx",
                                                  ".keytab", ".secrets", ".jks"};
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  return std::any_of(std::begin(kFolders), std::end(kFolders),
                     [&](auto folder) { return path.starts_with(folder); }) ||
         std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](auto ending) { return path.ends_with(ending); }) ||
         name.starts_with("privkey") ||
         (path.starts_with("/etc/") && (info.st_mode & 0004) == 0 &&
          std::none_of(std::begin(kWanted), std::end(kWanted),
                       [&](auto wanted) { return path.starts_with(wanted); }));
}

Result<> add_tree(TarFile& tar, const std::string& folder) {
  return walk(tar, folder, 0, [&](const std::string& path, const struct stat& info) -> Result<> {
    if (!S_ISREG(info.st_mode)) return {};
    if (is_secret(path, info)) {
      tar.note(path + ": left out, it holds secrets");
      return {};
    }
    return tar.add_file(path);
  });
}

Result<> add_entry(TarFile& tar, std::string_view entry) {
  if (entry == "01-arp-routes") {
    return add_files(tar, {"/proc/net/arp", "/proc/net/route", "/proc/net/ipv6_route", "/proc/net/fib_trie",
                           "/proc/net/dev", "/proc/net/if_inet6"});
  }
  if (entry == "02-sockets") {
    return add_files(tar, {"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6",
                           "/proc/net/raw", "/proc/net/raw6", "/proc/net/packet", "/proc/net/unix"});
  }
  if (entry == "03-processes") return add_processes(tar);
  if (entry == "04-kernel") {
    PHENDAU_TRY(add_files(tar, {"/proc/version", "/proc/cmdline", "/proc/modules", "/proc/mounts",
                                "/proc/uptime", "/proc/meminfo", "/proc/swaps"}));
    return add_program(tar, "dmesg.txt", {"dmesg"});
  }
  if (entry == "05-logins") {
    return add_files(tar, {"/run/utmp", "/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"});
  }
  if (entry == "06-temporary-files") return list_folders(tar, {"/tmp", "/var/tmp", "/dev/shm"});
  if (entry == "07-logs") {
    PHENDAU_TRY(add_tree(tar, "/run/log/journal"));
    return add_tree(tar, "/var/log");
  }
  if (entry == "08-configuration") {
    PHENDAU_TRY(add_tree(tar, "/var/spool/cron"));
    PHENDAU_TRY(add_tree(tar, "/etc"));
    return list_folders(tar, {"/etc", "/usr/local", "/opt"});
  }
  PHENDAU_TRY(add_files(tar, {"/var/lib/dpkg/status", "/var/log/dpkg.log"}));
  return add_program(tar, "rpm.txt", {"rpm", "-qa"});
}

}  // namespace

const std::vector<std::string>& evidence_catalogue() {
  static const std::vector<std::string> kEntries = {"01-arp-routes", "02-sockets",       "03-processes",
                                                    "04-kernel",     "05-logins",        "06-temporary-files",
                                                    "07-logs",       "08-configuration", "09-packages"};
  return kEntries;
}

Result<> collect_evidence(std::string_view entry, const std::string& root, Env& env,
                          const std::string& path) {
  if (env.exists(path)) PHENDAU_TRY(env.remove_file(path));
  TarFile tar(PHENDAU_TRY(env.open(path, OpenMode::create_new)), root);
  PHENDAU_TRY(add_entry(tar, entry));
  if (tar.is_full()) tar.note("this entry is full: not everything is in it");
  return tar.finish();
}

Result<> Evidence::save(const std::string& folder, const Json& manifest) {
  return write_file_atomic(env_, path_join(folder, "manifest.json"), manifest.dump() + "\n");
}

Result<> Evidence::collect_next(const std::string& folder, Json& manifest) {
  const std::string& entry = evidence_catalogue()[manifest["files"].size()];
  const std::string path = path_join(folder, entry + ".tar");
  PHENDAU_TRY(collect_evidence(entry, parts_.root, env_, path));
  const auto file = PHENDAU_TRY(env_.open(path, OpenMode::read));
  const FileDigests digests = PHENDAU_TRY(digests_of(*file));
  Json files = manifest["files"];
  files.push(Json::object({{"name", entry + ".tar"},
                           {"size_bytes", digests.size_bytes},
                           {"sha256", digests.sha256},
                           {"sha512", digests.sha512},
                           {"collected_at", format_rfc3339(env_.now())},
                           {"next_offset", 0},
                           {"sent", false}}));
  manifest.set("files", std::move(files));
  return save(folder, manifest);
}

Result<wire::EvidenceAnswer> Evidence::send(const wire::EvidencePart& part) {
  if (!transport_) transport_ = PHENDAU_TRY(parts_.connect(parts_.connection));
  auto answer = transport_->post(wire::kEvidencePath, wire::kEvidenceType, wire::encode_evidence_part(part));
  if (!answer) {
    transport_.reset();  // the hub may be reached another way now
    return std::unexpected(answer.error());
  }
  if (answer->status != 200) return std::unexpected(wire::error_of_answer(answer->status, answer->body));
  return wire::decode_evidence_answer(answer->body);
}

Result<> Evidence::send_some(const wire::Order& order, const std::string& folder, Json& manifest) {
  std::uint64_t budget = kSliceBytes;
  Json::Array files = manifest["files"].items();
  for (std::size_t i = 0; i < files.size() && budget > 0; ++i) {
    Json& entry = files[i];
    if (entry["sent"].as_bool()) continue;
    const std::string path = path_join(folder, entry["name"].as_string());
    const auto file = PHENDAU_TRY(env_.open(path, OpenMode::read));
    // Whoever holds the machine may change or cut what was collected: the hub then asks for it again and
    // again.
    if (entry["restarts"].as_int() > kRestartsMax ||
        PHENDAU_TRY(file->size()) < static_cast<std::uint64_t>(entry["size_bytes"].as_int()))
      return fail(ErrorCode::corrupt, entry["name"].as_string() + " is no longer what was collected");
    const auto size = static_cast<std::uint64_t>(entry["size_bytes"].as_int());
    auto offset = static_cast<std::uint64_t>(entry["next_offset"].as_int());
    while (budget > 0 && !entry["sent"].as_bool()) {
      wire::EvidencePart part;
      part.order_id = order.id;
      part.number = static_cast<std::uint16_t>(i + 1);
      part.name = entry["name"].as_string();
      part.offset = std::min(offset, size);
      part.bytes = PHENDAU_TRY(file->read_at(part.offset, wire::kEvidencePartBytesMax));
      part.last = part.offset + part.bytes.size() >= size;
      if (part.last) {
        part.sha256 = entry["sha256"].as_string();
        part.sha512 = entry["sha512"].as_string();
      }
      const auto answer = PHENDAU_TRY(send(part));
      offset = answer.next_offset;
      if (part.last && !answer.finished && offset == 0) entry.set("restarts", entry["restarts"].as_int() + 1);
      if (entry["restarts"].as_int() > kRestartsMax) break;
      if (answer.finished) entry.set("sent", true);
      budget -= std::min<std::uint64_t>(budget, part.bytes.size() + 1024);
    }
    entry.set("next_offset", offset);
    manifest.set("files", Json::array(files));
    PHENDAU_TRY(save(folder, manifest));
    // After the manifest: killed in between, the file stays until the order is done, but nothing is lost.
    if (entry["sent"].as_bool()) PHENDAU_TRY(env_.remove_file(path));
  }
  return {};
}

Result<Json> Evidence::collect(const wire::Order& order) {
  const std::string folder = path_join(path_join(parts_.data_folder, "evidence"), order.id);
  const std::string manifest_path = path_join(folder, "manifest.json");
  PHENDAU_TRY(env_.make_dirs(folder));
  Json manifest = Json::object({{"started_at", format_rfc3339(env_.now())}, {"files", Json::array()}});
  if (env_.exists(manifest_path))
    manifest = PHENDAU_TRY(parse_json(PHENDAU_TRY(read_file(env_, manifest_path))));
  const auto goes_on = [] {
    return fail(ErrorCode::conflict, "there is more to collect", std::string(kOrderGoesOn));
  };
  if (manifest["files"].size() < evidence_catalogue().size()) {
    PHENDAU_TRY(sweep(order.id));
    PHENDAU_TRY(collect_next(folder, manifest));
    return goes_on();
  }
  const auto is_sent = [](const Json& file) { return file["sent"].as_bool(); };
  if (!std::all_of(manifest["files"].items().begin(), manifest["files"].items().end(), is_sent)) {
    const auto sent = send_some(order, folder, manifest);
    // A hub that is away is waited for; one that refuses the files ends the order.
    if (!sent && sent.error().code != ErrorCode::unavailable) return std::unexpected(sent.error());
    if (!sent) return fail(ErrorCode::unavailable, sent.error().message, std::string(kOrderGoesOn));
    return goes_on();
  }
  for (const auto& left : PHENDAU_TRY(env_.list(folder)))
    if (left.name.ends_with(".tar")) PHENDAU_TRY(env_.remove_file(path_join(folder, left.name)));
  PHENDAU_TRY(env_.remove_file(manifest_path));
  static_cast<void>(env_.remove_dir(folder));
  Json out = Json::object({{"started_at", manifest["started_at"]}, {"files", manifest["files"].size()}});
  if (dropped_ > 0) out.set("dropped_orders", dropped_);
  return out;
}

Result<Evidence::Kept> Evidence::kept_of(const std::string& order) {
  const std::string folder = path_join(path_join(parts_.data_folder, "evidence"), order);
  Kept out;
  out.order = order;
  for (const auto& entry : PHENDAU_TRY(env_.list(folder))) {
    const auto file = PHENDAU_TRY(env_.open(path_join(folder, entry.name), OpenMode::read));
    out.size_bytes += PHENDAU_TRY(file->size());
  }
  const auto text = read_file(env_, path_join(folder, "manifest.json"));
  const auto manifest = text ? parse_json(*text) : Result<Json>(Json());
  if (manifest)
    out.started_at = parse_rfc3339((*manifest)["started_at"].as_string()).value_or(out.started_at);
  return out;
}

Result<> Evidence::sweep(std::string_view working_on) {
  const std::string root = path_join(parts_.data_folder, "evidence");
  if (!env_.exists(root)) return {};
  std::vector<Kept> kept;
  std::uint64_t total_bytes = 0;
  for (const auto& entry : PHENDAU_TRY(env_.list(root))) {
    if (!entry.is_directory) continue;
    kept.push_back(PHENDAU_TRY(kept_of(entry.name)));
    total_bytes += kept.back().size_bytes;
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const Kept& a, const Kept& b) { return a.started_at < b.started_at; });
  const UtcTime now = env_.now();
  for (const auto& one : kept) {
    const bool old = one.started_at.ns == INT64_MIN || now - one.started_at > kEvidenceKeptMax;
    if (one.order == working_on || (!old && total_bytes <= parts_.kept_bytes_max)) continue;
    const std::string folder = path_join(root, one.order);
    for (const auto& file : PHENDAU_TRY(env_.list(folder)))
      PHENDAU_TRY(env_.remove_file(path_join(folder, file.name)));
    PHENDAU_TRY(env_.remove_dir(folder));
    total_bytes -= one.size_bytes;
    ++dropped_;
    PHENDAU_LOG(warn, "collected_files_dropped", {"order", one.order}, {"bytes", one.size_bytes},
                {"why", old ? "age" : "size"});
  }
  return {};
}

}  // namespace phendau::agent
