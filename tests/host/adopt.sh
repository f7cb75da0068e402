#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Services of systemd, and containers whose cgroups it manages, whose device programs a fence has taken the place of, with
# systemd told of each change.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

WEB=system.slice/web.service

# The service that is adopted tries what it is given and never gets, and what it has.
adopt_web() { # LINE...
	TRIED='/dev/kmsg /dev/mem /dev/null'
	probing_unit web.service DevicePolicy=closed "$@"
	later 'systemctl revert web.service'
	systemctl start web.service
	wait_for has_lines 1
	cgfence adopt $WEB
}

expect_answers() { # ANSWERS
	again "$(main_pid web.service)"
	[[ $(tail -n 1 "$LOG") == "$1" ]] || fail "$(tail -n 1 "$LOG") in place of $1"
}

expect_kmsg() { # ANSWER
	expect_answers "/dev/kmsg=$1 /dev/mem=refused /dev/null=allowed"
}

expect_list() { # LINES
	local list

	list=$(systemctl show --property=DeviceAllow --value web.service | sort)
	[[ $list == "$1" ]] || fail "DeviceAllow= is '$list', not '$1'"
}

foreign_programs() {
	cgfence status --json $WEB | tr -d ' \n' | grep --only-matching '"others":\[[^]]*\]'
}

expect_alone() {
	[[ $(foreign_programs) == '"others":[]' ]] || fail "there are programs of others: $(foreign_programs)"
}

test_systemd_agrees_with_what_is_allowed() {
	local said

	adopt_web 'DeviceAllow=/dev/tty1 rw'
	expect_kmsg refused
	said=$(cgfence allow $WEB device /dev/kmsg r)
	[[ $said == *'Told systemd: DeviceAllow= of web.service, until the next boot.'* ]] || fail "$said"
	expect_list $'/dev/char/1:11 r\n/dev/tty1 rw'
	expect_alone
	expect_kmsg allowed
	# Each brings back the program of systemd, or what it was made of.
	systemctl daemon-reload
	expect_kmsg allowed
	systemctl set-property --runtime web.service CPUWeight=50
	expect_kmsg allowed
	cgfence adopt $WEB
	expect_alone
	# Its own program, alone.
	cgfence release $WEB
	expect_kmsg allowed
}

test_systemd_takes_back_what_is_revoked() {
	adopt_web 'DeviceAllow=/dev/tty1 rw'
	cgfence allow $WEB device /dev/kmsg rw
	cgfence revoke $WEB device /dev/kmsg w
	expect_list $'/dev/char/1:11 r\n/dev/tty1 rw'
	cgfence revoke $WEB device /dev/kmsg r
	expect_list '/dev/tty1 rw'
	expect_alone
	systemctl daemon-reload
	systemctl set-property --runtime web.service CPUWeight=50
	expect_kmsg refused
	cgfence adopt $WEB
	cgfence release $WEB
	expect_kmsg refused
}

# A unit with DevicePolicy=auto and an empty list would have no program at all.
test_the_last_entry_does_not_open_the_unit() {
	adopt_web DevicePolicy=auto 'DeviceAllow=/dev/kmsg r'
	expect_kmsg allowed
	cgfence revoke $WEB device /dev/kmsg r
	expect_list ''
	[[ $(systemctl show --property=DevicePolicy --value web.service) == closed ]] || fail 'the unit is open'
	systemctl daemon-reload
	systemctl set-property --runtime web.service CPUWeight=50
	expect_kmsg refused
	cgfence adopt $WEB
	cgfence release $WEB
	expect_kmsg refused
}

test_a_unit_without_rules_gets_none() {
	probing_unit web.service
	systemctl start web.service
	cgfence attach $WEB "$POLICY" >/dev/null
	cgfence allow $WEB device c 1:7 r
	expect_list ''
	[[ $(systemctl show --property=DevicePolicy --value web.service) == auto ]] || fail 'the unit is closed'
}

test_what_the_list_cannot_say() {
	local said

	adopt_web 'DeviceAllow=char-mem r'
	expect_answers '/dev/kmsg=allowed /dev/mem=allowed /dev/null=allowed'
	said=$(cgfence revoke $WEB device /dev/kmsg r 2>&1)
	[[ $said == *"DeviceAllow= of web.service cannot say the same: 'char-mem r' is wider than what is revoked"* ]] || fail "$said"
	expect_list 'char-mem r'
	expect_answers '/dev/kmsg=refused /dev/mem=allowed /dev/null=allowed'
}

# /dev is a file system of the service then, read-only for it.
test_a_node_with_the_rule() {
	local before after

	adopt_web PrivateDevices=yes CapabilityBoundingSet=CAP_SYSLOG CapabilityBoundingSet=~CAP_MKNOD
	before=$(stat --format='%F %t:%T %u:%g %a' /dev/kmsg)
	expect_answers '/dev/kmsg=No such file or directory /dev/mem=No such file or directory /dev/null=allowed'
	cgfence allow --node $WEB device /dev/kmsg r
	after=$(stat --format='%F %t:%T %u:%g %a' "/proc/$(main_pid web.service)/root/dev/kmsg")
	[[ $after == "$before" ]] || fail "the node is '$after', that of the host '$before'"
	expect_answers '/dev/kmsg=allowed /dev/mem=No such file or directory /dev/null=allowed'
	cgfence revoke --node $WEB device /dev/kmsg r
	expect_answers '/dev/kmsg=No such file or directory /dev/mem=No such file or directory /dev/null=allowed'
	# The host has its own still.
	[[ -c /dev/kmsg ]] || fail 'the node of the host is gone'
}

# The processes see the /dev of the host.
test_no_node_of_the_host_is_removed() {
	local said

	adopt_web 'DeviceAllow=/dev/kmsg r'
	! said=$(cgfence revoke --node $WEB device /dev/kmsg r 2>&1) || fail 'it was removed'
	[[ $said == *"is the host's own"* && -c /dev/kmsg ]] || fail "$said"
	expect_kmsg allowed
}

# Without the message bus, systemd answers on its own socket; without that, a sentence says so.
test_without_a_message_bus() {
	local said

	adopt_web 'DeviceAllow=/dev/tty1 rw'
	later 'systemctl unmask --runtime dbus.socket dbus.service; systemctl start dbus.socket'
	systemctl mask --quiet --runtime dbus.socket dbus.service
	systemctl stop dbus.socket dbus.service
	cgfence allow $WEB device /dev/kmsg r
	expect_list $'/dev/char/1:11 r\n/dev/tty1 rw'
	said=$(unshare --mount sh -ec "mount -t tmpfs none /run/systemd; cgfence revoke $WEB device /dev/kmsg r" 2>&1)
	[[ $said == *'systemd was not told'* ]] || fail "$said"
	expect_kmsg refused
	said=$(unshare --mount sh -ec "mount --bind /dev/null /lib/x86_64-linux-gnu/libsystemd.so.0; cgfence allow $WEB device /dev/kmsg r" 2>&1)
	[[ $said == *'systemd was not told'*'install libsystemd'* ]] || fail "$said"
	expect_kmsg allowed
}

# container RUNTIME [NAMESPACES]: one that has no device but the usual, and tries /dev/tty1. The cgroup is that of a scope.
BOX=system.slice/host-box.scope
container() {
	local bundle=$SCRATCH/bundle

	chmod 666 /dev/tty1
	later 'chmod 620 /dev/tty1; systemctl stop host-box.scope'
	mkdir -p "$bundle"/rootfs/{proc,dev}
	cp /usr/lib/host/probe "$bundle/rootfs/probe"
	LOG=$bundle/rootfs/log
	install --mode=666 /dev/null "$LOG"
	cat >"$bundle/config.json" <<-END
		{"ociVersion": "1.0.2",
		 "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["/probe", "/log", "/dev/tty1", "/dev/null", "stay"]},
		 "root": {"path": "rootfs"},
		 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
			{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755"]}],
		 "linux": {"cgroupsPath": "system.slice:host:box", "resources": {"devices": [{"allow": false, "access": "rwm"}]},
			${2-}
			"namespaces": [${2+{\"type\": \"user\"\},} {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]}}
	END
	later "$1 delete --force box"
	"$1" --systemd-cgroup run --detach --bundle "$bundle" box
	wait_for has_lines 1
	PROCESS=$("$1" state box | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
}

expect_tty() { # ANSWER
	again "$PROCESS"
	[[ $(tail -n 1 "$LOG") == "/dev/tty1=$1 /dev/null=allowed" ]] || fail "$(tail -n 1 "$LOG") in place of $1"
}

# It gets the device, keeps it when systemd attaches its program anew, and loses it.
give_and_take() { # WORD: what is done about the node
	local said

	expect_tty 'No such file or directory'
	cgfence adopt $BOX
	said=$(cgfence allow --node $BOX device /dev/tty1 r)
	[[ $said == *"$1"*'Told systemd: DeviceAllow= of host-box.scope'* ]] || fail "$said"
	expect_tty allowed
	systemctl daemon-reload
	systemctl set-property --runtime host-box.scope CPUWeight=50
	expect_tty allowed
	cgfence adopt $BOX
	expect_tty allowed
	said=$(cgfence revoke --node $BOX device /dev/tty1 r)
	[[ $said == *'Removed the node'*'Told systemd'* ]] || fail "$said"
	expect_tty 'No such file or directory'
	cgfence release $BOX
	expect_tty 'No such file or directory'
	[[ -c /dev/tty1 ]] || fail 'the node of the host is gone'
}

test_a_container_of_runc() {
	container runc
	give_and_take 'Made the node'
}

MAPS='"uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}], "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],'
test_a_container_of_runc_in_a_user_namespace() {
	container runc "$MAPS"
	give_and_take "Mounted the host's node"
}

test_a_container_of_crun() {
	container crun
	give_and_take 'Made the node'
}

test_a_container_of_crun_in_a_user_namespace() {
	container crun "$MAPS"
	give_and_take "Mounted the host's node"
}

run_tests "$@"
