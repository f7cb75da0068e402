// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* UDP sockets on ephemeral ports are clients, unless the kernel would not have given them this port. */
#include "holding.h"
#include "support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(reconcile_clients, .init = holding_begin, .fini = holding_end);

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif

#define LOG "{'ports': [8080]}"
#define CLOSE "{'ports': [8080], 'on_violation': 'close'}"
#define CLOSE_ANY "{'ports': [8080], 'on_violation': 'close', 'netns': 'any'}"

#define NOBODY 65534

/* Of the network namespace of this process, which is never the host's. */
#define RANGE "/proc/sys/net/ipv4/ip_local_port_range"
#define RESERVED "/proc/sys/net/ipv4/ip_local_reserved_ports"

/* In parts if @separator is in the text: the kernel adds what comes later through the same descriptor. */
static bool write_parts(const char *path, const char *text, const char *separator)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0;

	while (written && *text) {
		size_t length = strcspn(text, separator);

		written = write(fd, text, length) == (ssize_t)length;
		text += length + strspn(text + length, separator);
	}
	if (fd >= 0)
		close(fd);
	return written;
}

static bool write_whole(const char *path, const char *text)
{
	return write_parts(path, text, "");
}

static void expect_excess(const struct reports *reports, const char *const *texts,
			  const char *reason)
{
	for (uint32_t i = 0; texts[i]; i++) {
		const struct report *report =
			reports_find(reports, sockets_fence(), holding_board->inodes[i]);

		if (*texts[i] != '!') {
			cr_expect_eq(report, NULL, "%s", texts[i]);
			continue;
		}
		cr_assert_neq(report, NULL, "%s is not among:%s", texts[i], reports_text(reports));
		cr_expect(strstr(report->reason, reason), "%s", report->reason);
	}
}

/* The sockets are bound outside. A "!" leads those that are found. */
static int hold_marked(void *marked)
{
	const char *texts[HOLDING_SOCKETS] = { 0 };

	for (size_t i = 0; ((const char *const *)marked)[i]; i++) {
		texts[i] = ((const char *const *)marked)[i];
		texts[i] += *texts[i] == '!';
	}
	return holding_move_in(texts);
}

static void expect_found(const char *const *texts, const char *reason)
{
	holding_start(harness_cgroup(), hold_marked, (void *)texts);
	expect_excess(reports_pass(reports_reconciler()), texts, reason);
	expect_excess(reports_of_fence(sockets_fence()), texts, reason);
}

Test(reconcile_clients, not_on_a_reserved_port)
{
	static const char *const texts[] = {
		"!udp 127.0.0.1 45000", "!udp :: 45001",	"!udp ::1 45002",
		"udp 127.0.0.1 45003",	"udp :: 44999",		"udp ::1 8080",
		"udp ::1 45004",	"!udp 127.0.0.1 45002", NULL,
	};

	cr_assert(write_whole(RESERVED, "8080,45000-45002"));
	harness_attach(sockets_fence(), LOG);
	expect_found(texts, "reserved");
}

Test(reconcile_clients, not_on_a_reserved_port_with_udplite)
{
	static const char *const texts[] = { "!udplite 127.0.0.1 45000", "udplite ::1 45001",
					     NULL };

	sockets_skip_without("udplite 127.0.0.1 unbound");
	cr_assert(write_whole(RESERVED, "45000"));
	harness_attach(sockets_fence(), LOG);
	expect_found(texts, "reserved");
}

/* The kernel prints the list to a reader in one go, whatever its length. */
Test(reconcile_clients, not_on_the_last_of_many_reserved_ports)
{
	static const char *const texts[] = { "!udp 127.0.0.1 55001", "udp ::1 55002", NULL };
	char *list = calloc(20000, sizeof("65535,"));
	size_t length = 0;

	for (int port = 40001; port <= 55001; port += 2)
		length += (size_t)sprintf(list + length, "%d%s", port, port % 500 == 1 ? ";" : ",");
	cr_assert(write_parts(RESERVED, list, ";"));
	free(list);
	harness_attach(sockets_fence(), LOG);
	expect_found(texts, "reserved");
}

/* As where /proc is mounted with subset=pid. TCP has no clients that listen. */
Test(reconcile_clients, not_taken_for_servers_where_the_range_cannot_be_read)
{
	static const char *const texts[] = { "udp 127.0.0.1 45000", "!tcp 127.0.0.1 45001", NULL };
	struct reports reports = { 0 };
	struct cgfence_error error = { 0 };

	harness_attach(sockets_fence(), CLOSE);
	holding_start(harness_cgroup(), hold_marked, (void *)texts);
	cr_assert_eq(mount("none", "/proc/sys", "tmpfs", 0, NULL), 0, "%s", strerror(errno));
	cr_expect_lt(cgfence_reconciler_pass(reports_reconciler(), 0, reports_add, &reports,
					     &reports.in_excess, &error),
		     0);
	cr_expect(strstr(error.text, "cannot list UDP sockets: cannot read " RANGE), "%s",
		  error.text);
	expect_excess(&reports, texts, "");
}

static void attach_another(const char *policy)
{
	harness_attach(harness_child_cgroup(harness_cgroup(), "other"), policy);
}

Test(reconcile_clients, not_on_a_port_of_another_fence)
{
	static const char *const texts[] = {
		"!udp 127.0.0.1 45000",
		"!udp :: 45001",
		"udp ::1 45002",
		"udp 127.0.0.1 45003",
		"!udp ::1 45004",
		"udp 127.0.0.1 45002",
		NULL,
	};

	harness_attach(sockets_fence(), LOG);
	attach_another("{'ports': {'udp': [45000, 'ipv4:45001', 'ipv6:45004'], 'tcp': [45002]}}");
	expect_found(texts, "another fence");
}

/* Nor of one whose ports are all there are, or of one that it is in. */
Test(reconcile_clients, on_a_port_that_is_not_of_another_fence)
{
	static const char *const texts[] = { "udp 127.0.0.1 45000", "udp ::1 45001", NULL };

	harness_attach(sockets_fence(), LOG);
	attach_another("{'ports': 'any'}");
	holding_start(harness_cgroup(), hold_marked, (void *)texts);
	harness_attach(harness_cgroup(), "{'ports': [8080, 45000]}");
	expect_excess(reports_pass(reports_reconciler()), texts, "");
	expect_excess(reports_of_fence(sockets_fence()), texts, "");
}

/* Sends to a port, which binds the socket. Return: a descriptor or -errno. */
static int send_somewhere(const char *text, uint16_t chosen)
{
	const struct endpoint peer = endpoint_parse(text);
	const uint32_t range = chosen | (uint32_t)chosen << 16;
	int fd = endpoint_make(&peer);

	if (chosen && setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)) < 0)
		return -errno;
	if (sendto(fd, "x", 1, 0, &peer.address.any, peer.length) != 1 || holding_note(fd) < 0)
		return -errno;
	holding_board->word = endpoint_port(fd);
	return fd;
}

static const char *const peers[] = { "udp 127.0.0.1 9", "udp ::1 9" };

static int choose_by_option(void *peer)
{
	int fd = send_somewhere(peer, 45000);

	return fd < 0 ? -fd : 0;
}

static int try_option(void *peer)
{
	return choose_by_option(peer) == ENOPROTOOPT;
}

/* No hook sees a bind by sendto(2). */
Test(reconcile_clients, not_if_it_chose_the_port_of_another_fence_by_its_own_range)
{
	if (harness_in_cgroup(harness_cgroup(), try_option, (void *)peers[0]))
		sockets_skip("this kernel has no IP_LOCAL_PORT_RANGE");
	attach_another("{'ports': [45000]}");
	harness_attach(sockets_fence(), CLOSE);
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		pid_t pid;

		holding_board->count = 0;
		pid = holding_start(sockets_fence(), choose_by_option, (void *)peers[i]);
		cr_expect_eq(holding_board->word, 45000);
		reports_expect(reports_pass(reports_reconciler()), sockets_fence(),
			       holding_board->inodes[0], CGFENCE_ACTION_CLOSED);
		cr_expect_eq(reports_pass(reports_reconciler())->in_excess, 0);
		holding_stop(pid);
	}
}

static int become_nobody_with_namespaces(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0 ||
	    unshare(CLONE_NEWUSER) < 0)
		return errno;
	return -namespaces_enter_net();
}

static int try_namespaces(void *argument)
{
	(void)argument;
	return become_nobody_with_namespaces();
}

/* Which port the process has the kernel "choose", one socket each. */
static int send_from_own_ranges(void *peer)
{
	static const char *const ranges[] = { "2053 2053", "45001 45001", "45002 45002" };
	int code = become_nobody_with_namespaces();

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && code == 0; i++) {
		int fd = write_whole(RANGE, ranges[i]) ? send_somewhere(peer, 0) : -EIO;

		code = fd < 0 ? -fd : 0;
	}
	if (code == 0 && !write_whole(RESERVED, "45002"))
		code = EIO;
	return code;
}

/* What the process makes of the range there does not count. */
Test(reconcile_clients, in_an_own_network_namespace_by_the_range_at_the_attach)
{
	if (harness_in_cgroup(harness_cgroup(), try_namespaces, NULL))
		sockets_skip("not everybody may make a network namespace here");
	harness_attach(sockets_fence(), CLOSE_ANY);
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		const struct reports *reports;
		const struct report *report;
		pid_t pid;

		holding_board->count = 0;
		pid = holding_start(sockets_fence(), send_from_own_ranges, (void *)peers[i]);
		reports = reports_pass(reports_reconciler());
		cr_expect_eq(reports->count, 2, "%s:%s", peers[i], reports_text(reports));
		report = reports_expect(reports, sockets_fence(), holding_board->inodes[0],
					CGFENCE_ACTION_CLOSED);
		cr_expect_eq(report->port, 2053);
		report = reports_expect(reports, sockets_fence(), holding_board->inodes[2],
					CGFENCE_ACTION_CLOSED);
		cr_expect(strstr(report->reason, "reserved"), "%s", report->reason);
		holding_stop(pid);
	}
}
