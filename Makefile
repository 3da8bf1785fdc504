# Short commands for CMake (CMakePresets.json).
#
#   make demo    set-up, build, made-up images of parts, fit, detect, eval
#   make check   set-up, build with warnings as errors, every test

JOBS = $(shell nproc 2>/dev/null || echo 2)
PREFIX ?= /usr/local
configure_release = -DBLM_TESTS=OFF

all: build-release

# Configuring again is cheap and finds changed lists of files.  Release builds need no tests.
build-%: setup
	@cmake --preset $* $(configure_$*) >/dev/null
	@cmake --build --preset $* -j $(JOBS)

setup:
	@tools/setup

demo: build-release
	@tools/demo build/release demo

check: build-dev
	@ctest --preset dev -j 2

asan tsan msan: %: build-%
	@ctest --preset $* -j 2

install: build-release
	@cmake --install build/release --prefix "$(PREFIX)"

format:
	@tools/check-format --fix

clean:
	rm -rf build demo

.PHONY: all setup demo check asan tsan msan install format clean
