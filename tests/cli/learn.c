// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "learning.h"
#include "support/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

TestSuite(learn, .init = sockets_begin, .fini = harness_end);

static struct program_result run_here(const char *const *words)
{
	const struct program_options options = { .cgroup = harness_cgroup() };

	return program_run(&options, words);
}

/* The policy that was printed, in a file. */
static const char *policy_of(const struct program_result *result)
{
	cr_assert_eq(result->status, 0, "%s", result->errors);
	return program_file("learnt.json", result->output);
}

static void expect_policy(const struct program_result *result, const char *expected)
{
	json_t *policy = program_json(result);
	json_t *wanted;
	char *text = strdup(expected);

	for (char *at = text; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	wanted = json_loads(text, 0, NULL);
	cr_assert_not_null(wanted, "%s", text);
	cr_expect(json_equal(policy, wanted), "%s", result->output);
	json_decref(policy);
	json_decref(wanted);
	free(text);
}

/* ---- a command ---- */

Test(learn, a_command)
{
	struct program_result result = run_here(
		WORDS("learn", "--", "sh", "-c", "echo told; head -c 4 /dev/zero >/dev/null"));

	cr_assert_eq(result.status, 0, "%s", result.errors);
	expect_policy(&result, "{'devices': {'defaults': false, 'allow': ['/dev/null w',"
			       " '/dev/zero r']}, 'ports': []}");
	assert_has(result.errors, "told\n");
	assert_has(result.errors, "cgfence: new /dev/zero r: 1 request of head, ");
	assert_has(result.errors, "cgfence: new /dev/null w: 1 request of sh, ");
}

/* Not one request of the same command again, and nothing else. */
static void expect_enough(const char *script)
{
	struct program_result result = run_here(WORDS("learn", "--", "sh", "-c", script));
	const char *policy = policy_of(&result);

	assert_status(
		run_here(WORDS("run", "--audit", "--fail", "-p", policy, "--", "sh", "-c", script)),
		0);
	assert_status(run_here(WORDS("run", "-p", policy, "--", "sh", "-c", script)), 0);
	assert_status(run_here(WORDS("run", "-p", policy, "--", "sh", "-c", ": </dev/kmsg")), 2);
}

Test(learn, the_policy_of_a_shell_is_enough_for_it)
{
	expect_enough("head -c 4 /dev/urandom >/dev/null && (: </dev/tty); : </dev/zero");
}

Test(learn, the_policy_of_a_compiler_is_enough_for_it)
{
	char script[512];

	if (system("command -v cc >/dev/null") != 0)
		harness_skip("there is no C compiler");
	snprintf(
		script, sizeof(script),
		"cd %s && echo 'int main(void) { return 0; }' >a.c && cc -pipe -O2 -o a a.c 2>/dev/null"
		" && ./a </dev/null",
		harness_directory());
	expect_enough(script);
}

Test(learn, exits_as_the_command_did)
{
	struct program_result result = run_here(WORDS("learn", "--", "sh", "-c", "exit 7"));

	cr_expect_eq(result.status, 7);
	expect_policy(&result, "{'devices': {'defaults': false, 'allow': []}, 'ports': []}");
	assert_has(result.errors, "no device and no port was used");
	result = run_here(WORDS("learn", "--", "cgfence-no-such-command"));
	assert_fails(result, 127, "cannot run 'cgfence-no-such-command'");
	cr_expect_str_eq(result.output, "");
}

/* A shell does so whose last command was not found. */
Test(learn, tells_what_a_command_used_that_exits_as_if_there_were_none)
{
	for (int status = 126; status <= 127; status++) {
		struct program_result result;
		char script[64];

		snprintf(script, sizeof(script), ": </dev/zero; exit %d", status);
		result = run_here(WORDS("learn", "--", "sh", "-c", script));
		cr_expect_eq(result.status, status);
		expect_policy(&result, "{'devices': {'defaults': false, 'allow': ['/dev/zero r']},"
				       " 'ports': []}");
	}
}

/* ---- a cgroup ---- */

static const char *path(void)
{
	return cgfence_cgroup_path(harness_cgroup());
}

Test(learn, a_cgroup_until_it_is_interrupted)
{
	struct program_result result;
	struct program program;

	learning_start(&program, WORDS("learn", path()));
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), 0);
	result = learning_end(&program);
	expect_policy(&result, "{'devices': {'defaults': false, 'allow': ['/dev/zero r']},"
			       " 'ports': []}");
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 0);
}

Test(learn, for_a_time)
{
	struct program_result result = program_run(NULL, WORDS("learn", path(), "--for", "100ms"));

	cr_expect_eq(result.status, 0, "%s", result.errors);
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 0);
}

Test(learn, until_the_cgroup_is_removed)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct program program;

	learning_start(&program, WORDS("learn", cgfence_cgroup_path(child)));
	cr_expect_eq(harness_open(child, "c 1:5", O_RDONLY), 0);
	cr_assert_eq(cgfence_cgroup_remove(child, NULL), 0);
	program_finish(&program);
	cr_expect_eq(program.result.status, 0, "%s", program.result.errors);
	assert_has(program.result.output, "/dev/zero r");
}

Test(learn, a_pattern)
{
	struct program_result result;
	struct program program;
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/w*", path());
	learning_start(&program, WORDS("learn", pattern));
	cr_expect_eq(harness_open(harness_child_cgroup(harness_cgroup(), "web"), "c 1:5", O_RDONLY),
		     0);
	cr_expect_eq(harness_open(harness_child_cgroup(harness_cgroup(), "other"), "c 1:7",
				  O_RDONLY),
		     0);
	result = learning_end(&program);
	expect_policy(&result, "{'devices': {'defaults': false, 'allow': ['/dev/zero r']},"
			       " 'ports': []}");
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 0);
}

static void expect_sweep_after_kill(const char *name)
{
	struct program program;

	learning_start(&program, WORDS("learn", name));
	assert_done(run_here(WORDS("run", "--", "true")));
	cr_assert_gt(harness_hook_programs(harness_cgroup()), 0,
		     "another command took the fence of a learner that lives");
	kill(program.pid, SIGKILL);
	program_finish(&program);
	assert_done(run_here(WORDS("run", "--", "true")));
	cr_expect_eq(harness_hook_programs(harness_cgroup()), 0);
}

Test(learn, what_a_killed_one_leaves_is_swept)
{
	expect_sweep_after_kill(path());
}

Test(learn, what_a_killed_one_of_a_pattern_leaves_is_swept)
{
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/w*", path());
	expect_sweep_after_kill(pattern);
}

#define DEVICES 200
#define OPENS 100000

static int use_many_devices(void *argument)
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		if (mknod(argument, S_IFCHR | 0600, makedev(300 + i % 5, i)) < 0 ||
		    unlink(argument) < 0)
			return 1;
	}
	for (int i = 0; i < OPENS; i++) {
		int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			return 2;
		close(fd);
	}
	return 0;
}

/* Records have room for 132 devices. */
Test(learn, loses_nothing)
{
	struct program_result result;
	struct program program;
	json_t *allow;
	json_t *policy;
	char node[256];

	snprintf(node, sizeof(node), "%s/many", harness_directory());
	learning_start(&program, WORDS("learn", path()));
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), use_many_devices, node), 0);
	result = learning_end(&program);
	policy = program_json(&result);
	allow = json_object_get(json_object_get(policy, "devices"), "allow");
	cr_expect_eq(json_array_size(allow), DEVICES + 1, "%zu", json_array_size(allow));
	assert_has(result.errors, "/dev/null w: 100000 requests of ");
	json_decref(policy);
}

/* ---- ports ---- */

static int listen_on(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int code = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0
			   ? errno
			   : 0;

	close(fd);
	return code;
}

static int serve(void *argument)
{
	(void)argument;
	return listen_on(8081) || listen_on(0);
}

static int serve_another(void *argument)
{
	(void)argument;
	return listen_on(8082);
}

static json_int_t requests_of(const char *hook)
{
	json_t *status = program_status(harness_cgroup());
	json_t *counters = json_object_get(json_object_get(status, "counters"), hook);
	json_int_t count = json_integer_value(json_object_get(counters, "denied")) +
			   json_integer_value(json_object_get(counters, "audited"));

	json_decref(status);
	return count;
}

Test(learn, ports_without_those_that_the_kernel_chose)
{
	struct program_result result;
	struct program program;

	learning_start(&program, WORDS("learn", path()));
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), serve, NULL), 0);
	result = learning_end(&program);
	assert_has(result.output, "\"ipv4:8081\"");
	assert_has(result.errors, "listened on ports that the kernel chose");
	assert_done(program_run(NULL, WORDS("attach", path(), policy_of(&result))));
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), serve, NULL), 0);
	cr_expect_eq(requests_of("bind") + requests_of("listen"), 0);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), serve_another, NULL), EPERM);
}

static int hold_listener(void *argument)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(8083) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int *ready = argument;

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		return 1;
	*ready = 1;
	pause();
	return 0;
}

/* No hook sees it any more. */
Test(learn, a_listener_that_was_there_before)
{
	int *ready = harness_share(sizeof(*ready));
	struct program_result result;
	struct program program;
	pid_t child = harness_fork();

	if (child == 0)
		_exit(harness_enter(harness_cgroup()) || hold_listener(ready));
	while (!*(volatile int *)ready)
		usleep(1000);
	learning_start(&program, WORDS("learn", path()));
	result = learning_end(&program);
	kill(child, SIGKILL);
	expect_policy(&result, "{'devices': {'defaults': false, 'allow': []}, 'ports': {'tcp':"
			       " ['ipv4:8083'], 'udp': []}}");
}

/* ---- beside an earlier policy ---- */

Test(learn, adds_to_a_policy)
{
	const char *earlier = program_file("p.json", "{'devices': {'allow': ['c 1:3 rw']}}");
	struct program_result result = run_here(
		WORDS("learn", "--merge", earlier, "--", "sh", "-c", ": >/dev/null; : </dev/zero"));

	expect_policy(&result, "{'devices': {'allow': ['c 1:3 rw', '/dev/zero r']}}");
	assert_has(result.errors, "cgfence: known /dev/null w: ");
	assert_has(result.errors, "cgfence: new /dev/zero r: ");
	result = run_here(WORDS("learn", "--merge", earlier, "--", "sh", "-c", ": >/dev/null"));
	expect_policy(&result, "{'devices': {'allow': ['c 1:3 rw']}}");
	assert_has(result.errors, "nothing was new");
}

static int serve_elsewhere(void *argument)
{
	(void)argument;
	return unshare(CLONE_NEWNET) < 0 ? 1 : listen_on(8084);
}

/* What it judges is learnt, also where a policy that is made anew would judge nothing. */
Test(learn, adds_ports_of_other_network_namespaces)
{
	const char *earlier = program_file("p.json", "{'ports': [], 'netns': 'any'}");
	struct program_result result;
	struct program program;

	learning_start(&program, WORDS("learn", "--merge", earlier, path()));
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), serve_elsewhere, NULL), 0);
	result = learning_end(&program);
	expect_policy(&result, "{'ports': {'tcp': ['ipv4:8084'], 'udp': []}, 'netns': 'any'}");
	assert_done(program_run(NULL, WORDS("attach", path(), policy_of(&result))));
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), serve_elsewhere, NULL), 0);
}

Test(learn, faults)
{
	const char *bad = program_file("bad.json", "{'device': {}}");

	assert_fails(program_run(NULL, WORDS("learn", "--for", "10x", path())), 2,
		     "'10x' is no duration");
	assert_fails(program_run(NULL, WORDS("learn", "--for", "1s", "--", "true")), 2,
		     "--for is for a cgroup");
	assert_fails(program_run(NULL, WORDS("learn", path(), "true")), 2, "give one cgroup");
	assert_fails(program_run(NULL, WORDS("learn", "--merge", bad, path())), 2, "unknown key");
	assert_fails(program_run(NULL, WORDS("learn", "/no/such")), 1, "/no/such");
	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:3 r']}}");
	assert_fails(program_run(NULL, WORDS("learn", path())), 1, "has a fence already");
	/* It is as it was. */
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:5", O_RDONLY), EPERM);
}

/* Else it could not be told from what the command ended with. */
Test(learn, a_failure_before_a_command_has_a_status_of_its_own)
{
	const struct program_options options = { .without_admin = true };

	assert_fails(program_run(&options, WORDS("learn", "--", "true")), 125, "CAP_SYS_ADMIN");
	assert_fails(program_run(&options, WORDS("learn", "/none")), 1, "CAP_SYS_ADMIN");
}
