// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a runtime tells its hooks, without a runtime. */
#include "own_etc.h"
#include "program.h"
#include "support/fences.h"
#include "support/harness.h"
#include "support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATE "'ociVersion': '1.0.2', 'id': 'box'"

static void begin(void)
{
	harness_begin();
	own_etc_begin();
	own_etc_file("policies/web.json", "{'devices': {'allow': ['c 1:3 rw']}}");
	own_etc_file("policies/ports.json", "{'ports': {'tcp': [8080]}}");
}

TestSuite(oci_hook, .init = begin, .fini = harness_end);

/* A process that stands for the first of a container. */
static pid_t start_in(const struct cgfence_cgroup *cgroup)
{
	pid_t pid = 0;

	cr_assert_eq(cgfence_cgroup_fork(cgroup, SIGCHLD, &pid, NULL), 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static struct program_result run_hook(const char *state, const char *const *words)
{
	return program_run(&(const struct program_options){ .input = state }, words);
}

/* @annotations: such as "'io.cgfence.policy': 'web'" */
static const char *state_of(pid_t pid, const char *annotations)
{
	static char state[4096];

	snprintf(state, sizeof(state),
		 "{" STATE
		 ", 'status': 'creating', 'pid': %d, 'bundle': '%s', 'annotations': {%s}}",
		 pid, harness_directory(), annotations);
	return state;
}

static struct program_result run_for(pid_t pid, const char *annotations)
{
	return run_hook(state_of(pid, annotations), WORDS("oci-hook"));
}

static void assert_no_fence(void)
{
	struct program_result result = program_run(NULL, WORDS("status", "--json"));

	assert_done(result);
	cr_assert_str_eq(result.output, "[]\n");
}

static void expect_same(const json_t *a, const json_t *b, const char *key)
{
	const json_t *of_a = json_object_get(a, key);
	const json_t *of_b = json_object_get(b, key);

	cr_expect((!of_a && !of_b) || json_equal(of_a, of_b), "%s differ", key);
}

static void assert_fenced(const struct cgfence_cgroup *cgroup, const char *expected)
{
	struct program_result result =
		program_run(NULL, WORDS("show", cgfence_cgroup_path(cgroup)));
	json_t *policy;
	json_t *right;

	assert_done(result);
	policy = program_json(&result);
	right = json_loads(expected, 0, NULL);
	cr_assert(right);
	expect_same(policy, right, "devices");
	expect_same(policy, right, "ports");
	json_decref(policy);
	json_decref(right);
}

#define WEB "{\"devices\": {\"defaults\": false, \"allow\": [\"c 1:3 rw\"], \"deny\": []}}"

Test(oci_hook, what_is_no_state_is_refused)
{
	static const struct {
		const char *state;
		const char *complaint;
	} faults[] = {
		{ "", "there is no state of a container" },
		{ "{", "1:1: this is not JSON" },
		{ "[]", "this must be an object" },
		{ "{'id': 'a', 'id': 'b'}", "duplicate" },
		{ "{}", "id: this must be a string" },
		{ "{'id': 7}", "id: this must be a string" },
		{ "{" STATE "}", "bundle: this must be a string" },
		{ "{" STATE ", 'bundle': 'b'}", "bundle: this must be an absolute path" },
		{ "{" STATE ", 'bundle': '/'}", "status: this must be a string" },
		{ "{" STATE ", 'bundle': '/', 'status': 'running'}", "is 'running' already" },
		{ "{" STATE ", 'bundle': '/', 'status': 'stopped'}", "is 'stopped' already" },
		{ "{" STATE ", 'bundle': '/', 'status': 'created'}", "pid: this must be" },
		{ "{" STATE ", 'bundle': '/', 'status': 'created', 'pid': 0}",
		  "pid: this must be" },
		{ "{" STATE ", 'bundle': '/', 'status': 'created', 'pid': -1}",
		  "pid: this must be" },
		{ "{" STATE ", 'bundle': '/', 'status': 'created', 'pid': 4294967297}",
		  "pid: this must be" },
		{ "{" STATE ", 'bundle': '/', 'status': 'created', 'pid': 2147483647,"
		  " 'annotations': {'io.cgfence.policy': 'web'}}",
		  "2147483647" },
		{ "{" STATE ", 'bundle': '/', 'status': 'created', 'pid': 1, 'annotations': []}",
		  "annotations: this must be an object" },
		{ "{" STATE ", 'bundle': '/', 'status': 'created', 'pid': 1}",
		  "no policy is named" },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct program_result result = run_hook(faults[i].state, WORDS("oci-hook"));

		cr_expect(result.status == 1 || result.status == 2, "%s", faults[i].state);
		cr_expect(strstr(result.errors, faults[i].complaint), "%s: %s", faults[i].state,
			  result.errors);
	}
	assert_no_fence();
}

Test(oci_hook, a_state_has_a_bound)
{
	size_t size = 1100 * 1000;
	char *state = malloc(size + 1);

	cr_assert(state);
	memset(state, ' ', size);
	state[size] = '\0';
	assert_fails(run_hook(state, WORDS("oci-hook")), 2, "is longer than 1 MiB");
	free(state);
}

Test(oci_hook, fences_what_the_annotations_say)
{
	struct cgfence_cgroup *box = harness_child_cgroup(harness_cgroup(), "box");
	pid_t pid = start_in(box);

	assert_done(run_for(pid, "'io.cgfence.policy': 'web', 'other': 'x'"));
	assert_fenced(box, WEB);
	assert_done(run_for(pid, "'io.cgfence.policy': 'ports', 'io.cgfence.tcp': '9090-9091',"
				 " 'io.cgfence.udp': 'ipv4:53'"));
	assert_fenced(box, "{\"ports\": {\"tcp\": [8080, \"9090-9091\"], \"udp\": [\"ipv4:53\"]}}");
	/* Without a section for ports the annotation makes one, and without annotation there is none. */
	assert_done(run_for(pid, "'io.cgfence.policy': 'web', 'io.cgfence.tcp': '80'"));
	assert_fenced(
		box,
		"{\"devices\": {\"defaults\": false, \"allow\": [\"c 1:3 rw\"], \"deny\": []}, \"ports\": {\"tcp\": [80], \"udp\": []}}");
	assert_fails(run_for(pid, "'io.cgfence.policy': 'web', 'io.cgfence.tcp': '0'"), 2,
		     "container box: the tcp ports: ");
	assert_fails(run_for(pid, "'io.cgfence.polcy': 'web'"), 2,
		     "unknown annotation 'io.cgfence.polcy'; did you mean 'io.cgfence.policy'?");
	assert_fails(run_for(pid, "'io.cgfence.policy': ''"), 2, "a string that is not empty");
	assert_fails(run_for(pid, "'io.cgfence.policy': 7"), 2, "a string that is not empty");
}

Test(oci_hook, the_annotation_comes_before_the_argument)
{
	struct cgfence_cgroup *box = harness_child_cgroup(harness_cgroup(), "box");
	pid_t pid = start_in(box);

	assert_done(run_hook(state_of(pid, ""), WORDS("oci-hook", "--tcp", "80", "ports")));
	assert_fenced(box, "{\"ports\": {\"tcp\": [80, 8080], \"udp\": []}}");
	assert_done(
		run_hook(state_of(pid, "'io.cgfence.policy': 'web'"), WORDS("oci-hook", "ports")));
	assert_fenced(box, WEB);
}

Test(oci_hook, names_do_not_lead_out_of_the_directory)
{
	static const char *const names[] = { "../policies/web", "/etc/cgfence/policies/web",
					     "x/web",		"..",
					     ".hidden",		"./web" };
	pid_t pid = start_in(harness_child_cgroup(harness_cgroup(), "box"));

	cr_assert_eq(mkdir("/etc/cgfence/policies/x", 0755), 0);
	own_etc_file("policies/x/web.json", "{'devices': {}}");
	own_etc_file("policies/.hidden.json", "{'devices': {}}");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char annotation[128];

		snprintf(annotation, sizeof(annotation), "'io.cgfence.policy': '%s'", names[i]);
		assert_fails(run_for(pid, annotation), 2, "cannot be the name of a policy");
	}
	assert_fails(run_hook(state_of(pid, ""), WORDS("oci-hook", "")), 2,
		     "cannot be the name of a policy");
	assert_fails(run_for(pid, "'io.cgfence.policy': 'missing'"), 1,
		     "cannot find the policy /etc/cgfence/policies/missing.json");
	own_etc_file("policies/bad.json", "{'devices': {'allow': ['x']}}");
	assert_fails(run_for(pid, "'io.cgfence.policy': 'bad'"), 2,
		     "/etc/cgfence/policies/bad.json:1:24: ");
	assert_no_fence();
}

Test(oci_hook, policies_are_of_roots_alone)
{
	pid_t pid = start_in(harness_child_cgroup(harness_cgroup(), "box"));
	static const char web[] = "/etc/cgfence/policies/web.json";

	cr_assert_eq(chown(web, 1, 1), 0);
	assert_fails(run_for(pid, "'io.cgfence.policy': 'web'"), 1, "belongs to user 1");
	cr_assert(chown(web, 0, 0) == 0 && chmod(web, 0666) == 0);
	assert_fails(run_for(pid, "'io.cgfence.policy': 'web'"), 1, "whose mode is 0666");
	cr_assert(chmod(web, 0644) == 0 && chmod("/etc/cgfence/policies", 01777) == 0);
	assert_fails(run_for(pid, "'io.cgfence.policy': 'web'"), 1, "whose mode is 1777");
	assert_no_fence();
}

Test(oci_hook, another_directory_can_be_named)
{
	struct cgfence_cgroup *box = harness_child_cgroup(harness_cgroup(), "box");
	pid_t pid = start_in(box);

	cr_assert_eq(mkdir("/etc/cgfence/more", 0755), 0);
	own_etc_file("more/own.json", "{'devices': {'allow': ['c 1:3 rw']}}");
	assert_done(run_hook(state_of(pid, ""),
			     WORDS("oci-hook", "--policies", "/etc/cgfence/more", "own")));
	assert_fenced(box, WEB);
}

Test(oci_hook, the_level_below_a_unit_is_the_unit)
{
	struct cgfence_cgroup *scope = harness_child_cgroup(harness_cgroup(), "box.scope");
	struct cgfence_cgroup *container = harness_child_cgroup(scope, "container");
	struct cgfence_cgroup *plain = harness_child_cgroup(harness_cgroup(), "plain");
	struct cgfence_cgroup *below = harness_child_cgroup(plain, "container");

	assert_done(run_for(start_in(container), "'io.cgfence.policy': 'web'"));
	assert_fenced(scope, WEB);
	assert_done(run_for(start_in(below), "'io.cgfence.policy': 'web'"));
	assert_fenced(below, WEB);
	assert_fails(program_run(NULL, WORDS("show", cgfence_cgroup_path(plain))), 1,
		     "has no fence of its own");
	assert_done(run_for(start_in(container), "'io.cgfence.policy': 'ports',"
						 " 'run.oci.systemd.subgroup': 'other'"));
	assert_fenced(container, "{\"ports\": {\"tcp\": [8080], \"udp\": []}}");
}

Test(oci_hook, a_container_in_the_cgroup_of_its_engine_is_refused)
{
	struct program_result result;

	/* The test is in a cgroup above that of the hook, or in the same. */
	result = program_run(
		&(const struct program_options){
			.input = state_of(start_in(harness_cgroup()), "'io.cgfence.policy': 'web'"),
			.cgroup = harness_cgroup() },
		WORDS("oci-hook"));
	assert_fails(result, 1, "has no cgroup of its own");
	assert_no_fence();
}

Test(oci_hook, the_devices_of_the_container_can_be_the_base)
{
	struct cgfence_cgroup *box = harness_child_cgroup(harness_cgroup(), "box");
	pid_t pid = start_in(box);
	struct program_result result;

	own_etc_file("policies/given.json",
		     "{'devices': {'defaults': 'container', 'deny': ['c 10:200 rwm']}}");
	assert_fails(run_for(pid, "'io.cgfence.policy': 'given'"), 1,
		     "config.json, which has the rules");
	program_file(
		"config.json",
		"{'process': {'rlimits': [{'type': 'RLIMIT_CORE', 'hard': 18446744073709551615,"
		" 'soft': 18446744073709551615}]}, 'linux': {'resources': {'devices':"
		" [{'allow': false, 'access': 'rwm'}, {'allow': true, 'type': 'c', 'major': 240,"
		" 'minor': 77, 'access': 'rw'}]}}}");
	assert_done(run_for(pid, "'io.cgfence.policy': 'given'"));
	result = program_run(NULL,
			     WORDS("explain", cgfence_cgroup_path(box), "device", "c 240:77 rw"));
	assert_done(result);
	assert_done(program_run(NULL,
				WORDS("explain", cgfence_cgroup_path(box), "device", "c 1:3 rw")));
	assert_status(program_run(NULL, WORDS("explain", cgfence_cgroup_path(box), "device",
					      "c 240:78 r")),
		      3);
	assert_status(program_run(NULL, WORDS("explain", cgfence_cgroup_path(box), "device",
					      "c 10:200 r")),
		      3);
	assert_fails(program_run(NULL, WORDS("attach", cgfence_cgroup_path(box),
					     "/etc/cgfence/policies/given.json")),
		     2, "which only oci-hook has");
}

/* By a shell of this name, which stands for the runtime: for crun, a minor of 0 means all. */
static struct program_result run_below(const char *name, const char *state)
{
	char program[300];
	char cgfence[PATH_MAX];

	snprintf(program, sizeof(program), "%s/%s", harness_directory(), name);
	cr_assert(realpath(program_path(), cgfence));
	cr_assert_eq(program_run(&(const struct program_options){ .by_words = true },
				 WORDS("cp", "/bin/sh", program))
			     .status,
		     0);
	return program_run(&(const struct program_options){ .input = state, .by_words = true },
			   WORDS(program, "-c", "\"$0\" oci-hook; exit $?", cgfence));
}

Test(oci_hook, the_rules_are_read_as_the_runtime_above_reads_them)
{
	struct cgfence_cgroup *box = harness_child_cgroup(harness_cgroup(), "box");
	const char *state = state_of(start_in(box), "'io.cgfence.policy': 'given'");
	char directory[300];

	own_etc_file("policies/given.json", "{'devices': {'defaults': 'container'}}");
	program_file("config.json",
		     "{'linux': {'resources': {'devices': [{'allow': false, 'access': 'rwm'},"
		     " {'allow': true, 'type': 'c', 'major': 5, 'minor': 0, 'access': 'rw'}]}}}");
	assert_done(run_below("crun-1.28", state));
	assert_done(
		program_run(NULL, WORDS("explain", cgfence_cgroup_path(box), "device", "c 5:1 r")));
	/* A directory makes no crun of it. */
	snprintf(directory, sizeof(directory), "%s/crunched", harness_directory());
	cr_assert_eq(mkdir(directory, 0755), 0);
	assert_done(run_below("crunched/runc", state));
	assert_status(program_run(NULL,
				  WORDS("explain", cgfence_cgroup_path(box), "device", "c 5:1 r")),
		      3);
}

Test(oci_hook, other_users_are_refused_clearly)
{
	static const char part[] = "a container of a user other than root cannot get a fence";
	pid_t pid = start_in(harness_child_cgroup(harness_cgroup(), "box"));
	const char *state = state_of(pid, "'io.cgfence.policy': 'web'");

	assert_fails(program_run(&(const struct program_options){ .input = state,
								  .without_admin = true },
				 WORDS("oci-hook")),
		     1, part);
	if (!namespaces_has_users())
		harness_skip("no user namespace can be made in a chroot");
	/* With all capabilities, but in a user namespace, as hooks of rootless podman. */
	assert_fails(
		program_run(&(const struct program_options){ .input = state, .by_words = true },
			    WORDS("unshare", "--user", "--map-root-user", program_path(),
				  "oci-hook")),
		1, part);
	assert_no_fence();
}

Test(oci_hook, the_pod_of_the_manifests_declares_what_it_is_assigned)
{
	struct program_result result =
		program_run(NULL, WORDS("import", "--from", "k8s", "tools/kubernetes/pod.yaml"));
	json_t *policy;

	assert_status(result, 0);
	policy = program_json(&result);
	cr_expect_eq(json_integer_value(json_array_get(
			     json_object_get(json_object_get(policy, "ports"), "tcp"), 0)),
		     8080, "%s", result.output);
	json_decref(policy);
}
