#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runs `make demo`, and with --test also `make test`, in a fresh clone of this tree: in a new chroot of a Debian release
# with only git and make, once as root and once as a user, first without and then with sudo. With --only, a test program
# is also built there, and those of its tests run that a pattern names. It needs root and leaves nothing behind.
# Usage: fresh.sh [--test] [--only PROGRAM PATTERN]... [--as root|user] [SUITE]...
set -euo pipefail

usage="Usage: $0 [--test] [--only PROGRAM PATTERN]... [--as root|user] [SUITE]..., a suite being a Debian release such as
bookworm or trixie, and a program one such as build/system-tests"
arguments=("$@")
users='root user'
targets='demo'
suites=()
programs=()
patterns=()
failed=0
while (($#)); do
	case $1 in
	--test) targets='demo test' ;;
	--only)
		programs+=("${2-}")
		patterns+=("${3-}")
		[[ -n ${3-} ]] || users=
		shift $(($# < 3 ? $# - 1 : 2))
		;;
	--as)
		users=${2-}
		shift || true
		;;
	-*) users= ;;
	*) suites+=("$1") ;;
	esac
	shift || true
done
if [[ ! $users =~ ^(root|user|root user)$ ]]; then
	echo "$usage" >&2
	exit 2
fi
if ((EUID != 0)); then
	echo "$0: making a chroot needs root; run it with sudo." >&2
	exit 1
fi
if ((${#suites[@]} == 0)); then
	suites=(bookworm trixie)
fi

source=$(realpath "$(dirname "$0")/..")
# shellcheck disable=SC1091 # it is checked by itself
. "$source/tools/chroot.sh"
if [[ -z ${CGFENCE_FRESH-} ]]; then
	own_mounts CGFENCE_FRESH "$0" "${arguments[@]}"
fi
directory=$CGFENCE_FRESH

# Without sudo the command fails, and its message explains what to do.
expect_advice() { # FOLDER USER
	local said

	if said=$(enter "$1" "$2" /home/cgfence make demo 2>&1) || [[ $said != *"as root, run: apt-get install "* ]]; then
		printf '%s\n' "$said" "$0: a user without sudo is not told what to do." >&2
		exit 1
	fi
}

add_sudo() { # FOLDER USER
	quietly enter "$1" root / apt-get -qq update
	quietly enter "$1" root / env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends sudo
	echo "$2 ALL=(ALL) NOPASSWD: ALL" >"$1/etc/sudoers.d/$2"
}

# run_tests FOLDER USER: the library is that of the demonstration, so only the tests themselves are built without
# optimisation, which is soon done.
run_tests() {
	local as_root=() i

	[[ $2 == root ]] || as_root=(sudo)
	enter "$1" "$2" /home/cgfence tools/install-dependencies.sh suites
	enter "$1" "$2" /home/cgfence make -j"$(nproc)" CFLAGS=-O0 HARDENING= "${programs[@]}"
	for i in "${!programs[@]}"; do
		enter "$1" "$2" /home/cgfence "${as_root[@]}" env CGFENCE_TEST_STRICT="${CGFENCE_TEST_STRICT-}" \
			CGFENCE_PROGRAM=build/cgfence tools/run-tests.sh "${patterns[i]}" "${programs[i]}" || failed=1
	done
}

try_as() { # SUITE USER
	local folder=$directory/$1-$2 target started

	cp --archive "$directory/$1" "$folder"
	mount_kernel "$folder"
	quietly git clone "$source" "$folder/home/cgfence"
	if [[ $2 != root ]]; then
		chroot "$folder" useradd "$2"
		chroot "$folder" chown --recursive "$2:$2" /home/cgfence
		expect_advice "$folder" "$2"
		add_sudo "$folder" "$2"
	fi
	for target in $targets; do
		echo "== make $target in a fresh $1 as $2"
		started=$SECONDS
		enter "$folder" "$2" /home/cgfence make "$target"
		echo "== make $target in a fresh $1 as $2: well after $((SECONDS - started)) s"
	done
	if ((${#programs[@]})); then
		started=$SECONDS
		run_tests "$folder" "$2"
		echo "== ${programs[*]} in a fresh $1 as $2: done after $((SECONDS - started)) s"
	fi
	umount --recursive --lazy "$folder"/{proc,sys,dev}
	rm -rf --one-file-system "$folder"
}

for suite in "${suites[@]}"; do
	make_chroot "$suite" git,make
	for user in $users; do
		try_as "$suite" "$user"
	done
done
((failed == 0))
