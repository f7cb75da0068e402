// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A holder that SIGKILL does not end, for a freezer of cgroup v1 holds it. */
#include "holding.h"
#include "cgroup/kill.h"
#include "net/sock_diag.h"

#include <cgfence/yield.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char freezer[128];
static pid_t frozen;

static void begin(void)
{
	char mount_point[96];

	holding_begin();
	snprintf(mount_point, sizeof(mount_point), "%s/freezer", harness_directory());
	/* The mount namespace is that of the test. */
	if (mkdir(mount_point, 0700) < 0 ||
	    mount("cgroup", mount_point, "cgroup", 0, "freezer") < 0)
		holding_skip("this kernel has no freezer of cgroup v1");
	snprintf(freezer, sizeof(freezer), "%s/cgfence-test-%d", mount_point, getpid());
	cr_assert_eq(mkdir(freezer, 0700), 0);
}

static void write_file(const char *name, const char *text)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", freezer, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_expect_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text), "%s", path);
	close(fd);
}

static void end(void)
{
	write_file("freezer.state", "THAWED");
	if (frozen && holding_lives(frozen))
		holding_stop(frozen);
	cr_expect_eq(rmdir(freezer), 0);
	holding_end();
}

TestSuite(reconcile_frozen, .init = begin, .fini = end);

#define KILL "{'ports': [8080], 'on_violation': 'kill'}"

static void start_frozen(const char *text)
{
	const char *const texts[] = { text, NULL };
	char number[16];

	frozen = holding_start(harness_cgroup(), holding_move_in, (void *)texts);
	snprintf(number, sizeof(number), "%d", frozen);
	write_file("cgroup.procs", number);
	write_file("freezer.state", "FROZEN");
}

Test(reconcile_frozen, its_socket_is_closed_and_both_are_said)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;
	const struct report *report;

	start_frozen("tcp 127.0.0.1 9");
	harness_attach(sockets_fence(), KILL);
	reports = reports_pass(reconciler);
	report = reports_find(reports, sockets_fence(), holding_board->inodes[0]);
	cr_expect(report && report->action == CGFENCE_ACTION_CLOSED, "%s", reports_text(reports));
	cr_expect(report && strstr(report->failure, "outlived SIGKILL"), "%s",
		  reports_text(reports));
	cr_expect_eq(reports_pass(reconciler)->in_excess, 0);
	write_file("freezer.state", "THAWED");
	cr_expect(holding_dies(frozen));
}

/* What happens while the pass waits for the frozen process to die. */
struct midst {
	struct cgfence_reconciler *reconciler;
	struct cgfence_event event;
	struct reports reports;
	size_t calls;
};

static void handle_event(void *context)
{
	struct midst *midst = context;

	if (cgroup_is_populated(sockets_fence()) && midst->calls++ == 0)
		cr_expect_eq(cgfence_reconciler_handle(midst->reconciler, &midst->event,
						       reports_add, &midst->reports, NULL),
			     0);
}

static uint64_t cookie_of(uint16_t port)
{
	struct sock_diag *diag = NULL;
	struct listeners list = { 0 };
	uint64_t cookie;

	cr_assert_eq(sock_diag_open(-1, &diag, NULL), 0);
	cr_assert_eq(sock_diag_dump(diag, IPPROTO_TCP, port, &list, NULL), 0);
	cr_expect_eq(list.count, 1);
	cookie = list.count ? list.items[0].cookie : 0;
	listeners_free(&list);
	sock_diag_close(diag);
	return cookie;
}

/* The pass has locked the fence, which is not taken for another command that changes it. */
Test(reconcile_frozen, an_event_of_the_fence_is_handled_while_it_is_waited_for)
{
	static struct midst midst;
	const struct report *report;

	start_frozen("tcp 127.0.0.1 9");
	harness_attach(sockets_fence(), KILL);
	midst.reconciler = reports_reconciler();
	midst.event = (struct cgfence_event){
		.cgroup_id = cgfence_cgroup_id(sockets_fence()),
		.socket_cookie = cookie_of(9),
		.record = {
			.subject = { .hook = CGFENCE_HOOK_LISTEN, .type = IPPROTO_TCP, .major = 9 },
			.pid = (uint32_t)frozen,
		},
	};
	/* The wait alone takes as long, not what comes before it. */
	cgfence_yield_set(handle_event, 50 * 1000 * 1000, &midst);
	reports_pass(midst.reconciler);
	cgfence_yield_set(NULL, 0, NULL);
	cr_assert_eq(midst.reports.count, 1, "%zu calls", midst.calls);
	report = &midst.reports.items[0];
	cr_expect_eq(report->action, CGFENCE_ACTION_CLOSED, "%s", reports_text(&midst.reports));
}

/* A UDP socket keeps its port, but hears nothing any more. */
Test(reconcile_frozen, udp_is_silenced)
{
	const struct reports *reports;
	const struct report *report;

	start_frozen("udp 127.0.0.1 9");
	harness_attach(sockets_fence(), KILL);
	reports = reports_pass(reports_reconciler());
	report = reports_find(reports, sockets_fence(), holding_board->inodes[0]);
	cr_expect(report && report->action == CGFENCE_ACTION_SILENCED, "%s", reports_text(reports));
	cr_expect(report && strstr(report->failure, "outlived SIGKILL"), "%s",
		  reports_text(reports));
	write_file("freezer.state", "THAWED");
	cr_expect(holding_dies(frozen));
}
