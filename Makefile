# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `make help` lists the targets. Everything that is made goes into build/.

PREFIX ?= /usr/local
DESTDIR ?=
CC = gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
SUDO ?= $(if $(filter 0,$(shell id -u)),,sudo)

VERSION := $(shell sed -n 's/^\#define CGFENCE_VERSION "\(.*\)"/\1/p' include/cgfence/cgfence.h)
SOVERSION := 0
OUT := build$(if $(ASAN),/asan)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror)
, := ,
SANITIZE := $(if $(ASAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) $(SANITIZE) -fPIC -fvisibility=hidden \
	-Iinclude -Isrc -Itests -Ibuild/bpf -isystem /usr/include/libnl3 -MMD -MP
LIBRARIES := -lbpf -lelf -lz -ljansson -lnl-3
BPF_CFLAGS = -O2 -g -target bpf -Wall -Wextra $(if $(WERROR),-Werror) -Iinclude -MMD -MP \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch)

# Line numbers of programs that each fence loads would take a third of the kernel memory of a fence. They stand where libbpf
# finds what to adapt to the kernel, so programs that read kernel structures keep them.
LINELESS := $(patsubst bpf/%.bpf.c,%,$(shell grep -L kernel_types.bpf.h bpf/*.bpf.c))
REMOVE_LINES := llvm-objcopy --remove-section=.BTF.ext --remove-section=.rel.BTF.ext

SKELETONS := $(patsubst bpf/%.bpf.c,build/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
# The program is what prints; all else of src/ is the library.
PROGRAM_FOLDERS := report daemon cli
PROGRAM_SOURCES := $(wildcard $(PROGRAM_FOLDERS:%=src/%/*.c))
LIB_SOURCES := $(filter-out $(PROGRAM_SOURCES),$(wildcard src/*/*.c))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OUT)/%.o)
CLI_OBJECTS := $(PROGRAM_SOURCES:%.c=$(OUT)/%.o)
TEST_PROGRAMS := $(patsubst %,$(OUT)/%-tests,unit system cli faults)
BENCH_OBJECTS := $(patsubst %.c,build/%.o,$(filter-out %.bpf.c,$(wildcard tools/bench/*.c)))
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/*.c))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))

MANUAL := build/cgfence.8 build/cgfence-policy.5
all: $(OUT)/cgfence $(OUT)/libcgfence.so $(MANUAL) build/libcgfence.pc ## build the program, the library and the manual

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14
	@echo "Variables: V=1 shows commands, ASAN=1 builds with sanitizers, WERROR=1, PREFIX, DESTDIR."

build/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@
	$(Q)$(if $(filter $(LINELESS),$*),$(REMOVE_LINES) $@)

build/bpf/%.skel.h: build/bpf/%.bpf.o
	$(call say,SKELETON,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.new && mv $@.new $@

$(OUT)/%.o: %.c | $(SKELETONS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(OUT)/libcgfence.a: $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(OUT)/libcgfence.so: $(LIB_OBJECTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) -shared -Wl,-z,nodelete -Wl,-soname,libcgfence.so.$(SOVERSION) $^ $(LIBRARIES) -o $@

$(OUT)/cgfence: $(CLI_OBJECTS) $(OUT)/libcgfence.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $^ $(LIBRARIES) -o $@

$(MANUAL): build/%: tools/%.in tools/manual.sh build/cgfence
	$(call say,MAN,$@)
	$(Q)tools/manual.sh build/cgfence < $< > $@.new && mv $@.new $@

build/libcgfence.pc: tools/libcgfence.pc.in Makefile
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< > $@

test_objects = $(patsubst %.c,$(OUT)/%.o,$(wildcard $(1:%=tests/%/*.c) $(1:%=tests/%/*/*.c) tests/support/*.c))
$(OUT)/unit-tests: $(call test_objects,unit) $(patsubst %,$(OUT)/src/%.o,cli/duration report/printable report/stream report/width)
$(OUT)/system-tests: $(call test_objects,system)
$(OUT)/cli-tests: $(call test_objects,cli)
$(OUT)/faults-tests: $(call test_objects,faults)
$(TEST_PROGRAMS): $(OUT)/libcgfence.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(filter %.o,$^) $(filter %.a,$^) -lcriterion $(LIBRARIES) -o $@

# The programs of a fence as bpftool can load them, beside which attach is measured.
PLAIN_OBJECTS := $(LINELESS:%=build/bench-bpf/%.bpf.o)
build/bench-bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DPOLICY_LOOKED_UP -c $< -o $@
	$(Q)$(REMOVE_LINES) $@

build/bench-peers.bpf.o: tools/bench/peers.bpf.c tools/bench/peers.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

build/bpf/bench_peers.skel.h: build/bench-peers.bpf.o
	$(call say,SKELETON,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name bench_peers > $@.new && mv $@.new $@

$(BENCH_OBJECTS): build/bpf/bench_peers.skel.h
build/bench: $(BENCH_OBJECTS) build/libcgfence.a | $(PLAIN_OBJECTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $^ $(LIBRARIES) -lm -o $@

build/fuzz/%: tests/fuzz/%.c $(LIB_SOURCES) $(wildcard src/*/*.h include/cgfence/*.h) | $(SKELETONS)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Iinclude -Isrc -Ibuild/bpf -isystem /usr/include/libnl3 $< $(LIB_SOURCES) $(LIBRARIES) -o $@

deps: ## install the packages that building, testing and the demonstration need
	$(Q)tools/install-dependencies.sh

demo: deps ## install what is missing, build, and show the main job on this kernel
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(SUDO) tools/demo.sh build/cgfence

test: deps ## install what is missing, build, and run all tests and lint
	$(Q)$(MAKE) --no-print-directory WERROR=1 all build/system-tests build/faults-tests $(FUZZ_TARGETS)
	$(Q)$(MAKE) --no-print-directory WERROR=1 ASAN=1 build/asan/cgfence build/asan/unit-tests build/asan/cli-tests
	$(Q)$(MAKE) --no-print-directory lint
	$(Q)$(SUDO) env CGFENCE_TEST_STRICT=$(CGFENCE_TEST_STRICT) tools/run-tests.sh

test-vm: deps ## run the system tests under other kernels, in virtual machines; KERNELS="5.10 6.1-lsm" for some
	$(Q)$(MAKE) --no-print-directory WERROR=1 build/cgfence build/system-tests
	$(Q)tools/test-vm.sh build/cgfence build/system-tests $(KERNELS)

bench: deps ## measure beside what people use today, in up to 10 minutes; ONLY="device-check" for one suite
	$(Q)$(MAKE) --no-print-directory WERROR=1 build/cgfence build/bench
	$(Q)$(SUDO) build/bench --json build/bench.json --picture build/bench.svg $(addprefix --only ,$(ONLY))

soak: deps ## let processes open and close listeners at random for a minute, and watch over them
	$(Q)$(MAKE) --no-print-directory WERROR=1 build/cgfence build/system-tests
	$(Q)$(SUDO) env CGFENCE_SOAK_SECONDS=$(or $(CGFENCE_SOAK_SECONDS),60) \
		CGFENCE_SOAK_BOUND_MS=$(or $(CGFENCE_SOAK_BOUND_MS),2000) build/system-tests --filter 'reconcile_soak/*'

fuzz: $(FUZZ_TARGETS) ## look for new faults in the policy parser for a minute
	$(Q)mkdir -p build/corpus && build/fuzz/policy -max_total_time=60 build/corpus tests/fuzz/corpus/policy

lint: $(SKELETONS) $(MANUAL) ## check formatting, C, shell, the systemd unit and the manual
	$(Q)tools/lint.sh

install: all ## install to DESTDIR and PREFIX
	install -D -m 0755 build/cgfence $(DESTDIR)$(PREFIX)/sbin/cgfence
	install -D -m 0755 build/libcgfence.so $(DESTDIR)$(PREFIX)/lib/libcgfence.so.$(VERSION)
	ln -sf libcgfence.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libcgfence.so.$(SOVERSION)
	ln -sf libcgfence.so.$(SOVERSION) $(DESTDIR)$(PREFIX)/lib/libcgfence.so
	install -D -m 0644 build/libcgfence.a $(DESTDIR)$(PREFIX)/lib/libcgfence.a
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/include/cgfence include/cgfence/*.h
	install -D -m 0644 build/libcgfence.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/libcgfence.pc
	install -D -m 0644 build/cgfence.8 $(DESTDIR)$(PREFIX)/share/man/man8/cgfence.8
	install -D -m 0644 build/cgfence-policy.5 $(DESTDIR)$(PREFIX)/share/man/man5/cgfence-policy.5
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@PREFIX@|$(PREFIX)|' tools/cgfence-watch.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/cgfence-watch.service
	install -D -m 0644 tools/policy.schema.json $(DESTDIR)$(PREFIX)/share/cgfence/policy.schema.json
	install -D -m 0644 tools/cgfence.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cgfence

clean: ## remove what was built, downloads included
	rm -rf build

-include $(wildcard build/bpf/*.d build/bench-bpf/*.d) $(shell find $(OUT)/src $(OUT)/tests build/tools -name '*.d' 2>/dev/null)

.PHONY: all help deps demo test test-vm bench soak fuzz lint install clean
.SECONDARY:
.DELETE_ON_ERROR:
