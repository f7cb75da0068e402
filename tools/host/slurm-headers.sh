#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Fetches the headers of the Slurm of the full machine, since Slurm loads a plugin only if it was built for its own version.
# Leaves in DIR, once: usr/include/slurm, and last of all complete. Nothing is installed. Usage: slurm-headers.sh DIR
set -euo pipefail

if (($# != 1)); then
	echo "Usage: $0 DIR" >&2
	exit 2
fi
tools=$(realpath "$(dirname "$0")/..")
directory=$(realpath -m "$1")
suite=$(sed -n 's/^suite=//p' "$tools/host/image.sh")
if [[ $(cat "$directory/complete" 2>/dev/null) == "$suite" ]]; then
	exit
fi
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,state,cache} "$directory"
"$tools/debian-sources.sh" "$suite" "$suite-updates" "$suite-security" >"$work/sources.list"
cat >"$work/apt.conf" <<-END
	#clear APT::Update;
	Dir::Etc::SourceList "$work/sources.list";
	Dir::Etc::SourceParts "$work/none";
	Dir::State "$work/state";
	Dir::State::Lists "$work/lists";
	Dir::State::Status "/dev/null";
	Dir::Cache "$work/cache";
	APT::Sandbox::User "$(id -un)";
	Acquire::Languages "none";
	Acquire::Retries "3";
END
apt-get -c "$work/apt.conf" -qq update >&2
(cd "$work" && apt-get -c "$work/apt.conf" -qq download libslurm-dev) >&2
dpkg-deb --fsys-tarfile "$work"/libslurm-dev_*.deb | tar --extract --directory="$directory" ./usr/include
echo "$suite" >"$directory/complete"
