# Stay. `make run` shows it; `make test` proves it.

PREFIX ?= /usr/local
PORT   ?= 8080
FOLDER ?= var

all: build/build.ninja
	@[ -e build/stayd ] || echo building
	@ninja -C build --quiet build.ninja >build/setup.log || \
	    { cat build/setup.log; exit 1; }
	@grep -h '^Message: ' build/setup.log || true
	@ninja -C build --quiet >build/ninja.log || { cat build/ninja.log; exit 1; }
	@grep -v '^ninja: ' build/ninja.log || true

# Anew after an installation: what it has decides what is built.
build/build.ninja: build/installed
	@meson setup $(if $(wildcard build/build.ninja),--reconfigure) build \
	    >build/setup.log || { cat build/setup.log; exit 1; }
	@grep -h '^Message: ' build/setup.log || true
	@touch $@

# Asked again when a newer tools/setup, or the web app, may want more. 4: what is
# missing is only for the web app.
build/installed: tools/setup web/package-lock.json
	@tools/setup run || [ $$? -eq 4 ]
	@tools/node-packages --build web || [ $$? -eq 4 ]
	@mkdir -p build && touch $@

# @stay/web as others install it: build/stay-web-VERSION.tgz.
web-package: all
	@tools/node-packages web
	@tools/web-ready
	@node web/make/package.mjs

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

.PHONY: all run web-package test bench check install deb deb-test clean
