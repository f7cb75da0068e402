#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Makes what `make CROSS=ARCH` builds with, and busybox for virtual machines of that kind, once: Debian's cross compiler, which is installed, and the headers and libraries
# of that architecture, which come to lie in build/cross/ARCH/root, so that the host's own packages stay as they are.
# Usage: cross.sh arm64|s390x|riscv64
set -euo pipefail
cd "$(dirname "$0")/.."

# libc-bin has the locale C.UTF-8.
packages='libc6-dev libbpf-dev libelf-dev libjansson-dev libncurses-dev libnl-3-dev libyaml-dev busybox-static libc-bin'
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
case ${1-} in
arm64 | s390x) ;;
riscv64)
	# Debian 12 has the compiler alone.
	[[ $suite != bookworm ]] || suite=trixie
	;;
*)
	echo "Usage: $0 arm64|s390x|riscv64" >&2
	exit 2
	;;
esac
directory=build/cross/$1
stamp="$suite $packages"
tools/install-dependencies.sh build "cross-$1"
[[ $(cat "$directory/complete" 2>/dev/null) == "$stamp" ]] && exit

# quietly COMMAND...: shows its output only if it fails.
quietly() {
	local log

	if ! log=$("$@" 2>&1 </dev/null); then
		printf '%s\n' "$log" >&2
		echo "$0: '$1' failed; see above. If it is the archive that cannot be reached, see /etc/apt." >&2
		exit 1
	fi
}

echo "Fetching the libraries of $1."
rm -rf "$directory"/{root,root.tar,complete}
mkdir -p "$directory"
work=$(mktemp -d -t cgfence-cross.XXXXXX)
trap 'rm -rf "$work"' EXIT
tools/debian-sources.sh "$suite" >"$work/sources.list"
# apt reaches the archive as on this host, by its proxy and with its authentication.
{
	apt-config dump | grep -E '^Acquire::(http|https|Check|Force|Retries)' || true
	echo 'Dir::Etc::netrc "/etc/apt/auth.conf";'
	echo 'Dir::Etc::netrcparts "/etc/apt/auth.conf.d";'
} >"$work/apt.conf"
# Packages are unpacked and nothing of them runs, so no emulator is needed.
mode=root
((EUID == 0)) || mode=unshare
quietly mmdebstrap --variant=extract --mode="$mode" --architectures="$1" --include="${packages// /,}" \
	--aptopt="$work/apt.conf" "$suite" "$directory/root.tar" "$work/sources.list"
mkdir "$directory/root"
tar -xf "$directory/root.tar" -C "$directory/root" --no-same-owner --exclude='./dev' --exclude='./etc' --exclude='./var' \
	--exclude='./usr/share'
[[ -e $directory/root/lib ]] || ln -s usr/lib "$directory/root/lib"
rm "$directory/root.tar"
# The linker would follow absolute links into the host.
find "$directory/root" -type l -lname '/*' -printf '%p\t%l\n' |
	while IFS=$'\t' read -r link target; do
		ln -sfrT "$directory/root$target" "$link"
	done
echo "$stamp" >"$directory/complete"
