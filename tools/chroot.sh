# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Functions for scripts that try something in a chroot of a Debian release. They use the variables $source, the root of this
# tree, and $directory, where chroots are made.

# own_mounts VARIABLE SCRIPT ARGUMENT...: runs the script again with a new directory in the variable, and ends with it. Nobody
# else sees the mounts it makes, and they end with its last process.
own_mounts() {
	declare -gx "$1=$(mktemp --directory --tmpdir=/var/tmp cgfence-fresh-XXXXXX)"
	# shellcheck disable=SC2064 # the name is that of now
	trap "rm -rf --one-file-system '${!1}'" EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	unshare --mount --propagation private -- "${@:2}"
	exit
}

# quietly COMMAND...: shows its output only if it fails.
quietly() {
	local log

	if ! log=$("$@" 2>&1 </dev/null); then
		printf '%s\n' "$log" >&2
		echo "$0: '$*' failed; see above." >&2
		exit 1
	fi
}

# make_chroot SUITE PACKAGES: apt reaches the archive as on this host; no other settings of the host apply.
make_chroot() {
	local parts=("$1" "$1-updates" "$1-security")

	if ! command -v mmdebstrap >/dev/null; then
		echo "Installing mmdebstrap"
		quietly apt-get -qq update
		quietly env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends mmdebstrap
	fi
	if [[ $1 == sid || $1 == unstable ]]; then
		parts=("$1")
	fi
	# shellcheck disable=SC2154 # the script sets them
	"$source/tools/debian-sources.sh" "${parts[@]}" >"$directory/$1.list"
	apt-config dump | grep -E '^Acquire::(http|https|Check|Force|Retries)' >"$directory/apt.conf" || true
	quietly mmdebstrap --variant=minbase --include="$2" --aptopt="$directory/apt.conf" \
		"$1" "$directory/$1" "$directory/$1.list"
	cp /etc/resolv.conf /etc/hosts "$directory/$1/etc/"
}

# mount_kernel FOLDER: shows the chroot the kernel as the host sees it.
mount_kernel() {
	local part

	for part in proc sys dev; do
		mount --rbind "/$part" "$1/$part"
	done
}

# enter FOLDER USER DIRECTORY COMMAND...: runs it there, with the environment of a login.
enter() {
	chroot "$1" setpriv --reuid="$2" --regid="$2" --init-groups env --ignore-environment --chdir="$3" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin USER="$2" HOME=/tmp "${@:4}" </dev/null
}
