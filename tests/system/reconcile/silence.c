// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* UDP sockets keep the port that they were bound to by number, and are silenced for whoever holds them. */
#include "holding.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(reconcile_silence, .init = holding_begin, .fini = holding_end);

#define PATIENCE_MS 60000
#define POLL_MS 10
#define NOBODY 65534

#define CLOSE "{'ports': [8080], 'on_violation': 'close'}"
#define KILL "{'ports': [8080], 'on_violation': 'kill'}"

/* How many datagrams the kernel has not given to a socket (sock_diag(7)). */
static uint32_t count_drops(int fd)
{
	uint32_t figures[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(figures);

	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_MEMINFO, figures, &size), 0, "%s",
		     strerror(errno));
	return figures[SK_MEMINFO_DROPS];
}

/* A client that is told if nobody is there (udp(7)). */
static int make_client(const char *text)
{
	const struct endpoint endpoint = endpoint_peer(text);
	int fd = socket(endpoint.domain, SOCK_DGRAM | SOCK_CLOEXEC, endpoint.protocol);

	cr_assert_eq(connect(fd, &endpoint.address.any, endpoint.length), 0, "%s: %s", text,
		     strerror(errno));
	return fd;
}

static int take_error(int fd)
{
	int code = 0;
	socklen_t size = sizeof(code);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
	return code;
}

/* Sends a datagram, and waits for what becomes of it. Return: does the socket hear it? */
static bool hears(int fd, const char *text)
{
	uint32_t drops = count_drops(fd);
	int client = make_client(text);
	bool heard = false;
	bool lost = false;
	char byte;

	cr_assert_eq(send(client, "x", 1, 0), 1, "%s: %s", text, strerror(errno));
	for (int waited_ms = 0; waited_ms < PATIENCE_MS && !heard && !lost; waited_ms += POLL_MS) {
		struct pollfd arrival = { .fd = fd, .events = POLLIN };

		heard = recv(fd, &byte, 1, MSG_DONTWAIT) == 1;
		lost = take_error(client) == ECONNREFUSED || count_drops(fd) != drops;
		if (!heard && !lost)
			poll(&arrival, 1, POLL_MS);
	}
	close(client);
	cr_assert(heard || lost, "%s: it neither came nor was dropped", text);
	return heard;
}

/* Everything that its owner may try to receive again. */
static void try_to_undo(int fd, const char *text)
{
	struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	const struct sock_fprog filter = { .len = 1, .filter = &pass };
	const struct endpoint endpoint = endpoint_parse(text);
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	const int off = 0;

	cr_expect_neq(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off)), 0);
	cr_expect_neq(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)), 0);
	cr_expect_neq(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &off, sizeof(off)), 0);
	connect(fd, &nowhere, sizeof(nowhere));
	bind(fd, &endpoint.address.any, endpoint.length);
}

/* It hears every port of the other end then, and the kernel calls it connected. */
static void connect_to_port_0(int fd, const char *text)
{
	struct endpoint peer = endpoint_peer(text);

	/* The port is at the same place for both families. */
	peer.address.ipv4.sin_port = 0;
	cr_assert_eq(connect(fd, &peer.address.any, peer.length), 0, "%s: %s", text,
		     strerror(errno));
}

static void expect_silenced(const char *text, bool connects)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;
	pid_t pid;
	int fd;

	holding_board->count = 0;
	fd = holding_share(text, &pid);
	if (connects)
		connect_to_port_0(fd, text);
	cr_expect(hears(fd, text), "%s", text);
	reports = reports_pass(reconciler);
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_SILENCED);
	cr_expect_not(hears(fd, text), "%s: it still hears", text);
	try_to_undo(fd, text);
	cr_expect_not(hears(fd, text), "%s: it hears again", text);
	cr_expect(holding_lives(pid), "%s: its holder was killed", text);
	/* It is still there, and there is nothing new to report. */
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 0, "%s:%s", text, reports_text(reports));
	/* Another watch finds it silenced. */
	reports = reports_pass(reports_reconciler());
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_SILENCED);
	close(fd);
	holding_stop(pid);
	reports = reports_pass(reconciler);
	cr_expect(reports_find_end(reports, sockets_fence(), holding_board->inodes[0]), "%s", text);
	cr_expect_eq(endpoint_try(text), 0);
	cgfence_reconciler_free(reconciler);
}

Test(reconcile_silence, udp_hears_nothing_any_more)
{
	static const char *const endpoints[] = {
		"udp 127.0.0.1 9",
		"udp 0.0.0.0 9",
		"udp ::1 9",
		"udp :: 9",
		"udp :: 9 v6only",
		"udp ::ffff:127.0.0.1 9",
		"udp 127.0.0.1 9 reuseport",
	};

	harness_attach(sockets_fence(), CLOSE);
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		expect_silenced(endpoints[i], false);
}

Test(reconcile_silence, udp_that_is_connected_to_port_0_hears_nothing_any_more)
{
	static const char *const endpoints[] = {
		"udp 127.0.0.1 9",
		"udp ::1 9",
		"udp ::ffff:127.0.0.1 9",
		"udp ::1 9 reuseport",
	};

	harness_attach(sockets_fence(), CLOSE);
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		expect_silenced(endpoints[i], true);
}

Test(reconcile_silence, udplite_hears_nothing_any_more)
{
	sockets_skip_without("udplite 127.0.0.1 unbound");
	harness_attach(sockets_fence(), CLOSE);
	expect_silenced("udplite 127.0.0.1 9", false);
	expect_silenced("udplite :: 9", false);
	expect_silenced("udplite ::1 9", true);
}

/* Lets everything through, and stays. */
static void lock_own_filter(int fd)
{
	struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	const struct sock_fprog filter = { .len = 1, .filter = &pass };
	const int on = 1;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)), 0);
}

struct undoing {
	int fd;
	bool disconnects;
};

/* As somebody without capabilities. Return: 0 if nothing could be undone by number or name of the interface. */
static int undo_unprivileged(void *argument)
{
	const struct undoing *undoing = argument;
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	const int none = 0;

	if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 1;
	if (setsockopt(undoing->fd, SOL_SOCKET, SO_BINDTOIFINDEX, &none, sizeof(none)) == 0 ||
	    setsockopt(undoing->fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0) == 0 ||
	    setsockopt(undoing->fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0)
		return 2;
	if (undoing->disconnects)
		connect(undoing->fd, &nowhere, sizeof(nowhere));
	return 0;
}

static int interface_of(int fd)
{
	int interface = 0;
	socklen_t size = sizeof(interface);

	getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &interface, &size);
	return interface;
}

/* Does the kernel have policies of IPsec? */
static bool has_policies(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void expect_silenced_beside_a_filter(const char *text)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct undoing undoing = { 0 };
	const struct reports *reports;
	pid_t pid;

	holding_board->count = 0;
	undoing.fd = holding_share(text, &pid);
	lock_own_filter(undoing.fd);
	cr_expect(hears(undoing.fd, text), "%s", text);
	reports = reports_pass(reconciler);
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_SILENCED);
	cr_expect_not(hears(undoing.fd, text), "%s: it still hears", text);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), undo_unprivileged, &undoing), 0);
	cr_expect_not(hears(undoing.fd, text), "%s: it hears again", text);
	/* A disconnect unties it, which the next pass mends; the policy silences it all the while. */
	undoing.disconnects = true;
	harness_in_cgroup(harness_cgroup(), undo_unprivileged, &undoing);
	cr_expect_eq(interface_of(undoing.fd), 0);
	cr_expect(!has_policies() || !hears(undoing.fd, text), "%s: it hears after a disconnect",
		  text);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 0, "%s:%s", text, reports_text(reports));
	cr_expect_eq(interface_of(undoing.fd), CGFENCE_NO_INTERFACE);
	cr_expect(holding_lives(pid), "%s: its holder was killed", text);
	close(undoing.fd);
	holding_stop(pid);
	reports_pass(reconciler);
	cgfence_reconciler_free(reconciler);
}

/* A filter that the owner locked cannot be replaced. */
Test(reconcile_silence, a_filter_that_its_owner_locked_does_not_help)
{
	static const char *const endpoints[] = {
		"udp 127.0.0.1 9", "udp 0.0.0.0 9",	     "udp ::1 9",
		"udp :: 9 v6only", "udp ::ffff:127.0.0.1 9", "udp 127.0.0.1 9 reuseport",
	};

	harness_attach(sockets_fence(), CLOSE);
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		expect_silenced_beside_a_filter(endpoints[i]);
}

Test(reconcile_silence, nor_does_it_help_udplite)
{
	sockets_skip_without("udplite 127.0.0.1 unbound");
	harness_attach(sockets_fence(), CLOSE);
	expect_silenced_beside_a_filter("udplite 127.0.0.1 9");
	expect_silenced_beside_a_filter("udplite ::1 9");
}

/* Neither family gets through. A policy is for one of them, so that only the interface keeps out the other one. */
Test(reconcile_silence, a_locked_filter_of_a_socket_that_serves_both_families)
{
	const char *const text = "udp :: 9";
	struct undoing undoing = { 0 };
	pid_t pid;

	undoing.fd = holding_share(text, &pid);
	lock_own_filter(undoing.fd);
	cr_expect(hears(undoing.fd, text) && hears(undoing.fd, "udp 127.0.0.1 9"));
	harness_attach(sockets_fence(), CLOSE);
	reports_expect(reports_pass(reports_reconciler()), sockets_fence(),
		       holding_board->inodes[0], CGFENCE_ACTION_SILENCED);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), undo_unprivileged, &undoing), 0);
	cr_expect_not(hears(undoing.fd, text));
	cr_expect_not(hears(undoing.fd, "udp 127.0.0.1 9"));
}

#define GROUP 4
#define DATAGRAMS 32

/* What is sent to a group that shares a port goes to the members outside of the fence. */
Test(reconcile_silence, a_silenced_member_leaves_its_group)
{
	const char *const text = "udp 127.0.0.1 9 reuseport";
	int members[GROUP];
	pid_t pid;

	for (int i = 0; i < GROUP; i++)
		members[i] = i ? holding_listen(text) : holding_share(text, &pid);
	lock_own_filter(members[0]);
	harness_attach(sockets_fence(), CLOSE);
	reports_expect(reports_pass(reports_reconciler()), sockets_fence(),
		       holding_board->inodes[0], CGFENCE_ACTION_SILENCED);
	take_error(members[0]); /* of being destroyed */
	for (int i = 0; i < DATAGRAMS; i++) {
		struct pollfd arrivals[GROUP];
		int client = make_client(text);
		char byte;

		for (int j = 0; j < GROUP; j++)
			arrivals[j] = (struct pollfd){ .fd = members[j], .events = POLLIN };
		cr_assert_eq(send(client, "x", 1, 0), 1);
		cr_assert_eq(poll(arrivals, GROUP, PATIENCE_MS), 1);
		cr_expect_eq(arrivals[0].revents, 0);
		for (int j = 0; j < GROUP; j++)
			recv(members[j], &byte, 1, MSG_DONTWAIT);
		close(client);
	}
}

/* The test is the holder that a kill does not reach. */
static void expect_silenced_by_kill(const char *text, bool locks)
{
	pid_t pid;
	int fd;

	holding_board->count = 0;
	fd = holding_share(text, &pid);
	if (locks)
		lock_own_filter(fd);
	reports_expect(reports_pass(reports_reconciler()), sockets_fence(),
		       holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(pid));
	cr_expect_not(hears(fd, text), "%s", text);
	close(fd);
}

Test(reconcile_silence, a_kill_silences_what_somebody_outside_holds)
{
	harness_attach(sockets_fence(), KILL);
	for (int locks = 0; locks < 2; locks++) {
		expect_silenced_by_kill("udp 127.0.0.1 9", locks);
		expect_silenced_by_kill("udp :: 9", locks);
		expect_silenced_by_kill("udp 127.0.0.1 9 reuseport", locks);
	}
}
