#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runs the tests that start containers under several container runtimes, those of this host and of other releases of Debian,
# and ends with a count for each. Usage: test-runtimes.sh CLI-TESTS SUITE|/RUNTIME...
set -euo pipefail
cd "$(dirname "$0")/.."

tests=$1
runtimes=()
for wanted in "${@:2}"; do
	if [[ $wanted == /* ]]; then
		runtimes+=("$wanted")
		continue
	fi
	tools/runtimes.sh "$wanted" "build/runtimes/$wanted"
	runtimes+=("$PWD/build/runtimes/$wanted"/{runc,crun})
done
report=$(mktemp)
trap 'rm -f "$report"' EXIT
bad=0
for runtime in "${runtimes[@]}"; do
	echo "== $runtime: $("$runtime" --version | head -n 1)"
	: >"$report"
	CGFENCE_TEST_RUNTIME=$runtime "$tests" --filter '@(containers|runc)/*' --tap="$report" || bad=1
	sed --in-place '/^ok .* # SKIP test was skipped/d' "$report"
	ok=$(grep --count '^ok ' "$report" || true)
	skipped=$(grep --count '^ok .*# SKIP' "$report" || true)
	failed=$(grep --count '^not ok ' "$report" || true)
	# A report without a test is that of a program that broke off.
	((ok + failed)) || bad=1
	echo "$((ok - skipped)) passed, $failed failed, $skipped skipped"
done
exit "$bad"
