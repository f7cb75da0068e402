#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The recipes of the manual, word for word.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The service of the recipes stands in /etc, and tries what their policy refuses.
web_service() {
	later 'rm -rf /etc/cgfence /etc/systemd/system/web.service*; systemctl disable cgfence.service; systemctl daemon-reload'
	later 'systemctl stop web.service cgfence.service'
	TRIED='/dev/kmsg 9090 /dev/null 8080'
	AS_FENCED='/dev/kmsg=refused 9090=refused /dev/null=allowed 8080=allowed'
	printf '[Service]\nKillSignal=SIGKILL\nExecStart=/usr/lib/host/probe %s %s stay\n' "$LOG" "$TRIED" >/etc/systemd/system/web.service
	systemctl daemon-reload
}

expect_recipe() { # NAME
	web_service
	follow policy
	follow "$1"
	systemctl restart web.service
	wait_for has_lines 1
	systemctl stop web.service
	: >"$LOG"
	systemctl start web.service
	expect_lines 1
}

# The small machine has no engines, and the full one runs only what it alone can.
if ! command -v podman >/dev/null; then
	test_service_by_a_standing_fence() {
		expect_recipe service-standing
		systemctl is-enabled --quiet cgfence.service
	}

	test_service_by_its_slice() {
		expect_recipe service-slice
	}

	test_service_by_itself() {
		expect_recipe service-itself
	}

	# Whoever logs in is in a session scope of that user's slice.
	test_user() {
		later 'systemctl stop user-1000.slice; rm -rf /etc/cgfence'
		# The bus waits 25 s for a service that it starts, which is not enough on a busy host.
		systemctl start systemd-logind.service
		wait_for busctl status org.freedesktop.login1
		follow policy
		follow user
		chmod 777 "$SCRATCH"
		chmod 666 /dev/tty2
		later 'chmod 600 /dev/tty2'
		runuser --login user --command "/usr/lib/host/probe $LOG /dev/tty2 443 /dev/null 8080; cat /proc/self/cgroup >>$SCRATCH/cgroup"
		grep --quiet '^0::/user.slice/user-1000.slice/session-.*scope$' "$SCRATCH/cgroup" || fail "$(cat "$SCRATCH/cgroup")"
		expect_lines 1 '/dev/tty2=refused 443=refused /dev/null=allowed 8080=allowed'
	}

	# Cgroups as Nomad makes them. Devices are fenced for every task, ports by the task itself.
	test_nomad() {
		local task=/sys/fs/cgroup/nomad.slice/share.slice/0b9c.web.scope

		later "rmdir $task; rmdir /sys/fs/cgroup/nomad.slice/share.slice; rmdir /sys/fs/cgroup/nomad.slice; rm -rf /etc/cgfence"
		follow nomad
		mkdir -p "$task"
		echo '{"ports": {}}' >/etc/cgfence/task.json
		# shellcheck disable=SC2016 # the shell in the task expands it
		NOMAD_PORT_http=8080 bash -euc 'echo $$ >"$0/cgroup.procs"
			cgfence attach pid:self /etc/cgfence/task.json --ports-from-env "NOMAD_PORT_*" >/dev/null
			exec "$@"' "$task" /usr/lib/host/probe "$LOG" /dev/kmsg /dev/null 8080 8081
		expect_lines 1 '/dev/kmsg=refused /dev/null=allowed 8080=allowed 8081=refused'
	}
else
	expect_container() { # ENGINE
		later 'rm -rf /etc/cgfence'
		"$1" run --rm --network=host --device /dev/kmsg --cap-add SYSLOG --volume=/usr/lib/host:/usr/lib/host:ro \
			--volume="$SCRATCH:$SCRATCH" box /usr/lib/host/probe "$LOG" /dev/kmsg /dev/null
		expect_lines 1 "$2"
	}

	test_podman() {
		expect_container podman '/dev/kmsg=allowed /dev/null=allowed'
		rm "$LOG"
		follow policy
		follow podman
		expect_container podman '/dev/kmsg=refused /dev/null=allowed'
	}

	test_docker() {
		expect_container docker '/dev/kmsg=allowed /dev/null=allowed'
		rm "$LOG"
		follow policy
		follow docker
		expect_container docker '/dev/kmsg=refused /dev/null=allowed'
	}

	# Only with all privileges ctr gives a container the log of the kernel.
	expect_ctr() {
		later 'rm -rf /etc/cgfence'
		ctr run --rm --privileged --net-host --mount type=bind,src=/usr/lib/host,dst=/usr/lib/host,options=rbind:ro \
			--mount "type=bind,src=$SCRATCH,dst=$SCRATCH,options=rbind:rw" docker.io/library/box:latest box \
			/usr/lib/host/probe "$LOG" /dev/kmsg /dev/null
		expect_lines 1 "$1"
	}

	test_containerd() {
		expect_ctr '/dev/kmsg=allowed /dev/null=allowed'
		rm "$LOG"
		follow policy
		follow containerd
		expect_ctr '/dev/kmsg=refused /dev/null=allowed'
	}

	# The container of the recipe has the port that it was assigned, what its engine gave it, and nothing else.
	expect_annotated() { # ENGINE
		local fence

		fence=$(cgfence status --json | jq --raw-output '.[].cgroup')
		cgfence explain "$fence" port tcp 8080
		! cgfence explain "$fence" port tcp 8081 || fail '8081 is allowed'
		cgfence explain "$fence" device 'c 1:3 rw'
		! cgfence explain "$fence" device 'c 1:11 r' || fail '/dev/kmsg is allowed'
		[[ $("$1" inspect --format '{{.State.Running}}' box) == true ]] || fail 'it does not run'
	}

	test_podman_annotation() {
		later 'podman rm --force --time 0 box; rm -rf /etc/cgfence'
		follow podman-annotation
		expect_annotated podman
	}

	test_docker_runtime() {
		later 'docker rm --force box; rm -rf /etc/cgfence /etc/docker/daemon.json; systemctl reload docker.service'
		follow docker-runtime
		expect_annotated docker
	}
fi

run_tests "$@"
