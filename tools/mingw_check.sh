#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the portable part of the agent for Windows, so that no Linux header slips into it. Compiles only: the
# Windows libraries are not linked here. Skips (exit 77) with a message when the cross compiler or a library is absent.
set -u
cd "$(dirname "$0")/.." || exit 1
compiler=${MINGW_CXX:-x86_64-w64-mingw32-g++-posix}
if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "skipped: $compiler is not installed (package g++-mingw-w64-x86-64-posix)"
  exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# The host's include folder must never be on the line, only the header-only libraries in it.
mkdir "$work/include"
for library in fmt nlohmann; do
  if [ ! -d "/usr/include/$library" ]; then
    echo "skipped: the headers of $library are not installed"
    exit 77
  fi
  ln -s "/usr/include/$library" "$work/include/$library"
done
failed=0
count=0
for source in src/agent/*.cpp src/wire/*.cpp src/model/fact.cpp src/os/env.cpp \
    src/base/json.cpp src/base/time.cpp src/base/text.cpp src/base/log.cpp src/base/result.cpp src/base/ulid.cpp; do
  case $source in
    # Tests and fuzzers run on Linux; main.cpp wires Linux readers; compress.cpp needs zstd for Windows.
    *_test.cpp | *_fuzz.cpp | */main.cpp | src/wire/compress.cpp) continue ;;
  esac
  if "$compiler" -std=c++23 -O0 -Wall -Wextra -Wshadow -Werror -D_WIN32_WINNT=0x0A00 -DFMT_HEADER_ONLY \
      -DPHENDAU_VERSION='"0"' -include algorithm -include array -include cstring -include memory -include optional \
      -isystem "$work/include" -Isrc -c "$source" -o "$work/object.o"; then
    echo "compiled $source"
    count=$((count + 1))
  else
    echo "FAILED $source"
    failed=$((failed + 1))
  fi
done
echo "$count compiled, $failed failed"
[ "$failed" -eq 0 ]
