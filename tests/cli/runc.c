// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A container of runc, which attaches a device program of its own to the container's cgroup. */
#include "box.h"
#include "support/harness.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(runc, .init = box_begin, .fini = harness_end);

/* status shows no program of others but that of runc, and explain names it. */
static void assert_shown(const struct cgfence_cgroup *fence, const struct cgfence_cgroup *box,
			 uint32_t id)
{
	struct program_result result;
	json_t *status = program_status(fence);
	const json_t *other = json_array_get(json_object_get(status, "others"), 0);
	char row[256];

	cr_assert_eq(json_array_size(json_object_get(status, "others")), 1);
	cr_assert_eq(json_integer_value(json_object_get(other, "id")), id);
	cr_assert_str_eq(json_string_value(json_object_get(other, "cgroup")),
			 cgfence_cgroup_path(box));
	json_decref(status);
	result = program_run(NULL, WORDS("explain", cgfence_cgroup_path(box), "device", "c 1:3 r"));
	assert_done(result);
	assert_has(result.output, ": allowed\n");
	/* runc gives its programs no name. */
	snprintf(row, sizeof(row), "\n%s\tallowed\tprogram %u on the device hook",
		 cgfence_cgroup_path(box), id);
	assert_has(result.output, row);
	result = program_run(NULL,
			     WORDS("explain", cgfence_cgroup_path(box), "device", "c 10:237 rw"));
	assert_status(result, 3);
	snprintf(row, sizeof(row), "\n%s\trefused\tprogram %u on the device hook",
		 cgfence_cgroup_path(box), id);
	assert_has(result.output, row);
}

static void assert_no_fence(void)
{
	struct program_result result = program_run(NULL, WORDS("status", "--json"));

	assert_done(result);
	cr_assert_str_eq(result.output, "[]\n");
}

Test(runc, a_fence_on_the_cgroup_of_a_container)
{
	struct cgfence_cgroup *box = box_start();
	uint32_t id = box_program(box, 1);
	char pins[64];

	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	harness_attach(box, POLICY_WITHOUT_ZERO);
	cr_assert_eq(box_program(box, 2), id);
	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero refused\n/nodes/odd refused\n");
	assert_shown(box, box, id);

	harness_attach(box, POLICY_WITHOUT_FULL);
	cr_assert_eq(box_program(box, 2), id);
	box_assert_inside(
		"/dev/null opens\n/dev/full refused\n/dev/zero opens\n/nodes/odd refused\n");
	assert_done(
		program_run(NULL, WORDS("allow", cgfence_cgroup_path(box), "device", "c 1:7 r")));
	cr_assert_eq(box_program(box, 2), id);

	assert_status(
		program_run(&(const struct program_options){ .by_words = true, .input = "{}" },
			    WORDS(box_runtime(), "--root", box_states(), "update", "--resources",
				  "-", "box")),
		0);
	cr_assert_eq(box_program(box, 2), id);
	assert_done(program_run(NULL, WORDS("detach", cgfence_cgroup_path(box))));
	cr_assert_eq(box_program(box, 1), id);
	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");

	harness_attach(box, POLICY_WITHOUT_ZERO);
	snprintf(pins, sizeof(pins), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(box));
	cr_assert_eq(access(pins, F_OK), 0);
	box_stop();
	assert_no_fence();
	cr_assert_eq(access(pins, F_OK), -1);
	cgfence_cgroup_close(box);
}

/* What runc does in the container's cgroup before the program is none of the program's, but has to work again. */
Test(runc, learning_of_containers)
{
	struct cgfence_cgroup *box;
	struct program program;
	struct program_result result;
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/b?x", cgfence_cgroup_path(harness_cgroup()));
	program_start(&program, NULL, WORDS("learn", pattern));
	for (int i = 0; i < 600 && !harness_hook_programs(harness_cgroup()); i++)
		usleep(50000);
	box = box_start();
	assert_status(box_runc("exec", "box", "sh", "-c", ": </dev/zero"), 0);
	box_stop();
	cgfence_cgroup_close(box);
	kill(program.pid, SIGTERM);
	program_finish(&program);
	cr_expect_str_eq(program.result.output,
			 "{\n  \"devices\": {\n    \"defaults\": \"oci\",\n    \"allow\": [\n"
			 "      \"/dev/zero r\"\n    ]\n  },\n  \"ports\": []\n}\n");
	assert_done(program_run(NULL, WORDS("attach", pattern,
					    program_file("p.json", program.result.output))));
	assert_status(box_runc("run", "--detach", "--bundle", box_file("bundle"), "box"), 0);
	assert_status(box_runc("exec", "box", "sh", "-c", ": </dev/zero"), 0);
	result = program_run(NULL, WORDS("denials", "--json", pattern));
	cr_expect_str_eq(result.output, "[]\n");
	box_stop();
}

Test(runc, a_fence_above_that_was_there_first)
{
	struct cgfence_cgroup *box;

	harness_attach(harness_cgroup(), POLICY_WITHOUT_ZERO);
	box = box_start();
	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero refused\n/nodes/odd refused\n");
	/* With a fence of its own below, three programs must agree. */
	harness_attach(box, POLICY_WITHOUT_FULL);
	assert_shown(box, box, box_program(box, 2));
	box_assert_inside(
		"/dev/null opens\n/dev/full refused\n/dev/zero refused\n/nodes/odd refused\n");
	box_stop();
	assert_done(program_run(NULL, WORDS("detach", cgfence_cgroup_path(harness_cgroup()))));
	assert_no_fence();
	cgfence_cgroup_close(box);
}

/* Lets runc run a shell command as a hook when it has attached its program, before the container starts. */
static void add_hook(json_t *config, const void *command)
{
	json_object_set_new(config, "hooks",
			    json_pack("{s:[{s:s, s:[s, s, s]}]}", "createRuntime", "path",
				      "/bin/sh", "args", "sh", "-c", command));
}

static void start_creating(struct program *program, const char *hook)
{
	box_make_bundle();
	box_edit(add_hook, hook);
	program_start(program, &(const struct program_options){ .by_words = true },
		      WORDS(box_runtime(), "--root", box_states(), "create", "--bundle",
			    box_file("bundle"), "box"));
}

Test(runc, no_fence_comes_between_while_it_sets_up)
{
	struct cgfence_cgroup *box;
	struct program program;
	char hook[512];
	uint32_t id;

	cr_assert_eq(mkfifo(box_file("go"), 0600), 0);
	snprintf(hook, sizeof(hook), "cd %s && : >waits && { read line <go || :; }",
		 harness_directory());
	start_creating(&program, hook);
	for (int i = 0; i < 600 && access(box_file("waits"), F_OK); i++)
		usleep(50000);
	if (access(box_file("waits"), F_OK))
		harness_skip("runc does not run here");
	box = box_open();
	assert_fails(program_run(NULL, WORDS("attach", cgfence_cgroup_path(box))), 1,
		     box_is_crun() ? "(crun) is setting up" : "(runc) is setting up");
	program_file("go", "");
	program_finish(&program);
	assert_status(program.result, 0);
	id = box_program(box, 1);
	assert_done(program_run(NULL, WORDS("attach", cgfence_cgroup_path(box))));
	cr_expect_eq(box_program(box, 2), id);
	assert_status(box_runc("start", "box"), 0);
	box_stop();
	cgfence_cgroup_close(box);
}

Test(runc, its_hook_attaches_a_fence)
{
	struct cgfence_cgroup *box;
	struct program program;
	char cgfence[PATH_MAX];
	char hook[PATH_MAX + 300];

	cr_assert(realpath(program_path(), cgfence));
	snprintf(hook, sizeof(hook), "%s attach %s >&2", cgfence, box_name());
	start_creating(&program, hook);
	program_finish(&program);
	if (program.result.status && !strstr(program.result.errors, "hook"))
		harness_skip("runc does not run here");
	assert_status(program.result, 0);
	box = box_open();
	box_program(box, 2);
	assert_status(box_runc("start", "box"), 0);
	box_stop();
	cgfence_cgroup_close(box);
}

/* Where cgfence looks for states. */
static const char *states(void)
{
	return box_is_crun() ? "/run/crun" : "/run/runc";
}

static void show_state(void)
{
	cr_assert(mkdir(states(), 0700) == 0 || errno == EEXIST);
	cr_assert_eq(mount(box_states(), states(), NULL, MS_BIND, NULL), 0, "%s", strerror(errno));
}

Test(runc, a_container_that_runs_gets_a_device_and_loses_it)
{
	struct cgfence_cgroup *box = box_start();
	uint32_t id = box_program(box, 1);
	struct program_result result;

	show_state();
	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	assert_done(program_run(NULL, WORDS("adopt", cgfence_cgroup_path(box))));
	cr_assert_neq(box_program(box, 1), id);
	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	assert_done(program_run(NULL,
				WORDS("allow", cgfence_cgroup_path(box), "device", "c 240:77 rw")));
	assert_done(program_run(NULL, WORDS("allow", "--node=/dev/odd", cgfence_cgroup_path(box),
					    "device", "c 240:77 rw")));
	result = box_runc("exec", "box", "sh", "-c", ": </dev/odd");
	assert_has(result.errors, "/dev/odd: No such device or address");
	/* No driver has that number, so that the kernel gets as far as looking for one. */
	result = box_runc("exec", "box", "sh", "-c", TRY_DEVICES);
	assert_has(result.output, "/dev/zero opens\n");
	assert_has(result.output, "/nodes/odd: No such device or address");
	assert_done(program_run(NULL, WORDS("revoke", "--node=/dev/odd", cgfence_cgroup_path(box),
					    "device", "c 240:77 rw")));
	result = box_runc("exec", "box", "sh", "-c", ": </dev/odd");
	assert_has(result.errors, "/dev/odd: ");
	assert_lacks(result.errors, "No such device or address");
	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	assert_done(program_run(NULL, WORDS("release", cgfence_cgroup_path(box))));
	cr_assert_eq(box_program(box, 1), id);
	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	box_stop();
	assert_no_fence();
	umount2(states(), MNT_DETACH);
	cgfence_cgroup_close(box);
}

/* For a fence that allows the device, in whose place runc put its program. */
static void await_odd(void)
{
	struct program_result result = { 0 };

	for (int i = 0; i < 600; i++) {
		result = box_runc("exec", "box", "sh", "-c", TRY_DEVICES);
		if (strstr(result.output, "/nodes/odd: No such device or address"))
			return;
		usleep(50000);
	}
	cr_assert_fail("'%s'", result.output);
}

Test(runc, an_update_leaves_the_fence_in_its_place)
{
	struct cgfence_cgroup *box = box_start();

	show_state();
	assert_done(program_run(NULL, WORDS("adopt", cgfence_cgroup_path(box))));
	assert_done(program_run(NULL,
				WORDS("allow", cgfence_cgroup_path(box), "device", "c 240:77 rw")));
	for (int i = 0; i < 3; i++) {
		assert_status(program_run(&(const struct program_options){ .by_words = true,
									   .input = "{}" },
					  WORDS(box_runtime(), "--root", box_states(), "update",
						"--resources", "-", "box")),
			      0);
		assert_done(program_run(NULL, WORDS("adopt", cgfence_cgroup_path(box))));
		box_program(box, 1);
		await_odd();
	}
	box_stop();
	umount2(states(), MNT_DETACH);
	cgfence_cgroup_close(box);
}

/* Its cgroup is a new one each time, and so is the program that runc attaches. */
Test(runc, a_container_that_is_started_again_is_adopted_again)
{
	const char *policy = program_file(
		"policy.json",
		"{'adopt': true, 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 rw']}}");
	struct program watch;
	struct cgfence_cgroup *box;

	box_skip_in_chroot();
	box_make_bundle();
	assert_done(program_run(NULL, WORDS("attach", "--standing", box_name(), policy)));
	program_start(&watch, NULL, WORDS("watch", "--json", "--interval", "1h"));
	for (int i = 0; i < 3; i++) {
		if (box_runc("run", "--detach", "--bundle", box_file("bundle"), "box").status)
			harness_skip("runc does not run here");
		/* The second time what is allowed is more than what runc's program allows. */
		assert_has(program_next_line(&watch, "\"adopted\""), box_name());
		box = box_open();
		cr_expect_eq(harness_hook_programs(box), 0);
		assert_done(program_run(NULL, WORDS("allow", box_name(), "device", "c 240:77 rw")));
		await_odd();
		box_stop();
		cgfence_cgroup_close(box);
	}
	kill(watch.pid, SIGTERM);
	program_finish(&watch);
	assert_done(watch.result);
	assert_done(program_run(NULL, WORDS("detach", "--standing", box_name())));
	assert_no_fence();
}
