// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Traffic through fences of ports, changes under load, and commands that are killed. */
#include "base/boot_time.h"
#include "support/clock.h"
#include "support/sockets.h"
#include "support/namespaces.h"

#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(port_stress, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#define CONNECTIONS ((int)harness_rounds(2000))
#define SERVER "tcp 127.0.0.1 8080 reuseaddr"

/* Sends each client its own byte back, and ends after CONNECTIONS of them. */
static int serve(int ready)
{
	int fd = endpoint_open(SERVER);

	if (fd < 0 || listen(fd, 128) < 0 || write(ready, "", 1) != 1)
		return 1;
	for (int i = 0; i < CONNECTIONS; i++) {
		int client = accept(fd, NULL, NULL);
		char byte;

		if (client < 0 || read(client, &byte, 1) != 1 || write(client, &byte, 1) != 1)
			return 1;
		close(client);
	}
	return 0;
}

static bool exchange(int fd, const struct endpoint *server, char byte)
{
	char answer = 0;

	return connect(fd, &server->address.any, server->length) == 0 && write(fd, &byte, 1) == 1 &&
	       read(fd, &answer, 1) == 1 && answer == byte;
}

static int talk(void *argument)
{
	struct endpoint server = endpoint_parse(SERVER);

	(void)argument;
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = endpoint_open(i % 2 ? "tcp 127.0.0.1 0" : "tcp 127.0.0.1 unbound");

		if (fd < 0 || !exchange(fd, &server, (char)i))
			return 1;
		close(fd);
	}
	return 0;
}

Test(port_stress, fenced_servers_and_clients_talk_undisturbed)
{
	int ready[2];
	pid_t server;
	int status;
	char byte;

	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'kill'}");
	cr_assert_eq(pipe(ready), 0);
	server = harness_fork();
	if (server == 0)
		_exit(harness_enter(sockets_fence()) ? 255 : serve(ready[1]));
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), talk, NULL), 0);
	waitpid(server, &status, 0);
	cr_expect_eq(status, 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 0);
	close(ready[0]);
}

/* The observations of a busy process, in shared memory. */
struct observations {
	volatile bool stop;
	volatile unsigned long rounds;
	volatile unsigned long refused;	    /* binds to the port that is always assigned */
	volatile unsigned long any_refused; /* binds to port 0 */
	volatile unsigned long bound;	    /* binds to the port that never is */
	volatile int code;   /* errno of the last bind that was refused and should not */
	uint64_t longest_ns; /* that an attach took */
};

/* Return: 0 or errno. */
static int try_bind(const char *endpoint)
{
	int fd = endpoint_open_free(endpoint);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : -fd;
}

static bool is_refused(struct observations *seen, const char *endpoint)
{
	int code = try_bind(endpoint);

	if (code)
		seen->code = code;
	return code;
}

static int watch_verdicts(struct observations *seen)
{
	while (!seen->stop) {
		const char *assigned = seen->rounds % 2 ? "tcp 127.0.0.1 8080" : "udp ::1 8080";
		const char *unassigned = seen->rounds % 2 ? "tcp 127.0.0.1 9" : "udp ::1 9";

		seen->refused += is_refused(seen, assigned);
		seen->bound += try_bind(unassigned) == 0;
		seen->any_refused +=
			is_refused(seen, seen->rounds % 2 ? "tcp 127.0.0.1 0" : "udp ::1 0");
		seen->rounds++;
	}
	return 0;
}

#define BUSY 3
#define REPLACEMENTS ((int)harness_rounds(200))

/* Attaches the policies in turn while processes in the fence bind; verdicts that both share must hold throughout. */
static struct observations *replace_under_load(const char *const policies[2])
{
	struct observations *seen = harness_share(sizeof(struct observations));
	pid_t busy[BUSY];

	harness_attach(sockets_fence(), policies[1]);
	for (int i = 0; i < BUSY; i++) {
		busy[i] = harness_fork();
		if (busy[i] == 0) {
			/* A namespace for each, or they would be in each other's way on the port. */
			if (namespaces_enter_net() || harness_enter(sockets_fence()))
				_exit(255);
			_exit(watch_verdicts(seen));
		}
	}
	for (int i = 0; i < REPLACEMENTS; i++) {
		uint64_t begin_ns = clock_ns();

		harness_attach(sockets_fence(), policies[i % 2]);
		if (clock_ns() - begin_ns > seen->longest_ns)
			seen->longest_ns = clock_ns() - begin_ns;
	}
	seen->stop = true;
	for (int i = 0; i < BUSY; i++)
		waitpid(busy[i], NULL, 0);
	cr_expect_gt(seen->rounds, REPLACEMENTS);
	return seen;
}

Test(port_stress, what_both_policies_say_holds_while_one_replaces_the_other)
{
	static const char *const policies[] = {
		"{'devices': {'defaults': true}, 'ports': [8080, 8081], 'netns': 'any'}",
		"{'devices': {'defaults': true}, 'ports': ['8070-8080', 'ipv6:7', '500-600'], 'netns': 'any'}",
	};
	struct observations *seen = replace_under_load(policies);

	cr_expect_eq(seen->refused, 0, "%lu of %lu refused: %s", seen->refused, seen->rounds,
		     strerror(seen->code));
	cr_expect_eq(seen->bound, 0, "%lu of %lu bound", seen->bound, seen->rounds);
	cr_expect_eq(seen->any_refused, 0, "%lu of %lu port 0 refused: %s", seen->any_refused,
		     seen->rounds, strerror(seen->code));
}

Test(port_stress, fencing_and_freeing_ports_never_refuses_what_is_assigned)
{
	static const char *const policies[] = {
		"{'devices': {'defaults': true}}",
		"{'devices': {'defaults': true}, 'ports': [8080], 'netns': 'any'}",
	};
	struct observations *seen = replace_under_load(policies);

	cr_expect_eq(seen->refused, 0, "%lu of %lu refused: %s", seen->refused, seen->rounds,
		     strerror(seen->code));
	/* What the kernel chose before the fence is known for as long as an attach takes on a slow machine, and no longer. */
	if (seen->longest_ns < CGFENCE_BIND_NS / 2)
		cr_expect_eq(seen->any_refused, 0, "%lu of %lu port 0 refused: %s",
			     seen->any_refused, seen->rounds, strerror(seen->code));
}

/* Kills a child that attaches, @delay_us after it began. */
static void attach_and_kill(const char *policy, long delay_us)
{
	const struct timespec delay = { .tv_sec = delay_us / 1000000,
					.tv_nsec = delay_us % 1000000 * 1000 };
	pid_t child = harness_fork();

	if (child == 0) {
		harness_attach(sockets_fence(), policy);
		_exit(0);
	}
	nanosleep(&delay, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void expect_one_program_each(void)
{
	static const enum bpf_attach_type types[] = {
		BPF_CGROUP_DEVICE,	    BPF_CGROUP_INET4_BIND,	BPF_CGROUP_INET6_BIND,
		BPF_CGROUP_INET4_POST_BIND, BPF_CGROUP_INET6_POST_BIND, BPF_CGROUP_INET_SOCK_CREATE,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		cr_expect_eq(sockets_hook_programs(sockets_fence(), (int)types[i]), 1,
			     "attach type %d", types[i]);
	cr_expect_leq(sockets_hook_programs(sockets_fence(), BPF_CGROUP_SOCK_OPS), 1);
}

#define KILL_STEPS ((long)harness_rounds(100))

#define OLD_POLICY "{'devices': {'allow': ['c 1:3 w']}, 'ports': [8080, 8081]}"
#define NEW_POLICY \
	"{'devices': {'allow': ['c 1:3 w']}, 'ports': [8081, 8082], 'on_violation': 'kill'}"

/* The distance between KILL_STEPS kills that spread over an attach and a little more, however slow the machine. */
static long kill_step_us(void)
{
	uint64_t least_ns = UINT64_MAX;

	/* The machine may stand still once. */
	for (int i = 0; i < 3; i++) {
		uint64_t begin_ns = boot_time_ns();
		uint64_t taken_ns;
		bool detached;

		attach_and_kill(NEW_POLICY, 0);
		harness_attach(sockets_fence(), NEW_POLICY);
		taken_ns = boot_time_ns() - begin_ns;
		if (taken_ns < least_ns)
			least_ns = taken_ns;
		cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached,
						  NULL),
			     0);
	}
	return (long)(least_ns / 1000) * 3 / 2 / KILL_STEPS;
}

Test(port_stress, an_attach_that_is_killed_is_repaired_by_the_next)
{
	const long step_us = kill_step_us();

	for (long i = 0; i < KILL_STEPS; i++) {
		bool detached;

		attach_and_kill(OLD_POLICY, i * step_us);
		cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8080"), 0,
			     "killed after %ld us", i * step_us);
		cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 0"), 0, "killed after %ld us",
			     i * step_us);
		harness_attach(sockets_fence(), OLD_POLICY);
		expect_one_program_each();
		cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8080"), 0);
		cr_expect_eq(sockets_bind(sockets_fence(), "udp ::1 9"), EPERM);
		cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached,
						  NULL),
			     0);
	}
}

Test(port_stress, a_replacement_that_is_killed_refuses_what_both_refuse_and_nothing_that_both_allow)
{
	const long step_us = kill_step_us();

	harness_attach(sockets_fence(), OLD_POLICY);
	for (long i = 0; i < KILL_STEPS; i++) {
		attach_and_kill(NEW_POLICY, i * step_us);
		cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 9"), EPERM,
			     "killed after %ld us", i * step_us);
		cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8081"), 0,
			     "killed after %ld us", i * step_us);
		cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 0"), 0,
			     "port 0, killed after %ld us", i * step_us);
		harness_attach(sockets_fence(), OLD_POLICY);
		expect_one_program_each();
		cr_expect_eq(sockets_bind(sockets_fence(), "udp ::1 8080"), 0);
		cr_expect_eq(sockets_bind(sockets_fence(), "udp ::1 8082"), EPERM);
	}
}
