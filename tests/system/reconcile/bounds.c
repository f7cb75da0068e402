// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A fence with more excess listeners than a pass spells out. */
#include "holding.h"

#include <cgfence/yield.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

#define MANY 150
#define REST (MANY - CGFENCE_SPELLED_MAX)
#define FIRST_PORT 2000
#define RANGES_TEXT "2000,2002,2004,"

#define LOG "{'ports': [9]}"
#define CLOSE "{'ports': [9], 'on_violation': 'close'}"
#define KILL "{'ports': [9], 'on_violation': 'kill'}"

/* Written by the process that holds the listeners. */
static uint64_t *cookies;

static void begin(void)
{
	holding_begin();
	cookies = harness_share(MANY * sizeof(*cookies));
}

TestSuite(reconcile_bounds, .init = begin, .fini = holding_end);

static uint16_t port_of(size_t i)
{
	return (uint16_t)(FIRST_PORT + 2 * i);
}

static int listen_on(uint16_t port, uint64_t *cookie)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*cookie);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0 || getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &size) < 0)
		return errno;
	return 0;
}

/* Ports with gaps between them, so that each is a range of its own. */
static int listen_on_many(void *unused)
{
	int code = 0;

	(void)unused;
	for (size_t i = 0; i < MANY && code == 0; i++)
		code = listen_on(port_of(i), &cookies[i]);
	return code ? code : -harness_enter(sockets_fence());
}

static pid_t start_many(void)
{
	return holding_start(harness_cgroup(), listen_on_many, NULL);
}

/* A hundred reports with words, then one that counts the others. */
static void expect_rest(const struct reports *reports, bool ended, size_t rest,
			enum cgfence_action action)
{
	const struct report *last = &reports->items[CGFENCE_SPELLED_MAX];

	cr_assert_eq(reports->count, CGFENCE_SPELLED_MAX + 1);
	for (size_t i = 0; i < CGFENCE_SPELLED_MAX; i++) {
		cr_expect_eq(reports->items[i].rest, 0);
		cr_expect_neq(reports->items[i].port, 0);
		cr_expect_eq(reports->items[i].ended, ended);
		cr_expect_eq(reports->items[i].action, action);
	}
	cr_expect_eq(last->rest, rest, "%zu", last->rest);
	cr_expect_eq(last->rest_actions[action], rest);
	cr_expect_eq(last->ended, ended);
	cr_expect_str_eq(last->cgroup, cgfence_cgroup_path(sockets_fence()));
}

Test(reconcile_bounds, a_hundred_are_spelled_out_and_the_rest_is_counted)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	pid_t pid = start_many();
	const struct reports *reports;

	harness_attach(sockets_fence(), LOG);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->in_excess, MANY);
	expect_rest(reports, false, REST, CGFENCE_ACTION_LOGGED);
	cr_expect_eq(reports_pass(reconciler)->count, 0, "nothing is new");
	holding_stop(pid);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->in_excess, 0);
	expect_rest(reports, true, REST, CGFENCE_ACTION_LOGGED);
	cr_expect_eq(reports_pass(reconciler)->count, 0, "all have ended");
}

/* A report that named all would make the reports of a pass quadratic. */
Test(reconcile_bounds, a_report_names_some_of_the_ranges)
{
	const struct report *report;
	size_t commas = 0;

	start_many();
	harness_attach(sockets_fence(), LOG);
	report = &reports_pass(reports_reconciler())->items[0];
	for (const char *at = report->excess; *at; at++)
		commas += *at == ',';
	cr_expect_eq(commas + 1, CGFENCE_EXCESS_MAX, "%s", report->excess);
	cr_expect_eq(strncmp(report->excess, RANGES_TEXT, strlen(RANGES_TEXT)), 0, "%s",
		     report->excess);
	cr_expect_eq(report->excess_left_out, MANY - CGFENCE_EXCESS_MAX);
}

Test(reconcile_bounds, what_is_only_counted_is_acted_on)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;

	start_many();
	harness_attach(sockets_fence(), CLOSE);
	expect_rest(reports_pass(reconciler), false, REST, CGFENCE_ACTION_CLOSED);
	reports = reports_pass(reconciler);
	expect_rest(reports, true, REST, CGFENCE_ACTION_CLOSED);
	cr_expect_eq(reports->in_excess, 0);
}

Test(reconcile_bounds, one_kill_is_the_action_of_all)
{
	pid_t pid = start_many();

	harness_attach(sockets_fence(), KILL);
	expect_rest(reports_pass(reports_reconciler()), false, REST, CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(pid));
}

/* As attach does it. */
Test(reconcile_bounds, a_look_at_one_fence_is_bounded_too)
{
	start_many();
	harness_attach(sockets_fence(), CLOSE);
	expect_rest(reports_of_fence(sockets_fence()), false, REST, CGFENCE_ACTION_NONE);
}

/* The others keep their words. */
Test(reconcile_bounds, each_fence_has_its_own_hundred)
{
	static const char *const one[] = { "tcp 127.0.0.1 7", NULL };
	struct cgfence_cgroup *inner = harness_child_cgroup(sockets_fence(), "inner");
	const struct reports *reports;

	start_many();
	holding_start(inner, holding_listen_all, (void *)one);
	harness_attach(sockets_fence(), LOG);
	harness_attach(inner, LOG);
	reports = reports_pass(reports_reconciler());
	cr_expect_eq(reports->count, CGFENCE_SPELLED_MAX + 2);
	reports_expect(reports, inner, holding_board->inodes[0], CGFENCE_ACTION_LOGGED);
}

static struct cgfence_event event_of(pid_t pid, size_t i)
{
	return (struct cgfence_event){
		.cgroup_id = cgfence_cgroup_id(sockets_fence()),
		.socket_cookie = cookies[i],
		.record = {
			.subject = {
				.hook = CGFENCE_HOOK_LISTEN,
				.verdict = CGFENCE_VERDICT_AUDITED,
				.type = IPPROTO_TCP,
				.major = port_of(i),
			},
			.pid = (uint32_t)pid,
			.count = 1,
			.comm = "caller",
		},
	};
}

static void handle(struct cgfence_reconciler *reconciler, const struct cgfence_event *event,
		   struct reports *reports)
{
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_reconciler_handle(reconciler, event, reports_add, reports, &error), 0,
		     "%s", error.text);
}

/* A loop of listen and close would otherwise have a line for each round. */
Test(reconcile_bounds, of_many_events_the_next_pass_counts_the_rest)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct reports by_events = { .count = 0 };
	pid_t pid = start_many();
	const struct reports *reports;

	harness_attach(sockets_fence(), LOG);
	for (size_t i = 0; i < MANY; i++) {
		struct cgfence_event event = event_of(pid, i);

		handle(reconciler, &event, &by_events);
	}
	cr_expect_eq(by_events.count, CGFENCE_SPELLED_MAX);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->in_excess, MANY);
	cr_assert_eq(reports->count, 1, "%s", reports_text(reports));
	cr_expect_eq(reports->items[0].rest, REST);
}

/* What happens in the midst of a pass. */
struct midst {
	struct cgfence_reconciler *reconciler;
	struct cgfence_event event;
	struct reports reports;
	size_t at; /* the call that handles the event */
	size_t calls;
};

static void handle_in_the_midst(void *context)
{
	struct midst *midst = context;

	if (midst->calls++ == midst->at)
		handle(midst->reconciler, &midst->event, &midst->reports);
}

/* Whenever the event is handled, each listener is reported once. */
Test(reconcile_bounds, an_event_is_handled_in_the_midst_of_a_pass)
{
	static const char *const policies[] = { LOG, CLOSE };
	static struct midst midst;
	size_t calls = 1;

	for (size_t at = 0; at < calls; at += 1 + calls / 12) {
		const char *policy = policies[at % 2];
		pid_t pid = start_many();
		size_t reported = 0;
		const struct reports *reports;

		midst = (struct midst){
			.reconciler = reports_reconciler(),
			.event = event_of(pid, MANY - 1),
			.at = at,
		};
		harness_attach(sockets_fence(), policy);
		cgfence_yield_set(handle_in_the_midst, 0, &midst);
		reports = reports_pass(midst.reconciler);
		cgfence_yield_set(NULL, 0, NULL);
		calls = midst.calls;
		cr_assert_geq(calls, MANY, "the pass yields between the listeners");
		for (size_t i = 0; i < reports->count; i++)
			reported += reports->items[i].rest ? reports->items[i].rest : 1;
		cr_expect_eq(reported + midst.reports.count, MANY, "call %zu: %zu and %zu", at,
			     reported, midst.reports.count);
		cr_expect_geq(reports->in_excess, MANY - 1);
		reports = reports_pass(midst.reconciler);
		cr_expect_eq(reports->count, at % 2 ? CGFENCE_SPELLED_MAX + 1 : 0, "call %zu", at);
		holding_stop(pid);
		cgfence_reconciler_free(midst.reconciler);
	}
}
