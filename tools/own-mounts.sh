#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runs a command in its own mount namespace, in which / is a mount point and from which no mount propagates. In a chroot
# / is not a mount point and cannot be made private; so it is mounted again over a folder of /sys, which can.
# Usage: own-mounts.sh [OPTION OF unshare]... -- COMMAND [ARGUMENT]...
set -euo pipefail

options=()
while (($#)) && [[ $1 != -- ]]; do
	options+=("$1")
	shift
done
if (($# < 2)); then
	echo "Usage: $0 [OPTION OF unshare]... -- COMMAND [ARGUMENT]..." >&2
	exit 2
fi
shift
if mountpoint --quiet /; then
	exec unshare --mount --propagation private "${options[@]}" -- "$@"
fi
if ! mountpoint --quiet /sys; then
	echo "$0: /sys is not mounted in this chroot; try 'mount -t sysfs sysfs /sys'." >&2
	exit 1
fi
# shellcheck disable=SC2016 # it is the inner shell that expands these
exec unshare --mount --propagation unchanged "${options[@]}" -- bash -euc '
	mount --make-rprivate /sys
	mount --rbind / /sys/fs
	mount --make-rprivate /sys/fs
	exec chroot /sys/fs env --chdir="$0" "$@"' "$PWD" "$@"
