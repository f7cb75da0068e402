# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Containers of podman and Docker with a policy of their own, by annotation. How they come by the hook is in ENGINE and HOOKED.

# shellcheck disable=SC2034 # of engines.sh
HOOKED=()

put_policy() {
	install -D -m 644 "$POLICY" /etc/cgfence/policies/web.json
	later 'rm -rf /etc/cgfence'
}

has_no_fence() {
	[[ $(cgfence status --json) == '[]' ]]
}

# Whatever an engine does with such a container leaves it fenced, and what has no annotation is free.
expect_annotated_life() {
	local count=2

	put_policy
	HOOKED+=(--annotation io.cgfence.policy=web)
	later "'${ENGINE[0]}' rm --force life"
	run_container --rm "${HOOKED[@]}" --
	expect_lines 1
	run_container --detach --name life "${HOOKED[@]}" -- stay
	expect_lines 2
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
	"${ENGINE[@]}" rm --force life >/dev/null
	wait_for has_no_fence
	: >"$LOG"
	run_container --rm --
	expect_lines 1 "$AS_FREE"
}

expect_ports_by_annotation() {
	put_policy
	run_container --rm "${HOOKED[@]}" --annotation io.cgfence.policy=web --annotation io.cgfence.tcp=9090 --
	expect_lines 1 '/dev/full=refused 9090=allowed /dev/null=allowed 8080=allowed'
}

expect_none() { # ANNOTATION REASON
	local output

	! output=$(run_container --rm "${HOOKED[@]}" --annotation "$1" -- 2>&1) || fail "with $1 it started"
	# crun keeps what a hook says to itself.
	output+=$(journalctl --identifier=cgfence --output=cat)
	[[ $output == *"$2"* ]] || fail "$output"
	[[ ! -s $LOG ]] || fail "it ran: $(cat "$LOG")"
}

# Without its fence there is no container.
expect_closed() {
	put_policy
	echo '{"devices": 7}' >/etc/cgfence/policies/bad.json
	install -m 644 -o 1000 "$POLICY" /etc/cgfence/policies/others.json
	expect_none io.cgfence.policy=bad 'bad.json:1:'
	expect_none io.cgfence.policy=missing 'cannot find the policy'
	expect_none io.cgfence.policy=../policies/web 'cannot be the name of a policy'
	expect_none io.cgfence.policy=others 'belongs to user 1000'
	expect_none io.cgfence.tcp=80 'no policy is named'
	has_no_fence
}
