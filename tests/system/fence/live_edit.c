// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Changes of one thing in a live fence. */
#include "support/sockets.h"
#include "support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(live_edit, .init = sockets_begin, .fini = harness_end);

/*
 * Has no assertion, so that a child of the test can call it too. @what is "device ENTRY", "tcp PORTS" or "udp PORTS".
 */
static int try_edit(enum cgfence_edit_action action, const char *what, bool *changed,
		    struct cgfence_error *error)
{
	struct cgfence_edit *edit = NULL;
	int code;

	if (strncmp(what, "device ", 7) == 0)
		code = cgfence_edit_parse_device(action, what + 7, &edit, error);
	else
		code = cgfence_edit_parse_ports(action, what[0] == 't' ? "tcp" : "udp", what + 4,
						&edit, error);
	if (code == 0)
		code = cgfence_fence_edit(sockets_fence(), edit, changed, error);
	cgfence_edit_free(edit);
	return code;
}

/* Return: whether it changed anything. */
static bool edit(enum cgfence_edit_action action, const char *what)
{
	struct cgfence_error error = { 0 };
	bool changed = false;

	cr_assert_eq(try_edit(action, what, &changed, &error), 0, "%s: %s", what, error.text);
	return changed;
}

static struct cgfence_fence *open_fence(void)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(sockets_fence()), &fence, &error), 0,
		     "%s", error.text);
	return fence;
}

static uint64_t generation(void)
{
	struct cgfence_fence *fence = open_fence();
	uint64_t number = cgfence_fence_generation(fence);

	cgfence_fence_close(fence);
	return number;
}

static char *show(void)
{
	struct cgfence_fence *fence = open_fence();
	struct cgfence_error error = { 0 };
	char *text = NULL;

	cr_assert_eq(cgfence_policy_format(cgfence_fence_policy(fence), &text, &error), 0, "%s",
		     error.text);
	cgfence_fence_close(fence);
	return text;
}

Test(live_edit, a_device_that_a_wildcard_grants_is_revoked_and_allowed_again)
{
	char *before;
	char *after;

	harness_attach(sockets_fence(), "{'devices': {'allow': ['c 1:* rw']}}");
	before = show();
	cr_expect(edit(CGFENCE_REVOKE, "device c 1:3 w"));
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_WRONLY), EPERM);
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(sockets_fence(), "c 1:5", O_RDWR), 0);
	cr_expect(edit(CGFENCE_ALLOW, "device c 1:3 w"));
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDWR), 0);
	after = show();
	cr_expect_str_eq(before, after);
	cr_expect_eq(generation(), 3);
	cr_expect_eq(harness_hook_programs(sockets_fence()), 1);
	free(before);
	free(after);
}

Test(live_edit, a_device_that_was_not_granted_is_allowed)
{
	harness_attach(sockets_fence(), "{'devices': {}}");
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDWR), EPERM);
	cr_expect(edit(CGFENCE_ALLOW, "device /dev/null rw"));
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDWR), 0);
	cr_expect_eq(harness_open(sockets_fence(), "c 1:5", O_RDWR), EPERM);
}

Test(live_edit, ports_are_allowed_and_revoked)
{
	harness_attach(sockets_fence(), "{'ports': ['8000-8010']}");
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9000"), EPERM);
	cr_expect(edit(CGFENCE_ALLOW, "tcp 9000"));
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9000"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp 127.0.0.1 9000"), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp ::1 8005"), 0);
	cr_expect(edit(CGFENCE_REVOKE, "udp ipv6:8005"));
	cr_expect_eq(sockets_bind(sockets_fence(), "udp ::1 8005"), EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp 127.0.0.1 8005"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp ::1 8005"), 0);
}

Test(live_edit, what_changes_nothing_keeps_the_generation)
{
	harness_attach(sockets_fence(), "{'devices': {'defaults': true}, 'ports': [80]}");
	cr_expect_not(edit(CGFENCE_ALLOW, "device c 1:3 rw"));
	cr_expect_not(edit(CGFENCE_REVOKE, "device c 1:11 w"));
	cr_expect_not(edit(CGFENCE_ALLOW, "tcp 80"));
	cr_expect_not(edit(CGFENCE_REVOKE, "udp 81"));
	cr_expect_eq(generation(), 1);
}

Test(live_edit, a_refused_edit_changes_nothing)
{
	struct cgfence_error error = { 0 };
	bool changed = true;
	char *before;
	char *after;

	harness_attach(sockets_fence(), "{'devices': {'allow': ['c 1:3 r'], 'deny': ['c 1:* w']}}");
	before = show();
	cr_expect_eq(try_edit(CGFENCE_ALLOW, "device c 1:3 rw", &changed, &error), -EINVAL);
	cr_expect_neq(strstr(error.text, "'c 1:* w'"), NULL, "%s", error.text);
	cr_expect_eq(try_edit(CGFENCE_ALLOW, "tcp 80", &changed, &error), -EINVAL);
	cr_expect_neq(strstr(error.text, "does not fence ports"), NULL, "%s", error.text);
	cr_expect(changed, "an output was changed");
	after = show();
	cr_expect_str_eq(before, after);
	cr_expect_eq(generation(), 1);
	free(before);
	free(after);
}

Test(live_edit, a_cgroup_without_a_fence_is_refused_and_left_alone)
{
	struct cgfence_error error = { 0 };
	bool changed = false;
	char path[64];

	cr_expect_eq(try_edit(CGFENCE_REVOKE, "device c 1:3 w", &changed, &error), -ENOENT);
	cr_expect_neq(strstr(error.text, "attach"), NULL, "%s", error.text);
	/* A fence above is another one. */
	harness_attach(harness_cgroup(), "{'devices': {'defaults': true}}");
	cr_expect_eq(try_edit(CGFENCE_REVOKE, "device c 1:3 w", &changed, &error), -ENOENT);
	snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(sockets_fence()));
	cr_expect_neq(access(path, F_OK), 0);
	cr_expect_eq(harness_hook_programs(sockets_fence()), 0);
}

Test(live_edit, an_audit_is_edited_and_stays_one)
{
	struct refusals refusals;

	harness_attach(sockets_fence(),
		       "{'enforce': false, 'devices': {'allow': ['c 1:* rw']}, 'ports': [80]}");
	cr_expect(edit(CGFENCE_REVOKE, "device c 1:3 rw"));
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDWR), 0);
	refusals = sockets_refusals(sockets_fence());
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_AUDITED], 1);
	free(refusals.records);
}

Test(live_edit, counters_and_denials_go_on)
{
	struct refusals refusals;

	harness_attach(sockets_fence(), "{'devices': {}}");
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDONLY), EPERM);
	edit(CGFENCE_ALLOW, "device c 1:5 r");
	cr_expect_eq(harness_open(sockets_fence(), "c 1:3", O_RDONLY), EPERM);
	refusals = sockets_refusals(sockets_fence());
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_DENIED], 2);
	cr_expect_eq(refusals.count, 1);
	free(refusals.records);
}

static int edit_in_new_namespace(void *argument)
{
	struct cgfence_error error = { 0 };
	bool changed = false;

	if (namespaces_enter_net())
		return SOCKETS_FAILED;
	if (try_edit(CGFENCE_ALLOW, argument, &changed, &error) || !changed) {
		fprintf(stderr, "%s\n", error.text);
		return SOCKETS_FAILED;
	}
	return 0;
}

/* An edit may come from another network namespace than the attach. */
Test(live_edit, the_fence_stays_with_its_network_namespace)
{
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_assert_eq(harness_in_cgroup(harness_cgroup(), edit_in_new_namespace, "tcp 8081"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 8081"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9"), EPERM);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), sockets_bind_elsewhere, "tcp 127.0.0.1 9"),
		     0);
	cr_expect_neq(harness_attach(sockets_fence(),
				     "{'ports': {'tcp': [8080, 8081], 'udp': [8080]}}"),
		      CGFENCE_REPLACED);
}

Test(live_edit, a_fence_made_for_one_command_stays_so)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {}}");
	enum cgfence_attach_result result;
	struct cgfence_fence *fence;

	cr_assert_eq(cgfence_fence_attach(sockets_fence(), policy, CGFENCE_ATTACH_EPHEMERAL,
					  &result, NULL),
		     0);
	cgfence_policy_free(policy);
	edit(CGFENCE_ALLOW, "device c 1:3 r");
	fence = open_fence();
	cr_expect(cgfence_fence_ephemeral(fence));
	cgfence_fence_close(fence);
}

#define EDITORS 8
#define EDITS 6

static int make_edits(int editor)
{
	for (int i = 0; i < EDITS; i++) {
		char what[32];
		bool changed = false;

		snprintf(what, sizeof(what), "tcp %d", 20000 + editor * 100 + i);
		if (try_edit(CGFENCE_ALLOW, what, &changed, NULL) || !changed)
			return 1;
	}
	return 0;
}

Test(live_edit, no_edit_of_many_at_once_is_lost)
{
	pid_t editors[EDITORS];
	int failures = 0;

	harness_attach(sockets_fence(), "{'ports': []}");
	for (int i = 0; i < EDITORS; i++) {
		editors[i] = harness_fork();
		cr_assert_geq(editors[i], 0);
		if (editors[i] == 0)
			_exit(make_edits(i));
	}
	for (int i = 0; i < EDITORS; i++) {
		int status = 0;

		waitpid(editors[i], &status, 0);
		failures += status != 0;
	}
	cr_assert_eq(failures, 0);
	cr_expect_eq(generation(), 1 + EDITORS * EDITS);
	/* Each child has assigned some ports in a row. */
	for (int editor = 0; editor < EDITORS; editor++) {
		char what[32];

		snprintf(what, sizeof(what), "tcp %d-%d", 20000 + editor * 100,
			 20000 + editor * 100 + EDITS - 1);
		cr_expect_not(edit(CGFENCE_ALLOW, what), "%s", what);
	}
}
