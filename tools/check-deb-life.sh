#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Installs, upgrades, removes and purges the package cgfence in a chroot while fences hold, and looks what becomes of them.
# The fences are real, on a cgroup of their own and pinned in a bpffs of their own. Needs root and a mount namespace that
# nobody else has; check-deb.sh runs it. Usage: check-deb-life.sh CHROOT OLD NEW, which are packages in the chroot
set -euo pipefail

root=$1 old=$2 new=$3
top=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)
name=cgfence-test-deb-$$

fail() {
	echo "check-deb: $*" >&2
	exit 1
}

# For the chroot it is a whole host: it has the first process, and the root directory of that one.
as_host() {
	# shellcheck disable=SC2016 # the shell inside expands it
	unshare --pid --fork --mount --propagation private -- \
		sh -c 'mount -t proc proc "$1/proc" && shift && exec chroot "$@"' as_host "$root" "$root" "$@"
}

clean_up() {
	as_host /usr/sbin/cgfence detach --all >/dev/null 2>&1 || true
	rmdir "$top/$name/job" "$top/$name/web" "$top/$name" 2>/dev/null || true
}

dpkg_quietly() {
	local log

	log=$("$1" dpkg "${@:2}" 2>&1) || fail "dpkg ${*:2}: $log"
}

in_chroot() {
	chroot "$root" "$@"
}

# expect_fences WHEN refused|allowed: what becomes of an open that the policy does not allow, in both.
expect_fences() {
	local cgroup outcome

	for cgroup in web job; do
		outcome=allowed
		# shellcheck disable=SC2016 # the shell inside expands it
		sh -c 'echo $$ >"$1/cgroup.procs" && { : </dev/full; } 2>/dev/null' sh "$top/$name/$cgroup" || outcome=refused
		[[ $outcome == "$2" ]] || fail "$1, /dev/full is $outcome in the fence on '$cgroup'."
	done
}

expect_gone() {
	local left

	left=$(find "$root/etc" "$root/lib/systemd" "$root/usr" "$root/var/lib" "$root/run" "$root/sys/fs/bpf" -xdev -name '*cgfence*')
	[[ -z $left ]] || fail "purge left $left"
}

mount -t bpf -o mode=0700 bpf "$root/sys/fs/bpf"
trap clean_up EXIT
mkdir -p "$top/$name/job" "$top/$name/web"

dpkg_quietly as_host --install "$old"
echo '{"devices": {"defaults": true}}' >"$root/etc/cgfence/policies/ours.json"
echo '{"devices": {"allow": ["/dev/null rw"]}}' >"$root/tmp/closed.json"
as_host cgfence attach "/$name/web" /tmp/closed.json >/dev/null
as_host cgfence attach "/$name/j*" /tmp/closed.json >/dev/null
expect_fences "after attach" refused

dpkg_quietly as_host --install "$new"
expect_fences "after an upgrade" refused
[[ $(as_host cgfence list | wc -l) == 3 ]] || fail "an upgrade does not see the fences of the older one."

dpkg_quietly as_host --remove cgfence
expect_fences "after a removal" refused
[[ -x $root/var/lib/cgfence/cgfence ]] || fail "a removal leaves nothing that could detach the fences."
[[ -e $root/etc/cgfence/policies/ours.json ]] || fail "a removal takes policies away."
dpkg_quietly as_host --install "$new"
expect_fences "after another installation" refused
[[ ! -e $root/var/lib/cgfence ]] || fail "an installation leaves the copy of the one before."

# Fences are the host's, not those of a chroot.
dpkg_quietly in_chroot --remove cgfence
[[ ! -e $root/var/lib/cgfence ]] || fail "a removal in a chroot takes the fences for its own."
dpkg_quietly as_host --install "$new"
dpkg_quietly as_host --remove cgfence
dpkg_quietly in_chroot --purge cgfence
expect_fences "after a purge in a chroot" refused

dpkg_quietly as_host --install "$new"
dpkg_quietly as_host --purge cgfence
expect_fences "after a purge" allowed
expect_gone
