// Plain main for a fuzzer: replays the files given (or found in the folders given), then 2,000 seeded random inputs.
// Linked in every normal build so that fuzzers are refactored with the code they test.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
std::vector<std::string> inputs;

void replay(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  inputs.push_back(std::move(bytes));
}
}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path(argv[i]);
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::directory_iterator(path)) {
        if (entry.is_regular_file()) replay(entry.path());
      }
    } else if (std::filesystem::exists(path)) {
      replay(path);
    }
  }
  const std::size_t seeds = inputs.size();
  std::mt19937_64 random(42);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    if (seeds > 0 && round % 4 != 0) {
      bytes = inputs[random() % seeds];
      for (int flips = 0; flips < 4 && !bytes.empty(); ++flips) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      if (round % 3 == 0) bytes.resize(random() % (bytes.size() + 1));
    } else {
      bytes.resize(random() % 512);
      for (char& c : bytes) c = static_cast<char>(random());
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("replayed %zu files and 2000 mutations\n", seeds);
  return 0;
}
