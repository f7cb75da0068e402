# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What containers of several engines are tested for alike; the commands of podman and Docker are alike, too.

# The network is the host's, where the fence judges ports, too.
ENGINE=()
have_container() { # run|create OPTION... -- [stay]
	local verb=$1 options=()

	shift
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	# shellcheck disable=SC2086 # a list of what to try
	"${ENGINE[@]}" "$verb" --network=host --volume=/usr/lib/host:/usr/lib/host:ro --volume="$SCRATCH:$SCRATCH" "${options[@]}" \
		box /usr/lib/host/probe "$LOG" $TRIED "${@:2}" >/dev/null
}

run_container() { # OPTION... -- [stay]
	have_container run "$@"
}

# Docker takes the manager for all containers from its settings.
use_cgroupfs() {
	later 'rm -rf /run/systemd/system/docker.service.d; systemctl daemon-reload; systemctl restart docker.service'
	mkdir -p /run/systemd/system/docker.service.d
	printf '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --exec-opt native.cgroupdriver=cgroupfs\n' \
		>/run/systemd/system/docker.service.d/cgroupfs.conf
	systemctl daemon-reload
	systemctl restart docker.service
	[[ $(docker info --format '{{.CgroupDriver}}') == cgroupfs ]]
}

# The container is called box. With the manager systemd, ctr wants slice, prefix and name.
# shellcheck disable=SC2034 # the tests use it
CTR_SYSTEMD=(--runc-systemd-cgroup --cgroup system.slice:ctr:box)
run_ctr() { # OPTION... -- [stay]
	local options=()

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	# shellcheck disable=SC2086 # a list of what to try
	ctr run --net-host --mount type=bind,src=/usr/lib/host,dst=/usr/lib/host,options=rbind:ro \
		--mount "type=bind,src=$SCRATCH,dst=$SCRATCH,options=rbind:rw" "${options[@]}" \
		docker.io/library/box:latest box /usr/lib/host/probe "$LOG" $TRIED "${@:2}"
}

pid_in_ctr() {
	ctr task list | awk '$1 == "box" { print $2 }'
}

pid_in() { # NAME
	"${ENGINE[@]}" inspect --format '{{.State.Pid}}' "$1"
}

fence_containers() { # PATTERN [EXCEPT]
	write_policy '{"devices": {"defaults": true, "deny": ["c 1:7 r"]}, "ports": {"tcp": [8080]}
		'"${2:+, \"except\": [\"$2\"]}}"
	cgfence attach "$1" "$POLICY" >/dev/null
}

# Each container starts, and its first act is refused. All but the first are the same container again, which the runtime
# makes anew, with another cgroup of that name; this takes half as long as another container.
expect_fenced_starts() { # PATTERN [EXCEPT]
	local i

	fence_containers "$@"
	later "'${ENGINE[0]}' rm --force starts"
	run_container --rm --
	have_container create --name starts --
	for ((i = 2; i <= STARTS; i++)); do
		"${ENGINE[@]}" start --attach starts >/dev/null
	done
	expect_lines "$STARTS"
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

# A hook of the runtime that waits for `let_go`, and says before which cgroup the container is in.
make_waiting_hook() {
	mkfifo "$SCRATCH/go"
	cat >"$SCRATCH/hook" <<-END
		#!/bin/sh
		pid=\$(sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p')
		sed -n 's/^0:://p' "/proc/\$pid/cgroup" >$SCRATCH/cgroup.new
		mv $SCRATCH/cgroup.new $SCRATCH/cgroup
		read -r line <$SCRATCH/go
	END
	chmod 755 "$SCRATCH/hook"
}

# expect_put_off COMMAND...: attach on the container that COMMAND starts in the background, with that hook and with a probe
# that stays, fails as long as its runtime sets it up, with the advice; then it starts, and can be fenced.
expect_put_off() {
	local starter cgroup said

	"$@" >"$SCRATCH/starter" 2>&1 &
	starter=$!
	wait_for test -s "$SCRATCH/cgroup"
	cgroup=$(cat "$SCRATCH/cgroup")
	! said=$(cgfence attach "$cgroup" "$POLICY" 2>&1) || fail "attach did not wait for the runtime of $cgroup"
	[[ $said == *'is setting up a container there'*'attach a standing fence'* ]] || fail "$said"
	echo >"$SCRATCH/go"
	wait "$starter" || fail "the container did not start: $(cat "$SCRATCH/starter")"
	expect_lines 1 "$AS_FREE"
	rm "$LOG"
	cgfence attach "$cgroup" "$POLICY" >/dev/null
	kill -HUP "$(cat "/sys/fs/cgroup$cgroup/cgroup.procs")"
	expect_lines 1
}
