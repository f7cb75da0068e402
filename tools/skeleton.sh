#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Prints the skeleton of an object whose bytes are in an order that bpftool does not read, big endian on a little-endian host
# (libbpf reads both since 1.6). A twin of the same source has the same programs, maps and variables: its skeleton is
# printed, around the bytes of the object. Usage: skeleton.sh BPFTOOL TWIN NAME OBJECT
set -euo pipefail

if (($# != 4)); then
	echo "Usage: $0 BPFTOOL TWIN NAME OBJECT" >&2
	exit 2
fi
object=$4
size=$(stat -c %s "$object")
# The literal starts with a line that ends in "\ and ends with one that ends in "; and nothing else in a skeleton does.
# Before bpftool 7.2 its length stands before it.
"$1" gen skeleton "$2" name "$3" | while IFS= read -r line; do
	case $line in
	*\"\\)
		printf '%s\n' "$line"
		od -An -v -tx1 "$object" | sed 's/ /\\x/g; s/$/\\/; $ s/\\$/";/'
		while IFS= read -r line && [[ $line != *'";' ]]; do :; done
		;;
	*'*sz = '[0-9]*) printf '\t*sz = %d;\n' "$size" ;;
	*) printf '%s\n' "$line" ;;
	esac
done
