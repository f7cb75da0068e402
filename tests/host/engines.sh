# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What podman and Docker are tested for alike, as their commands are alike.

# The network is the host's, where the fence judges ports, too.
ENGINE=()
run_container() { # OPTION... -- [stay]
	local options=()

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	# shellcheck disable=SC2086 # a list of what to try
	"${ENGINE[@]}" run --network=host --volume=/usr/lib/host:/usr/lib/host:ro --volume="$SCRATCH:$SCRATCH" "${options[@]}" \
		box /usr/lib/host/probe "$LOG" $TRIED "${@:2}" >/dev/null
}

pid_in() { # NAME
	"${ENGINE[@]}" inspect --format '{{.State.Pid}}' "$1"
}

fence_containers() { # PATTERN [EXCEPT]
	write_policy '{"devices": {"defaults": true, "deny": ["c 1:7 r"]}, "ports": {"tcp": [8080]}
		'"${2:+, \"except\": [\"$2\"]}}"
	cgfence attach "$1" "$POLICY" >/dev/null
}

# Each container starts, and its first act is refused.
expect_fenced_starts() { # PATTERN [EXCEPT]
	local i

	fence_containers "$@"
	for ((i = 1; i <= STARTS; i++)); do
		run_container --rm --
	done
	expect_lines "$STARTS"
	echo "= $STARTS starts, 0 let through"
}

# All that an engine does with a container that runs leaves it fenced.
expect_fenced_life() { # PATTERN [EXCEPT]
	local count=1

	fence_containers "$@"
	later "'${ENGINE[0]}' rm --force life"
	run_container --detach --name life -- stay
	expect_lines 1
	# shellcheck disable=SC2086 # a list of what to try
	"${ENGINE[@]}" exec life /usr/lib/host/probe "$LOG" $TRIED
	expect_lines $((++count))
	"${ENGINE[@]}" restart --time 0 life >/dev/null
	expect_lines $((++count))
	"${ENGINE[@]}" update --cpu-shares 512 life >/dev/null
	again "$(pid_in life)"
	expect_lines $((++count))
	"${ENGINE[@]}" pause life >/dev/null
	"${ENGINE[@]}" unpause life >/dev/null
	again "$(pid_in life)"
	expect_lines $((++count))
	"${ENGINE[@]}" stop --time 0 life >/dev/null
	"${ENGINE[@]}" start life >/dev/null
	expect_lines $((++count))
	"${ENGINE[@]}" rm --force life >/dev/null
	run_container --rm --
	expect_lines $((++count))
}

# probe_in CGROUP: as a process that is moved there.
probe_in() {
	# shellcheck disable=SC2016 # the inner shell expands them
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "/sys/fs/cgroup$1" /usr/lib/host/probe "$LOG" /dev/full 9090 /dev/null 8080
}
