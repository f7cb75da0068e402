// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every way to hold a listener that no hook can see (spec section 4, the last row) is found with its holder, both by
 * the iterator and by /proc.
 */
#include "holding.h"
#include "reconcile/holders_iterator.h"
#include "support/descriptors.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY "{'ports': [8080]}"
#define OUTSIDE "; the socket was made outside of the fence"
#define EXECUTED "cgfence-test-holder"

/* Below the fence, since a report names the cgroup of the holder. */
static struct cgfence_cgroup *member;

static void ways_begin(void)
{
	holding_begin();
	member = harness_child_cgroup(sockets_fence(), "member");
}

TestSuite(reconcile_ways, .init = ways_begin, .fini = holding_end);

/* One in excess, and one that must never be reported. */
static const char *const pair[] = { "tcp 127.0.0.1 9", "tcp 127.0.0.1 8080", NULL };

struct expected {
	pid_t pid;
	const char *comm;
	const char *cmdline; /* NULL: that of this test, since the processes are copies of it */
	const struct cgfence_cgroup *member;
	const char *reason; /* the text after "is not assigned" */
};

static void read_own_cmdline(char text[256])
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, text, 255);

	close(fd);
	cr_assert_gt(length, 0);
	/* The last NUL ends the text. */
	text[length] = '\0';
	for (ssize_t i = 0; i + 1 < length; i++)
		text[i] = text[i] ? text[i] : ' ';
}

static void expect_report(const struct reports *reports, uint32_t inode, const char *endpoint,
			  const struct expected *expected)
{
	const struct report *report = reports_find(reports, sockets_fence(), inode);
	const struct endpoint where = endpoint_parse(endpoint);
	char protocol[16];
	char address[64];
	char cmdline[256];

	cr_assert_neq(report, NULL, "'%s', inode %u, is not among:%s", endpoint, inode,
		      reports_text(reports));
	sscanf(endpoint, "%15s %63s", protocol, address);
	read_own_cmdline(cmdline);
	cr_expect_eq(report->pid, (uint32_t)expected->pid, "pid %u, not %d", report->pid,
		     expected->pid);
	cr_expect_str_eq(report->comm, expected->comm, "'%s', not '%s'", report->comm,
			 expected->comm);
	cr_expect_str_eq(report->cmdline, expected->cmdline ? expected->cmdline : cmdline,
			 "command line '%s'", report->cmdline);
	cr_expect_str_eq(report->member, cgfence_cgroup_path(expected->member), "member %s",
			 report->member);
	cr_expect_eq(report->protocol, where.type == SOCK_STREAM ? CGFENCE_TCP : CGFENCE_UDP, "%s",
		     endpoint);
	cr_expect_eq(report->family, where.domain == AF_INET6 ? CGFENCE_IPV6 : CGFENCE_IPV4, "%s",
		     endpoint);
	cr_expect_str_eq(report->address, address, "%s: %s", endpoint, report->address);
	cr_expect_eq(report->port, where.port, "%s: %u", endpoint, report->port);
	cr_expect(strstr(report->reason, expected->reason), "%s: %s", endpoint, report->reason);
	cr_expect_eq(!!strstr(report->reason, OUTSIDE), !!strstr(expected->reason, OUTSIDE), "%s",
		     report->reason);
	cr_expect_str_eq(report->failure, "");
}

/* The first socket on the board, and nothing else. */
static void expect_one(const struct expected *expected)
{
	const struct reports *by_proc;
	const struct reports *by_iterator;

	by_proc = reports_of_fence(sockets_fence());
	expect_report(by_proc, holding_board->inodes[0], pair[0], expected);
	cr_expect_eq(by_proc->count, 1, "by /proc:%s", reports_text(by_proc));
	by_iterator = reports_pass(reports_reconciler());
	expect_report(by_iterator, holding_board->inodes[0], pair[0], expected);
	cr_expect_eq(by_iterator->count, 1, "by the iterator:%s", reports_text(by_iterator));
	cr_expect_eq(by_iterator->in_excess, 1);
	cr_expect_eq(by_iterator->items[0].action, CGFENCE_ACTION_LOGGED);
	cr_expect_str_eq(by_iterator->items[0].excess, "9");
}

Test(reconcile_ways, a_listener_older_than_the_fence)
{
	const struct expected expected = {
		.pid = holding_start(member, holding_listen_all, (void *)pair),
		.comm = "holder",
		.member = member,
		.reason = "tcp port 9 is not assigned",
	};

	harness_attach(sockets_fence(), POLICY);
	expect_one(&expected);
}

static int move_in(void *texts)
{
	int code = holding_listen_all(texts);

	return code ? code : -harness_enter(member);
}

Test(reconcile_ways, a_process_that_was_moved_in)
{
	struct expected expected = { .comm = "holder", .member = member, .reason = OUTSIDE };

	harness_attach(sockets_fence(), POLICY);
	expected.pid = holding_start(harness_cgroup(), move_in, (void *)pair);
	expect_one(&expected);
}

/* Only the child of a process in the fence still holds it. */
static int inherit_over_fork(void *texts)
{
	pid_t child;
	char byte;
	int done[2];
	int code = move_in(texts);

	if (code || pipe2(done, O_CLOEXEC) < 0)
		return code ? code : 1;
	child = fork();
	if (child == 0) {
		holding_limit();
		prctl(PR_SET_NAME, "child");
		if (write(done[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	holding_board->word = (uint32_t)child;
	holding_keep(0);
	return read(done[0], &byte, 1) == 1 ? 0 : 1;
}

Test(reconcile_ways, inherited_over_fork)
{
	struct expected expected = { .comm = "child", .member = member, .reason = OUTSIDE };

	harness_attach(sockets_fence(), POLICY);
	holding_start(harness_cgroup(), inherit_over_fork, (void *)pair);
	expected.pid = (pid_t)holding_board->word;
	expect_one(&expected);
}

/* This program, executed again by inherit_over_exec(), only holds the inherited socket. */
__attribute__((constructor)) static void hold_if_executed(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[0], EXECUTED) != 0)
		return;
	if (write(atoi(argv[1]), "", 1) == 1)
		pause();
	_exit(0);
}

static int inherit_over_exec(void *texts)
{
	char descriptor[16];
	char *arguments[] = { EXECUTED, descriptor, "--with=arguments", NULL };
	int code = move_in(texts);

	for (int fd = 3; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0)
			fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
	}
	snprintf(descriptor, sizeof(descriptor), "%d", holding_ready_descriptor());
	holding_board->word = (uint32_t)holding_ready_descriptor();
	if (code == 0)
		execv("/proc/self/exe", arguments);
	return code ? code : 1;
}

Test(reconcile_ways, inherited_over_exec)
{
	struct expected expected = { .comm = "exe", .member = member, .reason = OUTSIDE };
	char cmdline[64];

	harness_attach(sockets_fence(), POLICY);
	expected.pid = holding_start(harness_cgroup(), inherit_over_exec, (void *)pair);
	snprintf(cmdline, sizeof(cmdline), EXECUTED " %u --with=arguments", holding_board->word);
	expected.cmdline = cmdline;
	expect_one(&expected);
}

static int receive_pair(void *over)
{
	return descriptors_receive(*(int *)over) < 0 || descriptors_receive(*(int *)over) < 0;
}

Test(reconcile_ways, passed_over_a_unix_socket)
{
	struct expected expected = { .comm = "holder", .member = member, .reason = OUTSIDE };
	int ends[2];

	harness_attach(sockets_fence(), POLICY);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	for (size_t i = 0; pair[i]; i++) {
		int fd = holding_listen(pair[i]);

		cr_assert_geq(fd, 0);
		cr_assert_eq(descriptors_send(ends[0], fd), 0);
		close(fd);
	}
	expected.pid = holding_start(member, receive_pair, &ends[1]);
	close(ends[0]);
	close(ends[1]);
	expect_one(&expected);
}

/* The kernel judges a socket by the cgroup that it was made in, so no hook refuses this. */
static int bind_inside(void *texts)
{
	int sockets[2];

	for (size_t i = 0; i < 2; i++) {
		const struct endpoint endpoint = endpoint_parse(((const char *const *)texts)[i]);

		sockets[i] = endpoint_make(&endpoint);
		if (sockets[i] < 0)
			return -sockets[i];
	}
	if (harness_enter(member))
		return 1;
	for (size_t i = 0; i < 2; i++) {
		const struct endpoint endpoint = endpoint_parse(((const char *const *)texts)[i]);

		if (bind(sockets[i], &endpoint.address.any, endpoint.length) < 0)
			return 2;
		if (listen(sockets[i], 8) < 0 || holding_note(sockets[i]) < 0)
			return 3;
	}
	return 0;
}

Test(reconcile_ways, made_outside_and_bound_inside)
{
	struct expected expected = { .comm = "holder", .member = member, .reason = OUTSIDE };

	harness_attach(sockets_fence(), POLICY);
	/* LSM programs go by the cgroup of the caller (bpf_lsm_find_cgroup_shim, kernel/bpf/bpf_lsm.c). */
	if (sockets_guard(sockets_fence()) == CGFENCE_GUARD_DENY)
		sockets_skip("the deny guard refuses it");
	expected.pid = holding_start(harness_cgroup(), bind_inside, (void *)pair);
	expect_one(&expected);
}

static void *hold_in_own_table(void *texts)
{
	prctl(PR_SET_NAME, "own-table");
	if (unshare(CLONE_FILES) < 0 || holding_listen_all(texts) || harness_enter(member))
		_exit(1);
	holding_ready(0);
	holding_wait();
	return NULL;
}

static int hold_by_thread_with_own_table(void *texts)
{
	if (holding_start_thread(hold_in_own_table, texts))
		return 1;
	holding_wait();
}

/* The walk over /proc says so and ends. */
static void skip_without_iterators(void)
{
	struct holders_iterator *iterator = NULL;

	if (holders_iterator_new(&iterator, NULL))
		harness_skip("this kernel takes no iterators over descriptors");
	holders_iterator_free(iterator);
}

Test(reconcile_ways, a_thread_with_descriptors_of_its_own)
{
	struct expected expected = { .comm = "own-table", .member = member, .reason = OUTSIDE };

	skip_without_iterators();
	harness_attach(sockets_fence(), POLICY);
	expected.pid = holding_start(harness_cgroup(), hold_by_thread_with_own_table, (void *)pair);
	expect_one(&expected);
}

static int hold_without_leader(void *texts)
{
	int code = move_in(texts);

	return code ? code : holding_lose_leader();
}

Test(reconcile_ways, threads_whose_leader_is_gone)
{
	struct expected expected = { .comm = "last-thread", .member = member, .reason = OUTSIDE };

	skip_without_iterators();
	harness_attach(sockets_fence(), POLICY);
	expected.pid = holding_start(harness_cgroup(), hold_without_leader, (void *)pair);
	expect_one(&expected);
}

/* A socket that was made in the fence belongs to it, even if only a process outside holds it. */
static int send_out(void *over)
{
	int code = holding_listen_all((void *)pair);

	for (int fd = 0; fd < 256 && code == 0; fd++) {
		struct stat status;

		if (fstat(fd, &status) == 0 && (status.st_ino == holding_board->inodes[0] ||
						status.st_ino == holding_board->inodes[1]))
			code = descriptors_send(*(int *)over, fd);
	}
	holding_keep(0);
	return code;
}

Test(reconcile_ways, made_inside_and_held_by_nobody_there)
{
	const struct expected expected = {
		.comm = "",
		.cmdline = "",
		.member = member,
		.reason = "; the socket was made in the fence, and nobody in it holds it",
	};
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	holding_start(member, send_out, &ends[1]);
	cr_assert(descriptors_receive(ends[0]) >= 0 && descriptors_receive(ends[0]) >= 0);
	harness_attach(sockets_fence(), POLICY);
	expect_one(&expected);
}

static int hold_with_thread_inside(void *cgroup)
{
	int code = holding_listen_all((void *)pair);

	return code ? code : holding_enter_with_thread(cgroup);
}

/* The leader, by which the iterator visits the descriptors of the thread, is outside. */
Test(reconcile_ways, a_thread_in_a_threaded_cgroup)
{
	struct cgfence_cgroup *threaded = harness_child_cgroup(member, "threaded");
	const struct reports *reports;
	const struct report *report;
	pid_t pid;

	holding_make_threaded(threaded);
	harness_attach(threaded, POLICY);
	pid = holding_start(member, hold_with_thread_inside, threaded);
	for (int i = 0; i < 2; i++) {
		reports = i ? reports_pass(reports_reconciler()) : reports_of_fence(threaded);
		cr_assert_eq(reports->count, 1, "%s", reports_text(reports));
		report = reports_find(reports, threaded, holding_board->inodes[0]);
		cr_assert_neq(report, NULL, "%s", reports_text(reports));
		cr_expect_eq(report->pid, (uint32_t)pid);
		cr_expect_str_eq(report->member, cgfence_cgroup_path(threaded));
		cr_expect_str_eq(report->comm, "inside");
	}
}
