#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Installs the Debian packages that are missing, if any are.
set -euo pipefail

build=(gcc libc6-dev make pkg-config clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev libjansson-dev
	libnl-3-dev)
test=(libcriterion-dev libclang-rt-14-dev clang-format clang-tidy shellcheck mandoc python3-jsonschema util-linux
	runc iproute2 systemd)
virtual_machines=(qemu-system-x86 cpio busybox-static kmod xz-utils zstd bsdextrautils)

missing=()
for package in "${build[@]}" "${test[@]}" "${virtual_machines[@]}"; do
	if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
		missing+=("$package")
	fi
done
if ((${#missing[@]} == 0)); then
	exit 0
fi

as_root=()
if ((EUID != 0)); then
	as_root=(sudo)
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
	apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
