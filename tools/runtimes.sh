#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Fetches runc and crun of a release of Debian with the libraries that they need, so that they run here whatever this host
# has. Leaves in DIR, once: runc, crun, libraries, and last of all complete. Nothing is installed. They run where DIR is, or at
# PLACE, to which it is to be copied. Usage: runtimes.sh SUITE DIR [PLACE]
set -euo pipefail

if (($# < 2 || $# > 3)); then
	echo "Usage: $0 SUITE DIR [PLACE]" >&2
	exit 2
fi
tools=$(realpath "$(dirname "$0")")
suite=$1
directory=$(realpath -m "$2")
# The programs know where their loader is.
place=${3-$directory}
stamp="$suite $place"
# Two runs that want the same fetch it once.
mkdir -p "$(dirname "$directory")"
exec {lock}>"$directory.lock"
flock "$lock"
if [[ $(cat "$directory/complete" 2>/dev/null) == "$stamp" ]]; then
	exit
fi
"$tools/install-dependencies.sh" runtimes

# quietly COMMAND...: shows its output only if it fails.
quietly() {
	local log

	if ! log=$("$@" 2>&1 </dev/null); then
		printf '%s\n' "$log" >&2
		echo "$0: '$1' failed; see above. If it is the archive that cannot be reached, see /etc/apt." >&2
		exit 1
	fi
}

echo "Fetching runc and crun of $suite." >&2
rm -rf "$directory"
mkdir -p "$directory"
work=$(mktemp --directory)
trap 'rm -rf --one-file-system "$work"' EXIT
# experimental has only what differs from sid, and nothing of it is chosen by itself.
base=$suite
[[ $suite != experimental ]] || base=sid
"$tools/debian-sources.sh" "$base" "$suite" | sort --unique >"$work/sources.list"
# apt reaches the archive as on this host, by its proxy and with its authentication.
{
	apt-config dump | grep -E '^Acquire::(http|https|Check|Force|Retries)' || true
	echo 'Dir::Etc::netrc "/etc/apt/auth.conf";'
	echo 'Dir::Etc::netrcparts "/etc/apt/auth.conf.d";'
	echo "APT::Default-Release \"$suite\";"
} >"$work/apt.conf"
mode=root
((EUID == 0)) || mode=unshare
quietly mmdebstrap --variant=extract --mode="$mode" --include=runc,crun --aptopt="$work/apt.conf" "$base" "$work/root.tar" \
	"$work/sources.list"
mkdir "$work/root"
tar -xf "$work/root.tar" -C "$work/root" --no-same-owner --exclude='./dev' --exclude='./etc' --exclude='./var'
cp "$work/root/usr/sbin/runc" "$work/root/usr/bin/crun" "$directory/"
find "$work/root" -name '*.so.[0-9]*' -path '*-linux-gnu*/*.so.*' -exec cp --no-clobber {} "$directory/" \;
for program in runc crun; do
	loader=$(basename "$(patchelf --print-interpreter "$directory/$program")")
	# The libraries find each other so, too. They execute copies of themselves in memory, whose $ORIGIN is nowhere.
	patchelf --force-rpath --set-rpath "$place" --set-interpreter "$place/$loader" "$directory/$program"
	[[ $place != "$directory" ]] || "$directory/$program" --version >/dev/null
done
echo "$stamp" >"$directory/complete"
