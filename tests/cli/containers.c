// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Containers of runc with a fence of their own, by oci-hook in their configuration and by cgfence-runtime. */
#include "box.h"
#include "own_etc.h"
#include "support/harness.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSIDE "/dev/null opens\n/dev/full opens\n/dev/zero refused\n/nodes/odd refused\n"

static void begin(void)
{
	box_begin();
	own_etc_begin();
	own_etc_file("policies/web.json", POLICY_WITHOUT_ZERO);
}

TestSuite(containers, .init = begin, .fini = harness_end);

/* How a container comes by its hook: "createRuntime", "prestart", or NULL by the wrapper. */
struct way {
	const char *stage;
	const char *key; /* of the annotation */
	const char *value;
};

/* Its first act is to try devices. */
static void adapt(json_t *config, const void *context)
{
	const struct way *way = context;
	json_t *hooks;
	char cgfence[PATH_MAX];

	cr_assert(realpath(program_path(), cgfence));
	json_object_set_new(json_object_get(config, "process"), "args",
			    json_pack("[s, s, s]", "sh", "-c",
				      TRY_DEVICES
				      " >/tmp/tried; mv /tmp/tried /tmp/out; sleep 100"));
	json_object_set_new(config, "annotations", json_pack("{s:s}", way->key, way->value));
	json_object_del(config, "hooks");
	if (!way->stage)
		return;
	hooks = json_pack("{s:[{s:s, s:[s, s]}]}", way->stage, "path", cgfence, "args", "cgfence",
			  "oci-hook");
	json_object_set_new(config, "hooks", hooks);
}

static struct program_result run_runtime(const struct way *way, const char *command)
{
	char wrapper[PATH_MAX];
	char setting[PATH_MAX + 32];

	if (way->stage)
		return box_runc(command, "--detach", "--bundle", box_file("bundle"), "box");
	cr_assert(realpath(program_wrapper_path(), wrapper));
	if (*box_runtime() != '/')
		return program_run(&(const struct program_options){ .by_words = true },
				   WORDS(wrapper, "--root", box_states(), command, "--detach",
					 "--bundle", box_file("bundle"), "box"));
	snprintf(setting, sizeof(setting), "--cgfence-runtime=%s", box_runtime());
	return program_run(&(const struct program_options){ .by_words = true },
			   WORDS(wrapper, setting, "--root", box_states(), command, "--detach",
				 "--bundle", box_file("bundle"), "box"));
}

/* runc makes a container here at all. */
static void make_runnable_bundle(void)
{
	cgfence_cgroup_close(box_start());
	box_stop();
}

/* What the container did first. */
static const char *first_act(void)
{
	static char text[512];
	FILE *file = NULL;

	for (int i = 0; i < 600 && !file; i++) {
		file = fopen(box_file("bundle/rootfs/tmp/out"), "r");
		usleep(file ? 0 : 50000);
	}
	cr_assert(file, "the container did not start");
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	unlink(box_file("bundle/rootfs/tmp/out"));
	return text;
}

static void assert_no_fence(void)
{
	struct program_result result = program_run(NULL, WORDS("status", "--json"));

	assert_done(result);
	cr_assert_str_eq(result.output, "[]\n");
}

static void expect_fenced_life(const struct way *way)
{
	struct cgfence_cgroup *box;
	uint32_t id;

	box_edit(adapt, way);
	assert_status(run_runtime(way, "run"), 0);
	cr_expect_str_eq(first_act(), INSIDE);
	box = box_open();
	id = box_program(box, 2);
	box_assert_inside(INSIDE);
	assert_status(
		program_run(&(const struct program_options){ .by_words = true, .input = "{}" },
			    WORDS(box_runtime(), "--root", box_states(), "update", "--resources",
				  "-", "box")),
		0);
	cr_expect_eq(box_program(box, 2), id);
	box_assert_inside(INSIDE);
	assert_done(box_runc("pause", "box"));
	assert_done(box_runc("resume", "box"));
	box_assert_inside(INSIDE);
	assert_done(
		program_run(NULL, WORDS("allow", cgfence_cgroup_path(box), "device", "c 1:5 r")));
	box_assert_inside(
		"/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	box_stop();
	assert_no_fence();
	cgfence_cgroup_close(box);
	/* With a new cgroup comes a new fence. */
	assert_status(run_runtime(way, "run"), 0);
	cr_expect_str_eq(first_act(), INSIDE);
	box_stop();
}

Test(containers, by_a_hook_of_create_runtime)
{
	make_runnable_bundle();
	expect_fenced_life(&(struct way){ "createRuntime", "io.cgfence.policy", "web" });
}

Test(containers, by_a_hook_of_prestart)
{
	make_runnable_bundle();
	expect_fenced_life(&(struct way){ "prestart", "io.cgfence.policy", "web" });
}

Test(containers, by_the_wrapper)
{
	make_runnable_bundle();
	expect_fenced_life(&(struct way){ NULL, "io.cgfence.policy", "web" });
}

/* No container, no process, no fence. */
static void expect_none(const struct way *way, const char *reason)
{
	struct program_result result;
	struct stat status;

	box_edit(adapt, way);
	result = run_runtime(way, "run");
	cr_expect_neq(result.status, 0, "%s", reason);
	cr_expect(strstr(result.errors, box_is_crun() ? "error executing hook" : reason), "%s: %s",
		  reason, result.errors);
	cr_expect_neq(box_runc("state", "box").status, 0);
	cr_expect_neq(stat(box_file("bundle/rootfs/tmp/out"), &status), 0);
	cr_expect_neq(cgfence_cgroup_open(box_name(), &(struct cgfence_cgroup *){ NULL }, NULL), 0);
	assert_no_fence();
}

Test(containers, without_its_fence_none_is_created)
{
	static const struct {
		const char *key;
		const char *value;
		const char *reason;
	} faults[] = {
		{ "io.cgfence.policy", "bad", "bad.json:1:" },
		{ "io.cgfence.policy", "missing", "cannot find the policy" },
		{ "io.cgfence.policy", "../policies/web", "cannot be the name of a policy" },
		{ "io.cgfence.policy", "others", "belongs to user 1" },
		{ "io.cgfence.tcp", "80", "no policy is named" },
		{ "io.cgfence.polcy", "web", "unknown annotation" },
	};

	make_runnable_bundle();
	own_etc_file("policies/bad.json", "{'devices': 7}");
	own_etc_file("policies/others.json", POLICY_WITHOUT_ZERO);
	cr_assert_eq(chown("/etc/cgfence/policies/others.json", 1, 1), 0);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		expect_none(&(struct way){ "createRuntime", faults[i].key, faults[i].value },
			    faults[i].reason);
		expect_none(&(struct way){ NULL, faults[i].key, faults[i].value },
			    faults[i].reason);
	}
}

/* A port in place of devices. */
static void bind_first(json_t *config, const void *context)
{
	(void)context;
	json_object_set_new(
		json_object_get(config, "process"), "args",
		json_pack("[s, s, s]", "sh", "-c",
			  "nc -l -p 9090 2>/tmp/tried; mv /tmp/tried /tmp/out; sleep 100"));
	json_object_set_new(json_object_get(config, "annotations"), "io.cgfence.tcp",
			    json_string("8080"));
}

Test(containers, ports_are_assigned_by_annotation)
{
	struct way way = { NULL, "io.cgfence.policy", "web" };
	struct cgfence_cgroup *box;
	struct program_result result;

	make_runnable_bundle();
	cr_assert_eq(symlink("sh", box_file("bundle/rootfs/bin/nc")), 0);
	box_edit(adapt, &way);
	box_edit(bind_first, NULL);
	assert_status(run_runtime(&way, "run"), 0);
	assert_has(first_act(), "not permitted");
	box = box_open();
	result = program_run(NULL,
			     WORDS("explain", cgfence_cgroup_path(box), "port", "tcp", "8080"));
	assert_done(result);
	box_stop();
	cgfence_cgroup_close(box);
}
