#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Checks the layers of src/, and that no files depend on each other in a circle: by their includes and, if they are
# built, by their calls. Prints only violations.
set -euo pipefail
cd "$(dirname "$0")/.."

layers='base:
policy: base
import: base policy
image: base policy
cgroup: base
net: base
runtime: base
kernel: base image cgroup
fence: base policy image cgroup net runtime kernel
reconcile: base policy image cgroup net kernel fence
apply: base policy cgroup fence
report: base
daemon: base report
cli: base report daemon
wrapper: base
top: base report'

# Lines "FILE INCLUDED" and "FILE CALLED SYMBOL", without src/ and the ending.
includes=$(cd src && grep --recursive '^#include "' --include='*.[ch]' . |
	sed -nE 's|^\./([^:]*)\.[ch]:#include "([a-z_]+/[a-z_]+)\.h"$|\1 \2|p' | sort -u)
calls=$(for source in src/*/*.c; do
	object=build/${source%.c}.o
	[[ ! $object -nt $source ]] || nm --extern-only --format=posix "$object" | sed "s|^|${source:4:-2} |"
done | awk '
	$3 == "U" { uses[$1 " " $2] }
	$3 != "U" { where[$2] = $1 }
	END {
		for (use in uses) {
			split(use, word)
			if (word[2] in where)
				print word[1], where[word[2]], word[2]
		}
	}')
broken=$(awk -v layers="$layers" '
	BEGIN {
		count = split(layers, lines, "\n")
		for (i = 1; i <= count; i++) {
			words = split(lines[i], word, /:? /)
			sub(/:/, "", word[1])
			known[word[1]]
			for (w = 1; w <= words; w++)
				allowed[word[1], word[w]]
		}
		# Every layer above the library may call its public functions.
		program["report"]
		program["daemon"]
		program["cli"]
		program["top"]
	}
	NF {
		split($1, from, "/")
		split($2, to, "/")
		if (!(from[1] in known))
			print "src/" $1 ": its folder is not in the table of tools/check-layers.sh"
		else if ((from[1], to[1]) in allowed || (from[1] in program && $3 ~ /^cgfence_/))
			next
		else if ($3)
			print "src/" $1 " calls " $3 " of src/" $2 ", which " from[1] "/ may not"
		else
			print "src/" $1 " includes \"" $2 ".h\", which " from[1] "/ may not"
	}' <<<"$includes"$'\n'"$calls" | sort)
circles=$(awk '$1 != $2 { print $1, $2 }' <<<"$includes"$'\n'"$calls" | sort -u | tsort 2>&1 >/dev/null |
	sed 's/^tsort: -: input contains a loop:$/These files use each other in a circle:/; s/^tsort: /  /') || true
printf '%s\n' "$broken" "$circles" | grep . && exit 1
exit 0
