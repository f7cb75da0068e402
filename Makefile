# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `make help` lists the targets and variables. Everything that is made goes into build/.

## V=1            show the commands
## ASAN=1         build with sanitizers, in build/asan
## WERROR=1       make warnings errors
## CROSS          build for arm64, s390x or riscv64, in build/cross, once tools/cross.sh has fetched what that takes
## CC CLANG       compilers of the program and of what runs in the kernel
## CFLAGS LDFLAGS for the program and the library (-O2 -g)
## HARDENING      more of them; make it empty for -O0
## PREFIX         where install puts things (/usr/local)
## LIBDIR         the libraries (PREFIX/lib)
## UNITDIR        the systemd units (PREFIX/lib/systemd/system)
## HOOKSDIR       where podman and CRI-O read hooks (/usr/share/containers/oci/hooks.d)
## SHARED=1       the program has none of the libraries in it, as distributions want it
## DESTDIR        what stands before all of these while a package is made
## SUDO           how demo and test become root (sudo, if it is there)
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
UNITDIR ?= $(PREFIX)/lib/systemd/system
HOOKSDIR ?= /usr/share/containers/oci/hooks.d
DESTDIR ?=
CC = $(TRIPLET)gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
SUDO ?= $(if $(filter 0,$(shell id -u)),,$(shell command -v sudo))

VERSION := $(shell sed -n 's/^\#define CGFENCE_VERSION "\(.*\)"/\1/p' include/cgfence/cgfence.h)
SOVERSION := 1
BASE := build$(if $(CROSS),/cross/$(CROSS))
OUT := $(BASE)$(if $(ASAN),/asan)
# Of another architecture: what its tools begin with, where its headers and libraries are, and the order of its bytes.
TRIPLET := $(if $(CROSS),$(CROSS:arm64=aarch64)-linux-gnu-)
ROOT := $(if $(CROSS),$(BASE)/root)
SYSROOT := $(if $(CROSS),--sysroot=$(ROOT) -B$(ROOT)/usr/lib/$(TRIPLET:-=))
BPF_TARGET := bpf$(if $(CROSS),$(if $(filter s390x,$(CROSS)),eb,el))

, := ,
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror)
SANITIZE := $(if $(ASAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
# The sanitizers check more, and do not see what is checked before them.
HARDENING ?= $(if $(ASAN),,-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
CFLAGS ?= -O2 -g
# No path of the machine that builds gets into what is built.
NO_PATHS := -ffile-prefix-map=$(CURDIR)=.
INCLUDES := -Iinclude -Isrc -Itests $(if $(CROSS),-isystem tests/plain) -I$(BASE)/bpf -isystem $(ROOT)/usr/include/libnl3
ALL_CFLAGS = $(SYSROOT) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(HARDENING) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) $(NO_PATHS) \
	-fPIC -fvisibility=hidden $(INCLUDES) -MMD -MP
LINK = $(CC) $(SYSROOT) $(CFLAGS) $(SANITIZE) -Wl,-z,relro,-z,now $(LDFLAGS)
LIBRARIES := -lbpf -lelf -ljansson -lnl-3 -lyaml
# The loader takes 0.06 ms to find and to link one, so the program has those of which there is an archive in it. ASAN sees
# into others only. The archive of libelf is tried: in Debian 13 it calls functions that nothing has.
archive = $(shell $(CC) $(SYSROOT) $(LDFLAGS) -print-file-name=lib$(1).a)
put_in = $(if $(filter /%,$(call archive,$(1))),-l:lib$(1).a,-l$(1))
LIBELF_IN := -l:libelf.a -l:libz.a
LIBELF = $(shell echo 'int elf_begin(void); int main(void) { return elf_begin(); }' | \
	$(CC) $(SYSROOT) $(LDFLAGS) -x c - $(LIBELF_IN) -o /dev/null 2>/dev/null && echo $(LIBELF_IN) || echo -lelf -lz)
PROGRAM_LIBRARIES = $(if $(SHARED)$(ASAN),$(LIBRARIES),$(foreach l,bpf jansson nl-3 yaml,$(call put_in,$l)) $(LIBELF))
BPF_CFLAGS = -O2 -g -target $(BPF_TARGET) -Wall -Wextra $(if $(WERROR),-Werror) $(NO_PATHS) -Iinclude -MMD -MP \
	-idirafter $(ROOT)/usr/include/$(shell $(CC) -print-multiarch)

# Line numbers of programs that each fence loads would take a third of the kernel memory of a fence. They stand where libbpf
# finds what to adapt to the kernel, so programs that read kernel structures keep them.
LINELESS := $(patsubst bpf/%.bpf.c,%,$(shell grep -L kernel_types.bpf.h bpf/*.bpf.c))
REMOVE_LINES := --remove-section=.BTF.ext --remove-section=.rel.BTF.ext

SKELETONS := $(patsubst bpf/%.bpf.c,$(BASE)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
KERNEL_NAMES := $(BASE)/bpf/kernel_names.h
# The program is what prints; all else of src/ is the library, and base/ is in both.
PROGRAM_SOURCES := $(sort $(wildcard $(patsubst %,src/%/*.c,report daemon cli)))
WRAPPER_SOURCES := $(sort $(wildcard src/wrapper/*.c))
TOP_SOURCES := $(sort $(wildcard src/top/*.c))
LIB_SOURCES := $(filter-out $(PROGRAM_SOURCES) $(WRAPPER_SOURCES) $(TOP_SOURCES),$(sort $(wildcard src/*/*.c)))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OUT)/%.o)
BASE_OBJECTS := $(filter $(OUT)/src/base/%,$(LIB_OBJECTS))
PROGRAM_OBJECTS := $(PROGRAM_SOURCES:%.c=$(OUT)/%.o)
WRAPPER_OBJECTS := $(WRAPPER_SOURCES:%.c=$(OUT)/%.o)
TOP_OBJECTS := $(TOP_SOURCES:%.c=$(OUT)/%.o)
REPORT_OBJECTS := $(filter $(OUT)/src/report/%,$(PROGRAM_OBJECTS))
TEST_PROGRAMS := $(patsubst %,$(OUT)/%-tests,unit system cli faults)
BENCH_OBJECTS := $(patsubst %.c,build/%.o,$(filter-out %.bpf.c,$(sort $(wildcard tools/bench/*.c))) \
	$(patsubst %,tests/support/%.c,children clock endpoint fences memory namespaces notify stage whitelist_program))
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_SUPPORT := $(sort $(wildcard tests/fuzz/support/*.c))
EXAMPLES := $(patsubst tools/examples/%.c,build/examples/%,$(wildcard tools/examples/*.c))
MANUALS := $(patsubst tools/%.in,build/%,$(wildcard tools/*.[1-9].in))

Q := $(if $(V),,@)
say = @mkdir -p $(@D)$(if $(V),, && printf '  %-8s %s\n' $(1) $@)
AGAIN = $(Q)$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

all: $(OUT)/cgfence $(OUT)/cgfence-runtime $(OUT)/libcgfence.so $(OUT)/libcgfence.a $(OUT)/cgfence-top $(if $(CROSS),,$(MANUALS)) ## build the program, the library and the manual

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo && sed -n 's/^## /  /p' Makefile

$(BASE)/bpf/%.bpf.o: bpf/%.bpf.c Makefile
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@
	$(Q)llvm-objcopy --strip-debug $(if $(filter $(LINELESS),$*),$(REMOVE_LINES)) $@

ifeq ($(BPF_TARGET),bpfeb)
$(BASE)/bpf/twin/%.bpf.o: bpf/%.bpf.c Makefile
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -target bpfel -c $< -o $@

$(BASE)/bpf/%.skel.h: $(BASE)/bpf/twin/%.bpf.o $(BASE)/bpf/%.bpf.o tools/skeleton.sh
	$(call say,SKELETON)
	$(Q)tools/skeleton.sh $(BPFTOOL) $< $*_bpf $(BASE)/bpf/$*.bpf.o > $@.new && mv $@.new $@
else
$(BASE)/bpf/%.skel.h: $(BASE)/bpf/%.bpf.o
	$(call say,SKELETON)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.new && mv $@.new $@
endif

# What they read of the kernel. bpftool reads no objects of the other byte order, whose names are the same.
NAMING := $(filter-out $(LINELESS),$(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c)))
NAMING_OBJECTS := $(NAMING:%=$(BASE)/bpf/$(if $(filter bpfeb,$(BPF_TARGET)),twin/)%.bpf.o)
$(KERNEL_NAMES): $(NAMING_OBJECTS) tools/kernel-names.awk
	$(call say,NAMES)
	$(Q)for object in $(filter %.o,$^); do $(BPFTOOL) btf dump file $$object format raw || exit; done > $@.dump
	$(Q)awk -f tools/kernel-names.awk $@.dump > $@.new && rm $@.dump && mv $@.new $@

$(OUT)/%.o: %.c Makefile | $(SKELETONS) $(KERNEL_NAMES)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

# One object, so that the names that its parts share among themselves can end here.
$(OUT)/libcgfence.o: $(LIB_OBJECTS)
	$(call say,LD)
	$(Q)$(TRIPLET)ld -r $^ -o $@ && $(TRIPLET)objcopy --localize-hidden $@

$(OUT)/libcgfence.a: $(OUT)/libcgfence.o
	$(call say,AR)
	$(Q)rm -f $@ && $(TRIPLET)ar rcsD $@ $^

$(OUT)/libcgfence.so: $(LIB_OBJECTS) tools/libcgfence.map
	$(call say,LD)
	$(Q)$(LINK) -shared -Wl,-soname,libcgfence.so.$(SOVERSION) -Wl,--version-script=tools/libcgfence.map \
		$(LIB_OBJECTS) $(LIBRARIES) -o $@
	$(Q)ln -sf libcgfence.so $@.$(SOVERSION)

# With the archive, the program starts 0.07 ms sooner than with the shared library, and runs without ldconfig.
$(OUT)/cgfence: $(PROGRAM_OBJECTS) $(BASE_OBJECTS) $(OUT)/libcgfence.a
	$(call say,LD)
	$(Q)$(LINK) -pie $^ $(PROGRAM_LIBRARIES) -o $@

$(OUT)/cgfence-runtime: $(WRAPPER_OBJECTS) $(BASE_OBJECTS)
	$(call say,LD)
	$(Q)$(LINK) -pie $^ -ljansson -o $@

# A program of its own, for the library that it alone needs.
$(OUT)/cgfence-top: $(TOP_OBJECTS) $(REPORT_OBJECTS) $(BASE_OBJECTS) $(OUT)/libcgfence.a
	$(call say,LD)
	$(Q)$(LINK) -pie $^ $(LIBRARIES) -lncursesw -ltinfo -o $@

# For a Linux without any of the libraries. It differs from the others in the one part that loads libraries itself. The
# linker warns of functions of libnl that do so, too, which nothing here calls.
build/static/%.o: %.c Makefile | $(SKELETONS)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -DCGFENCE_STATIC -c $< -o $@

build/static/cgfence: $(PROGRAM_OBJECTS) $(patsubst build/%/bus.o,build/static/%/bus.o,$(LIB_OBJECTS))
	$(call say,LD)
	$(Q)$(LINK) -s -static-pie -Wl,--no-warnings $^ $$(pkg-config --static --libs libbpf jansson libnl-3.0 yaml-0.1) -o $@

# With the shared library, only to show that its public interface is enough for the program.
$(OUT)/cgfence-shared: $(PROGRAM_OBJECTS) $(BASE_OBJECTS) | $(OUT)/libcgfence.so
	$(call say,LD)
	$(Q)$(LINK) -pie $^ -L$(OUT) -lcgfence '-Wl,-rpath,$$ORIGIN' $(LIBRARIES) -o $@

# As another project would build them, with the shared library.
$(EXAMPLES): build/examples/%: tools/examples/%.c build/libcgfence.so Makefile
	$(call say,CC)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) -Iinclude -MMD -MP $< -Lbuild -lcgfence '-Wl,-rpath,$$ORIGIN/..' -o $@

# For the Slurm that its headers are of, that of this host or of the full machine; slurmstepd has the functions of SPANK.
build/slurm/cgfence.so build/host/slurm/cgfence.so: $(wildcard tools/slurm/*.[ch]) build/libcgfence.so Makefile
	$(call say,LD)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(HARDENING) $(CPPFLAGS) $(CFLAGS) $(NO_PATHS) -Iinclude -fPIC -shared \
		-Wl,-z,relro,-z,now $(LDFLAGS) $(filter %.c,$^) -Lbuild -lcgfence -o $@

$(MANUALS): build/%: tools/%.in tools/manual.sh tools/manual-calls.awk $(wildcard include/cgfence/*.h) $(OUT)/cgfence
	$(call say,MAN)
	$(Q)tools/manual.sh $(OUT)/cgfence < $< > $@.new && mv $@.new $@

# Tests look into the library, so they link its objects. Not every architecture has Criterion.
test_objects = $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard $(1:%=tests/%/*.c) $(1:%=tests/%/*/*.c) tests/support/*.c)))
$(OUT)/unit-tests: $(call test_objects,unit) $(filter-out %/main.o %/screen.o %/terminfo.o %/live.o,$(PROGRAM_OBJECTS) $(WRAPPER_OBJECTS) $(TOP_OBJECTS))
$(OUT)/system-tests: $(call test_objects,system) $(OUT)/tools/slurm/step.o $(OUT)/tools/slurm/ports.o
$(OUT)/cli-tests: $(call test_objects,cli)
$(OUT)/faults-tests: $(call test_objects,faults)
$(TEST_PROGRAMS): $(LIB_OBJECTS) $(if $(CROSS),$(OUT)/tests/plain/runner.o)
	$(call say,LD)
	$(Q)$(LINK) $(filter %.o,$^) $(if $(CROSS),,-lcriterion) $(LIBRARIES) -o $@

# The programs of a fence as bpftool can load them, beside which attach is measured.
PLAIN_OBJECTS := $(patsubst %,build/bench-bpf/%.bpf.o,$(filter-out standing_% lean_standing_% shared_% lean_shared_%,$(LINELESS)))
build/bench-bpf/%.bpf.o: bpf/%.bpf.c Makefile
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DPOLICY_LOOKED_UP -c $< -o $@
	$(Q)llvm-objcopy $(REMOVE_LINES) $@

build/bench-peers.bpf.o: tools/bench/peers.bpf.c Makefile
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

build/bpf/bench_peers.skel.h: build/bench-peers.bpf.o
	$(call say,SKELETON)
	$(Q)$(BPFTOOL) gen skeleton $< name bench_peers > $@.new && mv $@.new $@

$(BENCH_OBJECTS): build/bpf/bench_peers.skel.h
build/bench: $(BENCH_OBJECTS) $(LIB_OBJECTS) | $(PLAIN_OBJECTS)
	$(call say,LD)
	$(Q)$(LINK) $^ $(LIBRARIES) -lm -o $@

FUZZ_CFLAGS := -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
build/fuzz-objects/%.o: %.c Makefile | $(SKELETONS)
	$(call say,FUZZ)
	$(Q)$(CLANG) -std=gnu11 -D_GNU_SOURCE $(FUZZ_CFLAGS) $(INCLUDES) -MMD -MP -c $< -o $@

build/fuzz/%: build/fuzz-objects/tests/fuzz/%.o $(patsubst %.c,build/fuzz-objects/%.o,$(FUZZ_SUPPORT) $(LIB_SOURCES))
	$(call say,LD)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $^ $(LIBRARIES) -o $@

deps: ## install the packages that everything here needs
	$(Q)tools/install-dependencies.sh build demo test vm

demo: ## install what is missing, build, and show the main job on this kernel
	$(Q)tools/install-dependencies.sh build demo
	$(AGAIN) all
	$(Q)$(SUDO) tools/demo.sh build/cgfence

test: deps ## install what is missing, build, and run all tests, then lint
	$(AGAIN) check

check: ## run all tests, or those that ONE="suite/name" names, on what is installed
	$(AGAIN) WERROR=1 all build/system-tests build/faults-tests $(EXAMPLES) $(FUZZ_TARGETS)
	$(AGAIN) WERROR=1 ASAN=1 build/asan/cgfence build/asan/cgfence-runtime build/asan/cgfence-top build/asan/libcgfence.a build/asan/unit-tests build/asan/cli-tests
	$(Q)$(SUDO) env CGFENCE_TEST_STRICT=$(CGFENCE_TEST_STRICT) CGFENCE_TEST_FRESH=$(CGFENCE_TEST_FRESH) \
		tools/run-tests.sh '$(ONE)'

test-vm: deps ## run the system tests under other kernels, in virtual machines; KERNELS="5.10 6.1-lsm" for some
	$(AGAIN) WERROR=1 build/cgfence build/system-tests
	$(Q)tools/test-vm.sh build/cgfence build/system-tests $(KERNELS)

test-host: deps ## run tests/host under systemd, in machines with container runtimes; ONE="services/NAME" for some
	$(AGAIN) WERROR=1 all
	$(Q)$(SUDO) env ONE='$(ONE)' CGFENCE_HOST_STARTS=$(CGFENCE_HOST_STARTS) tools/test-host.sh small full

test-runtimes: deps ## run containers under runc and crun of other releases of Debian; RUNTIMES="trixie /usr/bin/runc" for some
	$(AGAIN) WERROR=1 build/cgfence build/cgfence-runtime build/cli-tests
	$(Q)$(SUDO) env CGFENCE_PROGRAM=build/cgfence CGFENCE_TEST_STRICT=$(CGFENCE_TEST_STRICT) \
		tools/test-runtimes.sh build/cli-tests $(or $(RUNTIMES),/usr/sbin/runc trixie sid)

bench: deps ## measure beside what people use today, in up to 10 minutes; ONLY="device-check" for one suite
	$(AGAIN) WERROR=1 build/cgfence build/bench
	$(Q)$(SUDO) build/bench $(ONLY)
	$(Q)awk -f tools/bench/picture.awk build/bench.json > build/bench.svg

soak: deps ## watch over listeners that come and go at random for a minute, and over containers that do, for two
	$(AGAIN) WERROR=1 build/cgfence build/system-tests
	$(Q)$(SUDO) env CGFENCE_SOAK_SECONDS=$(or $(CGFENCE_SOAK_SECONDS),60) \
		CGFENCE_SOAK_BOUND_MS=$(or $(CGFENCE_SOAK_BOUND_MS),2000) build/system-tests --filter 'reconcile_soak/*'
	$(Q)set -e; for rate in 100 0; do \
		$(SUDO) env CGFENCE_CHURN_SECONDS=$(or $(CGFENCE_SOAK_SECONDS),60) CGFENCE_CHURN_RATE=$$rate \
			build/system-tests --filter 'standing_churn/*'; \
	done

fuzz: $(FUZZ_TARGETS) ## look for new faults in what is read, for a minute each: policies, images, edits, mounts
	$(Q)set -e; for target in $(FUZZ_TARGETS:build/fuzz/%=%); do \
		mkdir -p build/corpus/$$target; \
		build/fuzz/$$target -max_total_time=$(or $(CGFENCE_FUZZ_SECONDS),60) -artifact_prefix=build/corpus/ \
			build/corpus/$$target tests/fuzz/corpus/$$target; \
	done

lint: $(SKELETONS) $(MANUALS) ## check formatting, layers, C, shell, the systemd units and the manual
	$(Q)tools/lint.sh

slurm: build/slurm/cgfence.so ## build the plugin of Slurm, which needs libslurm-dev

abi: build/libcgfence.so ## keep what the library gives out as it is now, in tools/libcgfence.abi
	$(Q)tools/abi.sh print > build/libcgfence.abi && mv build/libcgfence.abi tools/libcgfence.abi

static: ## build one static program, which needs nothing but a kernel, build/static/cgfence
	$(Q)tools/install-dependencies.sh build static
	$(AGAIN) build/static/cgfence

check-static: static ## run that program in a machine that has nothing else; KERNELS="5.10 6.12" for some
	$(Q)tools/install-dependencies.sh vm
	$(Q)tools/check-static.sh build/static/cgfence $(KERNELS)

dist: ## make the tarball of a release and its checksum, in build/dist
	$(Q)tools/dist.sh build/dist

deb: ## build the Debian packages for the release of Debian that runs here, in build/deb
	$(Q)tools/install-dependencies.sh build deb
	$(Q)tools/deb.sh build/deb

check-deb: ## build them twice and try them in new chroots of Debian 12 and 13; SUITES="--system trixie" for some, and for their tests of this kernel
	$(Q)$(SUDO) tools/check-deb.sh $(SUITES)

check-metrics: deps ## have Debian's Prometheus read what a watch writes, and ask it what the dashboard asks
	$(AGAIN) WERROR=1 build/cgfence
	$(Q)$(SUDO) tools/check-metrics.sh build/cgfence

examples: $(EXAMPLES) ## build tools/examples, programs that use the library

INSTALL = $(foreach v,PREFIX LIBDIR UNITDIR HOOKSDIR DESTDIR VERSION SOVERSION,$v='$($v)') tools/install.sh
install: all ## install to PREFIX
	$(Q)$(INSTALL) install

uninstall: ## remove what install made
	$(Q)$(INSTALL) uninstall

clean: ## remove what was built, downloads included
	rm -rf build

-include $(shell find build \( -path build/deb -o -path '*/root' \) -prune -o -type f -name '*.d' -print 2>/dev/null)

.PHONY: all abi help deps deb check-deb dist examples slurm static check-static check-metrics demo test check test-vm test-host test-runtimes bench soak fuzz lint install uninstall clean
.SECONDARY:
.DELETE_ON_ERROR:
