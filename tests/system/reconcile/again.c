// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Things change between looking and acting: the action follows the later state. */
#include "holding.h"
#include "support/descriptors.h"
#include "reconcile/observe.h"
#include "reconcile/act.h"
#include "kernel/pins.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(reconcile_again, .init = holding_begin, .fini = holding_end);

#define CLOSE "{'ports': [8080], 'on_violation': 'close'}"
#define KILL "{'ports': [8080], 'on_violation': 'kill'}"

static const char endpoint[] = "tcp 127.0.0.1 9";

/* The first observation. */
static struct observation stale;

static int listen_and_enter(void *argument)
{
	int fd = holding_listen(endpoint);

	(void)argument;
	return fd < 0 ? -fd : -harness_enter(sockets_fence());
}

/* One process with one listener that is in excess, seen under @policy. */
static pid_t look(const char *policy)
{
	const struct observation_scope scope = { 0 };
	struct cgfence_error error = { 0 };
	pid_t pid = holding_start(harness_cgroup(), listen_and_enter, NULL);

	harness_attach(sockets_fence(), policy);
	cr_assert_eq(observe(&scope, &stale, &error), 0, "%s", error.text);
	cr_assert_eq(stale.sighting_count, 1);
	return pid;
}

static bool listens(void)
{
	const struct endpoint peer = endpoint_parse(endpoint);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = connect(fd, &peer.address.any, peer.length) == 0;

	close(fd);
	return connected;
}

static struct act_result act_on_stale(void)
{
	struct act_result result;
	struct act_pass pass;
	uint64_t locked = 0;

	cr_assert_eq(act_pass_begin(&pass, &stale, NULL), 0);
	pass.locked = &locked;
	act_on(&pass, &stale.sightings[0], &result);
	act_pass_end(&pass);
	return result;
}

static void expect_acted(enum cgfence_action action, const char *name)
{
	struct act_result result = act_on_stale();

	cr_expect_eq(result.action, action, "%s: '%s', not '%s': %s", name,
		     cgfence_action_name(result.action), cgfence_action_name(action),
		     result.failure.text);
	cr_expect_eq(action == CGFENCE_ACTION_FAILED, !!result.failure.text[0], "%s: %s", name,
		     result.failure.text);
}

Test(reconcile_again, nothing_has_changed)
{
	look(CLOSE);
	expect_acted(CGFENCE_ACTION_CLOSED, "close");
	cr_expect_not(listens());
	observation_free(&stale);
}

/* The present policy counts, not the one when the listener was seen. */
Test(reconcile_again, the_policy_of_now_is_what_counts)
{
	static const struct {
		const char *before;
		const char *now;
		enum cgfence_action action;
		bool listens;
		bool lives;
	} cases[] = {
		{ KILL, "{'ports': [9], 'on_violation': 'kill'}", CGFENCE_ACTION_NONE, true, true },
		{ KILL, "{'ports': {'tcp': [9]}}", CGFENCE_ACTION_NONE, true, true },
		{ KILL, "{'ports': {'udp': [9]}}", CGFENCE_ACTION_LOGGED, true, true },
		{ KILL, "{'ports': [], 'isolated_range': ['100-200'], 'on_violation': 'kill'}",
		  CGFENCE_ACTION_NONE, true, true },
		{ KILL, "{'enforce': false, 'ports': [8080], 'on_violation': 'kill'}",
		  CGFENCE_ACTION_LOGGED, true, true },
		{ KILL, "{'ports': [8080]}", CGFENCE_ACTION_LOGGED, true, true },
		{ KILL, CLOSE, CGFENCE_ACTION_CLOSED, false, true },
		{ KILL, "{'devices': {}}", CGFENCE_ACTION_NONE, true, true },
		{ "{'ports': [8080]}", CLOSE, CGFENCE_ACTION_CLOSED, false, true },
		{ CLOSE, KILL, CGFENCE_ACTION_KILLED, false, false },
		{ "{'enforce': false, 'ports': [8080], 'on_violation': 'kill'}", KILL,
		  CGFENCE_ACTION_KILLED, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t pid = look(cases[i].before);

		harness_attach(sockets_fence(), cases[i].now);
		expect_acted(cases[i].action, cases[i].now);
		cr_expect_eq(listens(), cases[i].listens, "%s", cases[i].now);
		cr_expect(cases[i].lives ? holding_lives(pid) : holding_dies(pid), "%s",
			  cases[i].now);
		if (cases[i].lives)
			holding_stop(pid);
		observation_free(&stale);
	}
}

Test(reconcile_again, a_fence_that_was_detached_acts_no_more)
{
	pid_t pid = look(KILL);
	bool detached = false;

	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL), 0);
	cr_assert(detached);
	expect_acted(CGFENCE_ACTION_NONE, "detached");
	cr_expect(listens());
	cr_expect(holding_lives(pid));
	observation_free(&stale);
}

Test(reconcile_again, a_fence_that_was_removed_acts_no_more)
{
	pid_t pid = look(KILL);

	holding_stop(pid);
	cr_assert_eq(cgfence_cgroup_remove(sockets_fence(), NULL), 0);
	expect_acted(CGFENCE_ACTION_NONE, "removed");
	cgfence_fence_sweep();
	expect_acted(CGFENCE_ACTION_NONE, "swept");
	observation_free(&stale);
}

static void move(pid_t pid, const struct cgfence_cgroup *cgroup)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/cgroup.procs", cgfence_cgroup_fd(cgroup));
	file = fopen(path, "we");
	cr_assert_neq(file, NULL);
	fprintf(file, "%d", pid);
	cr_assert_eq(fclose(file), 0, "%s", strerror(errno));
}

Test(reconcile_again, who_has_left_the_fence_is_let_go)
{
	pid_t pid = look(KILL);
	struct act_result result;

	move(pid, harness_cgroup());
	result = act_on_stale();
	cr_expect_eq(result.action, CGFENCE_ACTION_NONE);
	cr_expect(listens());
	cr_expect(holding_lives(pid));
	observation_free(&stale);
}

static int receive_one(void *over)
{
	return descriptors_receive(*(int *)over) < 0;
}

static int send_and_enter(void *over)
{
	int fd = holding_listen(endpoint);

	return fd < 0 || descriptors_send(*(int *)over, fd) || harness_enter(sockets_fence());
}

/* Passing it on within the fence does not save it. */
Test(reconcile_again, another_process_of_the_fence_has_it_now)
{
	const struct observation_scope scope = { 0 };
	struct cgfence_error error = { 0 };
	int ends[2];
	pid_t giver;
	pid_t taker;

	holding_skip_without_iterator();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	giver = holding_start(harness_cgroup(), send_and_enter, &ends[1]);
	harness_attach(sockets_fence(), CLOSE);
	cr_assert_eq(observe(&scope, &stale, &error), 0, "%s", error.text);
	taker = holding_start(sockets_fence(), receive_one, &ends[0]);
	holding_stop(giver);
	expect_acted(CGFENCE_ACTION_CLOSED, "handed on");
	cr_expect_not(listens());
	cr_expect(holding_lives(taker));
	observation_free(&stale);
}

Test(reconcile_again, who_has_stopped_listening_is_let_go)
{
	pid_t pid = look(KILL);
	pid_t other = holding_start(sockets_fence(), holding_listen_all, (const char *[]){ NULL });

	holding_stop(pid);
	expect_acted(CGFENCE_ACTION_NONE, "gone");
	cr_expect(holding_lives(other), "a listener that is gone cost others their lives");
	observation_free(&stale);
}

static int listen_again(void *argument)
{
	int fd = holding_listen(endpoint);

	(void)argument;
	return fd < 0 ? -fd : 0;
}

/* The same address and port, but another socket. */
Test(reconcile_again, who_has_taken_its_place_is_not_taken_for_it)
{
	pid_t pid = look(CLOSE);
	pid_t outside;

	holding_stop(pid);
	outside = holding_start(harness_cgroup(), listen_again, NULL);
	expect_acted(CGFENCE_ACTION_NONE, "another socket");
	cr_expect(listens());
	cr_expect(holding_lives(outside));
	observation_free(&stale);
}

/* A command that hangs while it changes the fence delays the reconciler only briefly. */
Test(reconcile_again, a_fence_that_stays_locked)
{
	pid_t pid = look(KILL);
	struct act_result result;
	int lock = -1;

	cr_assert_eq(pins_lock(cgfence_cgroup_id(sockets_fence()), &lock, NULL), 0);
	result = act_on_stale();
	cr_expect_eq(result.action, CGFENCE_ACTION_FAILED);
	cr_expect(strstr(result.failure.text, "another command"), "%s", result.failure.text);
	cr_expect(holding_lives(pid));
	pins_unlock(cgfence_cgroup_id(sockets_fence()), lock);
	expect_acted(CGFENCE_ACTION_KILLED, "unlocked");
	observation_free(&stale);
}

/* Holds the lock until the test waits for it. */
static int attach_slowly(void *policy)
{
	int lock = -1;

	if (pins_lock(cgfence_cgroup_id(sockets_fence()), &lock, NULL))
		return 1;
	holding_ready(0);
	holding_await_nap(getppid());
	pins_unlock(cgfence_cgroup_id(sockets_fence()), lock);
	harness_attach(sockets_fence(), policy);
	return 0;
}

/* It waits for a working command, and leaves its lock and the fence unchanged. */
Test(reconcile_again, a_fence_that_is_being_changed)
{
	struct act_result result;

	look(KILL);
	holding_start(harness_cgroup(), attach_slowly, "{'ports': [8080], 'on_violation': 'kill'}");
	result = act_on_stale();
	/* On a slow machine an attach may take longer than a pass waits. */
	for (int i = 0; i < 100 && result.action == CGFENCE_ACTION_FAILED; i++)
		result = act_on_stale();
	/* Otherwise the lock is held for ever. */
	cr_assert_eq(result.action, CGFENCE_ACTION_KILLED, "after the wait: %s",
		     result.failure.text);
	cr_expect_eq(harness_attach(sockets_fence(), KILL), CGFENCE_UNCHANGED);
	observation_free(&stale);
}
