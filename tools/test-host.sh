#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runs tests/host in the machines with systemd of tools/host, with the cgfence that is built, and ends with their count. The
# small machine boots with the policies of tests/host/boot in place. Usage: test-host.sh small|full...
# ONE='topic...' or ONE=topic/name runs only those; CGFENCE_HOST_STARTS says how often a test starts what it tests,
# CGFENCE_HOST_ROUNDS how often all tests together of adopted containers change what they run in.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A topics=([small]='boot services units hotplug adopt recipes' [full]='recipes podman learn containerd docker adopt_engines hooks wrapper cri slurm ci')
if (($# == 0)); then
	echo "Usage: $0 small|full..." >&2
	exit 2
fi
results=$(mktemp --directory)
trap 'rm -rf "$results"' EXIT
passed=0
failed=0
skipped=0

# The program under test is put in at each run, as `make install` does, so that it does not change the machine.
stage() { # SET...
	local tree=$results/tree

	make --no-print-directory install DESTDIR="$tree" >/dev/null
	rm -rf "$tree"/usr/local/{include,lib/libcgfence.a}
	mkdir -p "$tree/usr/lib/host/tests"
	cp tests/host/*.sh "$tree/usr/lib/host/tests/"
	"${CC:-gcc}" -O2 -static tests/host/probe.c -o "$tree/usr/lib/host/probe"
	if [[ " $* " == *' full '* ]]; then
		# A disk with a file system, which the machine has no tool to make.
		truncate --size=1M "$tree/usr/lib/host/disk"
		PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -q -O ^has_journal "$tree/usr/lib/host/disk"
		"${CC:-gcc}" -O2 -static tests/host/cri.c -lnghttp2 -o "$tree/usr/lib/host/cri"
		# The runtimes of the machine are those of its release.
		tools/runtimes.sh sid build/host/sid /usr/lib/host/sid
		cp -R build/host/sid "$tree/usr/lib/host/"
		tools/host/slurm-headers.sh build/host/slurm
		make --no-print-directory CPPFLAGS='-isystem build/host/slurm/usr/include' build/host/slurm/cgfence.so >/dev/null
		install -D -m 644 build/host/slurm/cgfence.so "$tree/usr/local/lib/slurm/cgfence.so"
	fi
	# The manual is read for its recipes.
	cat tools/*.[1-9].in >"$tree/usr/lib/host/manual"
}

# The script inside: the wanted topics, one after the other.
inside() { # TOPIC...
	cat <<-END
		export CGFENCE_HOST_STARTS=${CGFENCE_HOST_STARTS:-50} CGFENCE_HOST_ROUNDS=${CGFENCE_HOST_ROUNDS:-1000}
		cd /usr/lib/host/tests
		for topic in $*; do
			bash \$topic.sh ${name-}
		done
	END
}

run_set() {
	local set=$1 log=$results/$1.log status=0 topic wanted=() options=() started=$SECONDS ok skips fails

	for topic in ${topics[$set]}; do
		if [[ -e tests/host/$topic.sh && (-z ${ONE-} || " ${ONE%%/*} " == *" $topic "*) ]]; then
			wanted+=("$topic")
		fi
	done
	((${#wanted[@]})) || return 0
	[[ ${ONE-} != */* ]] || name="--only ${ONE#*/}"
	if [[ $set == small ]]; then
		options=(--file tests/host/boot:/)
	fi
	echo "== tests/host in the $set machine: ${wanted[*]}"
	inside "${wanted[@]}" >"$results/inside.sh"
	tools/host/run.sh "$set" --timeout "${CGFENCE_HOST_TIMEOUT:-14400}" --file "$results/tree:/" "${options[@]}" \
		--file "$results/inside.sh:/usr/lib/host/inside.sh" -- bash /usr/lib/host/inside.sh | sed --unbuffered 's|\r||' | tee "$log" || status=$?
	ok=$(grep --count '^ok ' "$log" || true)
	fails=$(grep --count '^not ok ' "$log" || true)
	skips=$(grep --count '^ok .*# SKIP' "$log" || true)
	# A machine that does not come up or stops is a failure even without a failed test.
	if ((status != 0)); then
		fails=$((fails + 1))
		echo "$set machine: it ended with status $status" >>"$results/failures"
	fi
	sed -n "/^not ok/,/^ok/ { /^ok/d; s|^not ok - |$set machine: |; p }" "$log" >>"$results/failures"
	passed=$((passed + ok - skips))
	failed=$((failed + fails))
	skipped=$((skipped + skips))
	echo "The $set machine took $((SECONDS - started)) s."
}

stage "$@"
touch "$results/failures"
for set in "$@"; do
	run_set "$set"
done
if ((passed + failed + skipped == 0)); then
	echo "$0: no test is named '${ONE-}'." >&2
	exit 1
fi
sed 's/^/FAILED  /' "$results/failures"
echo "host machines: $passed passed, $failed failed, $skipped skipped"
((failed == 0))
