// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/sockets.h"
#include "support/fences.h"
#include "support/namespaces.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct cgfence_cgroup *fence_root;

void sockets_begin(void)
{
	harness_begin();
	cr_assert_eq(namespaces_enter_net(), 0, "network namespace: %s", strerror(errno));
	fence_root = harness_child_cgroup(harness_cgroup(), "fence");
}

struct cgfence_cgroup *sockets_fence(void)
{
	return fence_root;
}

void sockets_skip(const char *reason)
{
	/* As in harness_skip(), but what a kernel lacks may be skipped always. */
	harness_end();
	cr_skip_test("%s", reason);
	abort();
}

void sockets_skip_without(const char *text)
{
	struct endpoint endpoint = endpoint_parse(text);
	int fd = endpoint_make(&endpoint);
	char reason[128];

	snprintf(reason, sizeof(reason), "this kernel has no socket '%s': %s", text,
		 strerror(fd < 0 ? -fd : 0));
	if (fd < 0)
		sockets_skip(reason);
	close(fd);
}

/* With the refused socket still open: does it, or anything, hold the port? */
static int look_for_remains(int fd, const char *text)
{
	int other;

	if (endpoint_port(fd))
		return SOCKETS_STILL_BOUND;
	if (harness_enter(harness_cgroup()))
		return SOCKETS_FAILED;
	other = endpoint_open_free(text);
	if (other < 0)
		return SOCKETS_PORT_TAKEN;
	close(other);
	return EPERM;
}

static int bind_and_look(const char *text, int (*look)(int fd, const char *text))
{
	struct endpoint endpoint = endpoint_parse(text);
	int fd = endpoint_make(&endpoint);
	int code;

	if (fd < 0)
		return -fd;
	code = endpoint_bind_free(fd, &endpoint);
	if (code == 0)
		return !endpoint.port || endpoint_port(fd) == endpoint.port ? 0 : SOCKETS_FAILED;
	return code == EPERM && look ? look(fd, text) : code;
}

static int call_bind(void *argument)
{
	return bind_and_look(argument, look_for_remains);
}

static int call_bind_alone(void *argument)
{
	return bind_and_look(argument, NULL);
}

static int call_listen(void *argument)
{
	return endpoint_try(argument);
}

int sockets_bind_elsewhere(void *text)
{
	int fd;

	if (namespaces_enter_net())
		return SOCKETS_FAILED;
	fd = endpoint_open(text);
	return fd < 0 ? -fd : 0;
}

int sockets_bind(const struct cgfence_cgroup *cgroup, const char *text)
{
	return harness_in_cgroup(cgroup, call_bind, (void *)text);
}

int sockets_bind_alone(const struct cgfence_cgroup *cgroup, const char *text)
{
	return harness_in_cgroup(cgroup, call_bind_alone, (void *)text);
}

int sockets_listen(const struct cgfence_cgroup *cgroup, const char *text)
{
	return harness_in_cgroup(cgroup, call_listen, (void *)text);
}

static struct cgfence_fence *open_fence(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error), 0, "%s",
		     error.text);
	return fence;
}

enum cgfence_listen_guard sockets_guard(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };
	int guard = fences_guard(cgroup, &error);

	cr_assert_geq(guard, 0, "%s", error.text);
	return (enum cgfence_listen_guard)guard;
}

bool sockets_misses(const char *name)
{
	return harness_misses(fence_root, name);
}

unsigned int sockets_hook_programs(const struct cgfence_cgroup *cgroup, int attach_type)
{
	int count = fences_count_programs(cgroup, attach_type);

	cr_assert_geq(count, 0, "query %d: %s", attach_type, strerror(-count));
	return (unsigned int)count;
}

int sockets_guarded_result(enum cgfence_listen_guard guard)
{
	return guard == CGFENCE_GUARD_DENY   ? EPERM
	       : guard == CGFENCE_GUARD_KILL ? 1000 + SIGKILL
					     : 0;
}

enum cgfence_verdict sockets_guarded_verdict(enum cgfence_listen_guard guard)
{
	static const enum cgfence_verdict verdicts[] = {
		[CGFENCE_GUARD_NONE] = CGFENCE_VERDICT_COUNT,
		[CGFENCE_GUARD_EVENT] = CGFENCE_VERDICT_SEEN,
		[CGFENCE_GUARD_KILL] = CGFENCE_VERDICT_KILLED,
		[CGFENCE_GUARD_MUTE] = CGFENCE_VERDICT_MUTED,
		[CGFENCE_GUARD_DENY] = CGFENCE_VERDICT_DENIED,
	};

	return verdicts[guard];
}

struct refusals sockets_refusals(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = open_fence(cgroup);
	struct cgfence_error error = { 0 };
	struct refusals refusals = { .counters = *cgfence_fence_counters(fence) };

	cr_assert_eq(cgfence_fence_read_denials(fence, &refusals.records, &refusals.count, &error),
		     0, "%s", error.text);
	cgfence_fence_close(fence);
	return refusals;
}

uint64_t sockets_refusal_count(const struct cgfence_cgroup *cgroup, enum cgfence_hook hook)
{
	struct refusals refusals = sockets_refusals(cgroup);
	uint64_t sum = 0;

	for (int verdict = 0; verdict < CGFENCE_VERDICT_COUNT; verdict++)
		sum += refusals.counters.refusals[hook][verdict];
	free(refusals.records);
	return sum;
}
