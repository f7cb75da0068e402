#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Who may include whom in src/, and no circle between files. Prints what breaks the rules, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

layers='base:
policy: base
import: base policy
image: base policy
cgroup: base
net: base
kernel: base image cgroup
fence: base policy image cgroup net kernel
reconcile: base policy image cgroup net kernel fence
apply: base policy cgroup fence
report: base
daemon: base report
cli: base report daemon'

# Lines "FILE INCLUDED", without src/ and the ending.
includes=$(cd src && grep --recursive '^#include "' --include='*.[ch]' . |
	sed -nE 's|^\./([^:]*)\.[ch]:#include "([a-z_]+/[a-z_]+)\.h"$|\1 \2|p' | sort -u)
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
	}
	{
		split($1, from, "/")
		split($2, to, "/")
		if (!(from[1] in known))
			print "src/" $1 ": its folder is not in the table of " "tools/check-layers.sh"
		else if (!((from[1], to[1]) in allowed))
			print "src/" $1 " includes \"" $2 ".h\", which " from[1] "/ may not"
	}' <<<"$includes")
circles=$(awk '$1 != $2' <<<"$includes" | tsort 2>&1 >/dev/null | sed 's/^tsort: -: input contains a loop:$/These files include each other in a circle:/; s/^tsort: /  /') || true
printf '%s\n' "$broken" "$circles" | grep . && exit 1
exit 0
