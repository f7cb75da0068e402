#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A policy that was learnt from a container build is enough for another one, and allows no more.
# shellcheck disable=SC2317 # run_tests calls the functions
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The steps run in a chroot, where they stay in the cgroup of who builds; runtimes give them another.
build() { # COMMAND...
	"$@" podman build --isolation chroot --network host --no-cache --file "$SCRATCH/build/Containerfile" "$SCRATCH/build"
}

# make_recipe DEVICE: a build with a step that reads from a device.
make_recipe() {
	mkdir -p "$SCRATCH/build/root/bin"
	cp /bin/busybox "$SCRATCH/build/root/bin/sh"
	later 'podman image prune --force'
	cat >"$SCRATCH/build/Containerfile" <<-END
		FROM scratch
		COPY root /
		RUN head -c 16 $1 >/sum
	END
}

test_a_build_by_podman() {
	make_recipe /dev/urandom
	build cgfence learn -- >"$POLICY" 2>"$LOG" || fail "$(cat "$LOG")"
	grep --quiet '"/dev/urandom r"' "$POLICY" || fail "it learnt $(cat "$POLICY")"
	build cgfence run --policy "$POLICY" --audit --fail -- || fail "the same build would be refused something by $(cat "$POLICY")"
	build cgfence run --policy "$POLICY" -- || fail "the same build is refused something by $(cat "$POLICY")"
	make_recipe /dev/zero
	if build cgfence run --policy "$POLICY" --; then
		fail "another build reads /dev/zero under $(cat "$POLICY")"
	fi
}

run_tests "$@"
