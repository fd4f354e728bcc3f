# Stay. `make run` shows it; `make test` proves it.

PREFIX ?= /usr/local
PORT   ?= 8080
FOLDER ?= var

all: build/build.ninja
	@ninja -C build

build/build.ninja: | build/installed
	@meson setup build >/dev/null

# Asked again when a newer tools/setup may want more.
build/installed: tools/setup
	@tools/setup run
	@mkdir -p build && touch $@

run: all
	@build/stay-show --port $(PORT) --folder $(FOLDER)

test:
	@tools/test

bench: all
	@tools/bench

check:
	@tools/check

install: all
	@meson configure build -Dprefix=$(abspath $(PREFIX))
	@meson install -C build $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

deb:
	@tools/deb

deb-test:
	@tools/deb-test

clean:
	@rm -rf build build-*

.PHONY: all run test bench check install deb deb-test clean
