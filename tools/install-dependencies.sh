#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Installs the Debian packages that are missing, if any are. Usage: install-dependencies.sh build|demo|suites|test|vm|static|deb|runtimes|cross-ARCH...
set -euo pipefail
cd "$(dirname "$0")/.."

# The names have no versions, so each release installs its own.
declare -A packages=(
	[build]='gcc libc6-dev make clang llvm bpftool libbpf-dev libelf-dev libjansson-dev libncurses-dev libnl-3-dev libyaml-dev'
	[demo]='busybox-static mount'
	[suites]='libcriterion-dev'
	[static]='pkg-config zlib1g-dev'
	[deb]='debhelper dpkg-dev fakeroot libcriterion-dev libslurm-dev'
	[test]='busybox-static crun g++ iproute2 libclang-rt-dev libcriterion-dev mandoc pkg-config procps python3-jsonschema
		runc shellcheck systemd util-linux'
	[vm]='bsdextrautils busybox-static cpio e2fsprogs kmod libnghttp2-dev mmdebstrap qemu-system-x86 xz-utils zstd'
	[runtimes]='mmdebstrap patchelf'
	[cross-arm64]='gcc-aarch64-linux-gnu libc6-dev-arm64-cross mmdebstrap qemu-system-arm qemu-user-static'
	[cross-s390x]='gcc-s390x-linux-gnu libc6-dev-s390x-cross mmdebstrap qemu-system-misc qemu-user-static'
	[cross-riscv64]='gcc-riscv64-linux-gnu libc6-dev-riscv64-cross mmdebstrap qemu-user-static'
)

for group in "${@:-none}"; do
	if [[ -z ${packages[$group]-} ]]; then
		echo "Usage: $0 build|demo|suites|test|vm|static|deb|runtimes|cross-ARCH..." >&2
		exit 2
	fi
done
if ! command -v apt-get >/dev/null; then
	echo "$0: this is no Debian; the like of these packages has to be there already: ${packages[*]}" >&2
	exit 0
fi

list_missing() { # PACKAGE...
	comm -13 <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p' | sort -u) \
		<(printf '%s\n' "$@" | sort -u)
}

is_offered() { # PACKAGE
	[[ -n $(apt-cache show --no-all-versions "$1" 2>/dev/null) ]]
}

# apt COMMAND...: runs it as root, and is silent unless it fails.
apt() {
	local log

	if ! log=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" 2>&1); then
		printf '%s\n' "$log" >&2
		echo "$0: 'apt-get $*' failed; see above." >&2
		exit 1
	fi
}

mapfile -t wanted < <(for group in "$@"; do tr -s '[:space:]' '\n' <<<"${packages[$group]}"; done)
mapfile -t missing < <(list_missing "${wanted[@]}")
as_root=()
if ((EUID != 0)); then
	as_root=(sudo)
	if ! command -v sudo >/dev/null; then
		if ((${#missing[@]})); then
			echo "$0: packages are missing and there is no sudo; as root, run: apt-get install ${missing[*]}" >&2
			exit 1
		fi
		exit 0
	fi
fi
optional=()
if [[ " $* " == *" test "* ]]; then
	# Their findings differ between versions, so install only the version of the tree, if the release has it.
	llvm=$(tools/lint.sh --llvm-version)
	mapfile -t optional < <(list_missing "clang-format-$llvm" "clang-tidy-$llvm")
fi
# A fresh system has no package lists.
if ((${#missing[@]})) || { ((${#optional[@]})) && ! is_offered make; }; then
	apt update
fi
for package in "${optional[@]}"; do
	if is_offered "$package"; then
		missing+=("$package")
	fi
done
if ((${#missing[@]})); then
	echo "Installing ${missing[*]}"
	apt install --yes --no-install-recommends "${missing[@]}"
fi
