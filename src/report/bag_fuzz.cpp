// SPDX-License-Identifier: Apache-2.0
// Tag files from anybody: the input is a whole bag, files separated by "\n--NAME\n". Judging it ends, asks
// for no file that the bag does not list, and every finding has a sentence.
#include <map>

#include "base/text.h"
#include "report/bag.h"
#include "report/bag_tags.h"

namespace {

using namespace phendau;

class FuzzedBag : public report::BagFiles {
 public:
  explicit FuzzedBag(std::string_view input) {
    std::string name = "bagit.txt";
    while (true) {
      const std::size_t mark = input.find("\n--");
      files_[name] = input.substr(0, mark == std::string_view::npos ? mark : mark + 1);
      if (mark == std::string_view::npos || files_.size() > 100) break;
      input.remove_prefix(mark + 3);
      const std::size_t end = input.find('\n');
      if (end == std::string_view::npos) break;
      name = input.substr(0, end);
      input.remove_prefix(end + 1);
    }
  }
  Result<std::vector<Entry>> list() override {
    std::vector<Entry> out;
    for (const auto& [path, bytes] : files_) out.push_back({path, bytes.size(), Kind::file});
    return out;
  }
  Result<> read(const std::string& path, const report::ZipStream::Sink& sink) override {
    PHENDAU_ASSERT(files_.contains(path) && report::is_safe_bag_path(path));
    return sink(files_[path]);
  }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedBag bag(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto report = report::verify_bag(bag);
  PHENDAU_ASSERT(report.has_value());
  for (const auto& finding : report->findings) {
    PHENDAU_ASSERT(is_valid_utf8(finding.text(Lang::vi)));
    PHENDAU_ASSERT(has_text(std::string("bag.") + std::string(to_string(finding.issue))));
  }
  return 0;
}
