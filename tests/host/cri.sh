#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Pods of containerd with fences of their own, by annotation, asked for as the kubelet does, with the settings of
# cgfence-kubernetes(7).
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=annotated.sh
. "$(dirname "$0")/annotated.sh"

# As the kubelet calls that of a pod without requests.
SLICE=/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1234.slice
# No two pods or containers are the same attempt.
ATTEMPT=0

cri() {
	/usr/lib/host/cri "$@"
}

# The image that holds the namespaces of a pod, and in these tests the containers, too.
import_image() {
	local digest

	mkdir "$SCRATCH/pause"
	cp /root/image.tar "$SCRATCH/pause/layer.tar"
	digest=$(sha256sum "$SCRATCH/pause/layer.tar" | cut --delimiter=' ' --fields=1)
	cat >"$SCRATCH/pause/config.json" <<-END
		{"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/bin/sleep", "1000000"]},
			"rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]}}
	END
	echo '[{"Config": "config.json", "RepoTags": ["host.test/pause:1"], "Layers": ["layer.tar"]}]' >"$SCRATCH/pause/manifest.json"
	tar --directory="$SCRATCH/pause" --create --file="$SCRATCH/pause.tar" manifest.json config.json layer.tar
	ctr --namespace k8s.io images import "$SCRATCH/pause.tar" >/dev/null
}

# The runtime of the manual; `change` is for sed.
configure() { # [CHANGE]
	cp /etc/containerd/config.toml "$SCRATCH/config.toml"
	later "cp '$SCRATCH/config.toml' /etc/containerd/config.toml; systemctl restart containerd.service"
	{
		printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "host.test/pause:1"\n'
		sed -n '/^\.\\" settings containerd$/,/^\.\\" end$/p' /usr/lib/host/manual | sed -e '/^\./d' -e "${1-}"
	} >/etc/containerd/config.toml
	grep --quiet cgfence-runtime /etc/containerd/config.toml || fail 'the manual has no settings for containerd'
	import_image
	systemctl restart containerd.service
	wait_for cri Version
}

# Its words are those of the pod, which the kubelet repeats for each of its containers.
describe_pod() { # [ANNOTATION=VALUE]...
	local annotation

	POD=('1{' '1=web' '2=1234' '3=default' "4#$((ATTEMPT++))" '}')
	for annotation; do
		POD+=('7{' "1=${annotation%%=*}" "2=${annotation#*=}" '}')
	done
	# On the network of the host.
	POD+=('8{' "1=$SLICE" '2{' '1{' 1#2 '}' '}' '}')
}

run_pod() { # HANDLER [ANNOTATION=VALUE]...
	describe_pod "${@:2}"
	SANDBOX=$(cri RunPodSandbox '1{' "${POD[@]}" '}' "2=$1")
	later "cri StopPodSandbox 1='$SANDBOX'; cri RemovePodSandbox 1='$SANDBOX'"
}

# A container whose first act is to try what the policy refuses and allows.
run_container() {
	local word arguments=()

	# shellcheck disable=SC2086 # a list of what to try
	for word in "$LOG" $TRIED stay; do
		arguments+=("4=$word")
	done
	CONTAINER=$(cri CreateContainer "1=$SANDBOX" '2{' '1{' 1=box "2#$((ATTEMPT++))" '}' '2{' 1=host.test/pause:1 '}' \
		3=/usr/lib/host/probe "${arguments[@]}" '7{' 1=/usr/lib/host 2=/usr/lib/host 3#1 '}' \
		'7{' "1=$SCRATCH" "2=$SCRATCH" '}' '}' '3{' "${POD[@]}" '}')
	cri StartContainer "1=$CONTAINER"
}

pid_of_container() {
	ctr --namespace k8s.io task list | awk -v id="$CONTAINER" '$1 == id { print $2 }'
}

expect_pod() {
	local count=1 word command=()

	put_policy
	run_pod cgfence io.cgfence.policy=web
	# The process that holds the namespaces has a fence already.
	[[ $(cgfence status --json | jq length) == 1 ]] || fail "$(cgfence status)"
	run_container
	expect_lines 1
	[[ $(cgfence status --json | jq length) == 2 ]] || fail "$(cgfence status)"
	# shellcheck disable=SC2086 # a list of what to try
	for word in /usr/lib/host/probe "$LOG" $TRIED; do
		command+=("2=$word")
	done
	cri ExecSync "1=$CONTAINER" "${command[@]}"
	expect_lines $((++count))
	# As the kubelet's manager of processors does.
	cri UpdateContainerResources "1=$CONTAINER" '2{' 3#512 '}'
	again "$(pid_of_container)"
	expect_lines $((++count))
	# A restart is another container.
	cri StopContainer "1=$CONTAINER" 2#0
	cri RemoveContainer "1=$CONTAINER"
	run_container
	expect_lines $((++count))
	cri StopPodSandbox "1=$SANDBOX"
	cri RemovePodSandbox "1=$SANDBOX"
	wait_for has_no_fence
}

test_pod() {
	configure
	expect_pod
}

test_pod_crun() {
	install -d /etc/cgfence
	echo '{"runtime": "/usr/bin/crun"}' >/etc/cgfence/runtime.json
	configure
	expect_pod
}

test_pod_cgroupfs() {
	SLICE=/kubepods/besteffort/pod1234
	configure 's/SystemdCgroup = true/SystemdCgroup = false/'
	expect_pod
}

test_ports_by_annotation() {
	configure
	put_policy
	run_pod cgfence io.cgfence.policy=web io.cgfence.tcp=9090
	run_container
	expect_lines 1 '/dev/full=refused 9090=allowed /dev/null=allowed 8080=allowed'
}

expect_none() { # ANNOTATION=VALUE REASON
	local output

	describe_pod "$1"
	! output=$(cri RunPodSandbox '1{' "${POD[@]}" '}' 2=cgfence 2>&1) || fail "with $1 it started"
	# This is what `kubectl describe pod` shows.
	[[ $output == *"$2"* ]] || fail "$output"
	has_no_fence
}

test_closed() {
	configure
	put_policy
	echo '{"devices": 7}' >/etc/cgfence/policies/bad.json
	expect_none io.cgfence.policy=bad 'bad.json:1:'
	expect_none io.cgfence.policy=missing 'cannot find the policy'
	expect_none io.cgfence.policy=../policies/web 'cannot be the name of a policy'
	expect_none io.cgfence.tcp=80 'no policy is named'
	expect_none io.cgfence.polcy=web 'unknown annotation'
}

# Neither a pod that asks for none, nor one whose handler hands no annotations on, gets a fence.
test_others_are_free() {
	configure
	put_policy
	run_pod cgfence
	run_container
	expect_lines 1 "$AS_FREE"
	run_pod runc io.cgfence.policy=web
	run_container
	expect_lines 2 "$AS_FREE"
	has_no_fence
}

# By the pattern of the manual, whatever the handler.
test_all_pods() {
	local pattern

	configure
	pattern=$(sed -n 's|^\.Pa \(kubepods\.slice/.*\) \.$|\1|p' /usr/lib/host/manual)
	cgfence attach "$pattern" "$POLICY" >/dev/null
	run_pod runc
	run_container
	expect_lines 1
}

run_tests "$@"
