// SPDX-License-Identifier: Apache-2.0
#include "hub/pdf_maker.h"

#include <fmt/format.h>

#include "base/log.h"
#include "os/process.h"

namespace phendau::hub {
namespace {

/// A folder for one paper, gone when done.
class Job {
 public:
  Job(Env& env, std::string folder) : env_(env), folder_(std::move(folder)) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job() {
    const auto files = env_.list(folder_);
    if (files) {
      for (const auto& file : *files) (void)env_.remove_file(path_join(folder_, file.name));
    }
    (void)env_.remove_dir(folder_);
  }
  std::string path(std::string_view name) const { return path_join(folder_, name); }
  const std::string& folder() const { return folder_; }

 private:
  Env& env_;
  const std::string folder_;
};

Result<> write_whole(Env& env, const std::string& path, std::string_view bytes) {
  const auto file = PHENDAU_TRY(env.open(path, OpenMode::create_new));
  return file->append(bytes);
}

std::unexpected<Error> without(const Error& error, std::string text_id) {
  if (error.code == ErrorCode::not_found)
    return fail(ErrorCode::unavailable, error.message, std::move(text_id));
  return std::unexpected(error);
}

}  // namespace

/// One works and one waits; policy `refuse` for who comes then, or waited too long: no more workers of the
/// API are held, and whoever asks again a little later is served.
class PdfMaker::Turn {
 public:
  explicit Turn(PdfMaker& maker) : maker_(maker) {
    std::unique_lock lock(maker_.mu_);
    if (++maker_.inside_ > kPdfInsideMax) return;
    has_come_ = maker_.freed_.wait_for(lock, maker_.programs_.wait_max, [&] { return !maker_.works_; });
    if (has_come_) maker_.works_ = true;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    {
      const std::lock_guard lock(maker_.mu_);
      --maker_.inside_;
      if (has_come_) maker_.works_ = false;
    }
    maker_.freed_.notify_all();
  }
  bool has_come() const { return has_come_; }
  std::unexpected<Error> refused() const {
    PHENDAU_LOG(warn, "pdf_refused", {"times", ++maker_.refused_total_});
    return fail(ErrorCode::unavailable, "LibreOffice is busy with other papers", "paper.pdf_busy");
  }

 private:
  PdfMaker& maker_;
  bool has_come_ = false;
};

Result<std::string> PdfMaker::folder_of_job() {
  std::string folder = path_join(folder_, new_ulid(env_));
  PHENDAU_TRY(env_.make_dirs(folder, 0700));
  return folder;
}

Result<std::string> PdfMaker::pdf_of(std::string_view docx) {
  const Turn turn(*this);
  if (!turn.has_come()) return turn.refused();
  const Job job(env_, PHENDAU_TRY(folder_of_job()));
  PHENDAU_TRY(write_whole(env_, job.path("paper.docx"), docx));
  ProgramLimits limits;
  limits.timeout = programs_.timeout;
  const auto done = run_program(
      {programs_.office, fmt::format("-env:UserInstallation=file://{}", path_join(folder_, "profile")),
       "--headless", "--norestore", "--nologo", "--nolockcheck", "--convert-to", "pdf", "--outdir",
       job.folder(), job.path("paper.docx")},
      {}, limits);
  if (!done) return without(done.error(), "paper.no_libreoffice");
  auto pdf = read_file(env_, job.path("paper.pdf"), kPdfBytesMax);
  if (done->exit_code != 0 || !pdf) {
    PHENDAU_LOG(warn, "pdf_not_made", {"exit", std::to_string(done->exit_code)},
                {"said", (done->err + done->out).substr(0, 500)});
    return fail(ErrorCode::unavailable, "LibreOffice made no PDF: " + done->err.substr(0, 300),
                "paper.pdf_failed");
  }
  return pdf;
}

Result<std::vector<std::string>> PdfMaker::pages_of(std::string_view pdf) {
  const Turn turn(*this);
  if (!turn.has_come()) return turn.refused();
  const Job job(env_, PHENDAU_TRY(folder_of_job()));
  PHENDAU_TRY(write_whole(env_, job.path("paper.pdf"), pdf));
  ProgramLimits limits;
  limits.timeout = programs_.timeout;
  const auto done = run_program({programs_.painter, "-r", "80", "-png", "-l",
                                 std::to_string(kPreviewPagesMax), job.path("paper.pdf"), job.path("page")},
                                {}, limits);
  if (!done) return without(done.error(), "paper.no_poppler");
  std::vector<std::string> out;
  for (const auto& file : PHENDAU_TRY(env_.list(job.folder()))) {
    if (file.name.ends_with(".png"))
      out.push_back(PHENDAU_TRY(read_file(env_, job.path(file.name), kPdfBytesMax)));
  }
  if (out.empty())
    return fail(ErrorCode::unavailable, "no page was drawn: " + done->err.substr(0, 300), "paper.pdf_failed");
  return out;
}

}  // namespace phendau::hub
