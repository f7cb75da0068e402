#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Containers with fences of their own, by cgfence-runtime: of Docker, containerd and podman.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=engines.sh
. "$(dirname "$0")/engines.sh"
# shellcheck source=annotated.sh
. "$(dirname "$0")/annotated.sh"

WRAPPER=/usr/local/sbin/cgfence-runtime

# Docker takes the manager for all containers from its settings.
with_docker() { # RUNTIME MANAGER
	ENGINE=(docker)
	HOOKED=(--runtime "fenced-$1")
	later 'rm -f /etc/docker/daemon.json; systemctl restart docker.service'
	mkdir -p /etc/docker
	cat >/etc/docker/daemon.json <<-END
		{
			"exec-opts": ["native.cgroupdriver=$2"],
			"runtimes": {
				"fenced-runc": {"path": "$WRAPPER"},
				"fenced-crun": {"path": "$WRAPPER", "runtimeArgs": ["--cgfence-runtime=/usr/bin/crun"]},
				"all": {"path": "$WRAPPER", "runtimeArgs": ["--cgfence-policy=web"]}
			}
		}
	END
	systemctl restart docker.service
}

test_docker_runc_systemd() {
	with_docker runc systemd
	expect_annotated_life
}

test_docker_crun_systemd() {
	with_docker crun systemd
	expect_annotated_life
}

test_docker_runc_cgroupfs() {
	with_docker runc cgroupfs
	expect_annotated_life
}

test_docker_closed() {
	with_docker runc systemd
	expect_closed
}

test_docker_by_argument() {
	with_docker runc systemd
	put_policy
	run_container --rm --runtime all --
	expect_lines 1
}

test_podman() {
	ENGINE=(podman --runtime "$WRAPPER" --hooks-dir "$SCRATCH/none")
	mkdir "$SCRATCH/none"
	expect_annotated_life
}

expect_ctr() { # RUNTIME OPTION...
	local output options=(--runc-binary "$WRAPPER" "${@:2}")

	put_policy
	echo "{\"runtime\": \"$1\"}" >/etc/cgfence/runtime.json
	run_ctr "${options[@]}" --rm --annotation io.cgfence.policy=web --
	expect_lines 1
	later 'ctr task kill --signal KILL box; ctr task delete box; ctr container delete box'
	run_ctr "${options[@]}" --detach --annotation io.cgfence.policy=web -- stay
	expect_lines 2
	# shellcheck disable=SC2086 # a list of what to try
	ctr task exec --exec-id more box /usr/lib/host/probe "$LOG" $TRIED
	expect_lines 3
	ctr task pause box
	ctr task resume box
	again "$(pid_in_ctr)"
	expect_lines 4
	ctr task kill --signal KILL box
	wait_for ctr task delete box
	ctr container delete box
	wait_for has_no_fence
	: >"$LOG"
	! output=$(run_ctr "${options[@]}" --rm --annotation io.cgfence.policy=missing -- 2>&1) || fail 'it started'
	output+=$(journalctl --identifier=cgfence --output=cat)
	[[ $output == *'cannot find the policy'* ]] || fail "$output"
	[[ ! -s $LOG ]] || fail "it ran: $(cat "$LOG")"
	ctr container delete box || true
	run_ctr "${options[@]}" --rm --
	expect_lines 1 "$AS_FREE"
}

test_ctr_runc_cgroupfs() {
	expect_ctr /usr/sbin/runc
}

test_ctr_runc_systemd() {
	expect_ctr /usr/sbin/runc "${CTR_SYSTEMD[@]}"
}

test_ctr_crun_systemd() {
	expect_ctr /usr/bin/crun "${CTR_SYSTEMD[@]}"
}

run_tests "$@"
