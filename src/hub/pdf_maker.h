// SPDX-License-Identifier: Apache-2.0
// PDF of a paper through LibreOffice, a program of its own: its own profile folder, one paper at a time,
// ended by its number when it takes too long. Without LibreOffice `unavailable` with a sentence that says
// what to install. The DOCX is the paper; a PDF is a picture of it. Thread-safe; blocks up to its limits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/env.h"

namespace phendau::hub {

inline constexpr std::size_t kPdfBytesMax = 32u << 20;
inline constexpr int kPdfInsideMax = 2;      // one works, one waits
inline constexpr int kPreviewPagesMax = 12;  // further pages are in the file

struct PdfPrograms {
  std::string office = "soffice";
  std::string painter = "pdftoppm";
  Duration timeout = seconds(60);
  std::chrono::seconds wait_max{20};  // for whoever came first
};

class PdfMaker {
 public:
  /// `folder` belongs to it; it is made on the first use.
  PdfMaker(Env& env, std::string folder, PdfPrograms programs = {})
      : env_(env), folder_(std::move(folder)), programs_(std::move(programs)) {}

  /// `unavailable`: not installed, or others are before us; `limit`: it was ended; `io`: it made nothing.
  Result<std::string> pdf_of(std::string_view docx);
  /// The first kPreviewPagesMax pages as PNG.
  Result<std::vector<std::string>> pages_of(std::string_view pdf);

 private:
  class Turn;
  Result<std::string> folder_of_job();

  Env& env_;
  const std::string folder_;
  const PdfPrograms programs_;
  std::mutex mu_;
  std::condition_variable freed_;
  int inside_ = 0;      // under mu_
  bool works_ = false;  // under mu_
  std::atomic<std::uint64_t> refused_total_ = 0;
};

}  // namespace phendau::hub
