// SPDX-License-Identifier: Apache-2.0
#include "cli/bag_folder.h"

#include <filesystem>

#include "report/bag_files_zip.h"

namespace phendau::cli {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kBagPieceBytes = 1u << 20;

class FolderBag : public report::BagFiles {
 public:
  FolderBag(Env& env, std::string folder) : env_(env), folder_(std::move(folder)) {}

  Result<std::vector<Entry>> list() override {
    std::vector<Entry> out;
    std::error_code problem;
    fs::recursive_directory_iterator at(folder_, problem);
    for (; !problem && at != fs::recursive_directory_iterator(); at.increment(problem)) {
      if (out.size() > report::kBagFilesMax) {
        return fail(ErrorCode::limit, "too many files under " + folder_, "cli.too_many_files", {folder_});
      }
      const fs::file_status status = at->symlink_status(problem);
      if (problem) break;
      Entry entry;
      entry.path = at->path().lexically_relative(folder_).generic_string();
      entry.kind = fs::is_regular_file(status) ? Kind::file
                   : fs::is_directory(status)  ? Kind::folder
                                               : Kind::other;
      if (entry.kind == Kind::file) entry.size_bytes = at->file_size(problem);
      if (problem) break;
      out.push_back(std::move(entry));
    }
    if (problem) {
      return fail(ErrorCode::io, "list " + folder_ + ": " + problem.message(), "file.failed",
                  {folder_, problem.message()});
    }
    return out;
  }

  Result<> read(const std::string& path, const report::ZipStream::Sink& sink) override {
    const auto file = PHENDAU_TRY(env_.open(path_join(folder_, path), OpenMode::read));
    for (std::uint64_t offset = 0;;) {
      const std::string piece = PHENDAU_TRY(file->read_at(offset, kBagPieceBytes));
      if (piece.empty()) return {};
      offset += piece.size();
      PHENDAU_TRY(sink(piece));
    }
  }

 private:
  Env& env_;
  std::string folder_;
};

}  // namespace

Result<std::unique_ptr<report::BagFiles>> open_bag(Env& env, const std::string& path) {
  std::error_code problem;
  if (fs::is_directory(path, problem)) {
    return std::unique_ptr<report::BagFiles>(std::make_unique<FolderBag>(env, path));
  }
  const std::shared_ptr<File> file = PHENDAU_TRY(env.open(path, OpenMode::read));
  const std::uint64_t size_bytes = PHENDAU_TRY(file->size());
  return report::open_zip_bag(
      {size_bytes, [file](std::uint64_t offset, std::size_t size) { return file->read_at(offset, size); }});
}

}  // namespace phendau::cli
