// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program of somebody else on each hook, attached in each way, on the fence root, above and below: our fence comes
 * and goes beside it, or an error names it. In either case the kernel asks the program as before.
 */
#include "foreign.h"

#include <cgfence/foreign.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

TestSuite(others_table, .init = sockets_begin, .fini = harness_end);

enum place { ABOVE, HERE, BELOW, PLACE_COUNT };

static const char *const place_names[PLACE_COUNT] = { "above", "here", "below" };

struct scene {
	const struct foreign_hook *hook;
	enum foreign_way way;
	enum place place;
	bool hook_used; /* by our fence, which has no sockops program where another guard serves */
	struct cgfence_cgroup *cgroups[PLACE_COUNT];
	struct foreign foreign;
	struct foreign_list before;
	char name[64]; /* for messages */
};

static void scene_begin(struct scene *scene)
{
	struct cgfence_cgroup *parent = harness_cgroup();

	snprintf(scene->name, sizeof(scene->name), "%s-%s-%s", scene->hook->name,
		 foreign_way_names[scene->way], place_names[scene->place]);
	for (int i = 0; i < PLACE_COUNT; i++) {
		parent = harness_child_cgroup(parent, i == ABOVE ? scene->name : place_names[i]);
		scene->cgroups[i] = parent;
	}
	scene->foreign = foreign_attach(scene->hook, scene->cgroups[scene->place], scene->way);
	scene->before = foreign_query(scene->hook, scene->cgroups[scene->place]);
	cr_expect(foreign_is_asked(&scene->foreign, scene->cgroups[BELOW]), "%s", scene->name);
}

/* As before, with our programs behind it. */
static void expect_untouched(const struct scene *scene, const char *when)
{
	struct foreign_list now = foreign_query(scene->hook, scene->cgroups[scene->place]);

	cr_expect_geq(now.count, scene->before.count, "%s, %s", scene->name, when);
	cr_expect_eq(now.flags, scene->before.flags, "%s, %s", scene->name, when);
	cr_expect_eq(now.ids[0], scene->foreign.id, "%s, %s", scene->name, when);
	cr_expect(foreign_is_asked(&scene->foreign, scene->cgroups[BELOW]), "%s, %s", scene->name,
		  when);
}

static void expect_both(const struct scene *scene, const char *when)
{
	expect_untouched(scene, when);
	cr_expect(foreign_fence_refuses(scene->hook, scene->cgroups[BELOW]), "%s, %s", scene->name,
		  when);
}

static void expect_nothing_of_ours(const struct scene *scene)
{
	char pins[64];

	snprintf(pins, sizeof(pins), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(scene->cgroups[HERE]));
	cr_expect_eq(access(pins, F_OK), -1, "%s", scene->name);
	for (int i = 0; i < FOREIGN_HOOK_COUNT; i++) {
		bool holds_foreign = scene->place == HERE && scene->hook == &foreign_hooks[i];

		cr_expect_eq(foreign_query(&foreign_hooks[i], scene->cgroups[HERE]).count,
			     holds_foreign ? 1 : 0, "%s, hook %s", scene->name,
			     foreign_hooks[i].name);
	}
	expect_untouched(scene, "without a fence");
	cr_expect_not(foreign_fence_refuses(scene->hook, scene->cgroups[BELOW]), "%s", scene->name);
}

/* It is the only one in the list, or absent if our fence does not use the hook. */
static void expect_listed(const struct scene *scene, const struct cgfence_cgroup *cgroup, int above)
{
	bool listed = above >= 0 && scene->hook->attach_type != BPF_CGROUP_SOCK_OPS;
	enum cgfence_topic topic = scene->hook->attach_type == BPF_CGROUP_DEVICE
					   ? CGFENCE_TOPIC_DEVICES
					   : CGFENCE_TOPIC_PORTS;
	struct cgfence_foreign_program *programs = NULL;
	size_t count = 0;

	cr_expect_eq(cgfence_fence_list_foreign(cgroup, topic, &programs, &count, NULL), 0);
	cr_expect_eq(count, listed ? 1 : 0, "%s: %zu are listed", scene->name, count);
	if (listed && count == 1) {
		cr_expect_eq(programs[0].id, scene->foreign.id, "%s", scene->name);
		cr_expect_str_eq(programs[0].name, "foreign", "%s", scene->name);
		cr_expect_str_eq(programs[0].hook, scene->hook->name, "%s", scene->name);
		cr_expect_eq(programs[0].attach_flags, scene->before.flags, "%s", scene->name);
		cr_expect_eq(programs[0].above, (unsigned int)above, "%s", scene->name);
	}
	free(programs);
}

static void edit(const struct scene *scene)
{
	struct cgfence_error error = { 0 };
	struct cgfence_edit *edit = NULL;
	bool changed = false;

	if (scene->hook->attach_type == BPF_CGROUP_DEVICE)
		cr_assert_eq(cgfence_edit_parse_device(CGFENCE_ALLOW, "c 1:8 r", &edit, NULL), 0);
	else
		cr_assert_eq(cgfence_edit_parse_ports(CGFENCE_ALLOW, "tcp", "8088", &edit, NULL),
			     0);
	cr_expect_eq(cgfence_fence_edit(scene->cgroups[HERE], edit, &changed, &error), 0, "%s: %s",
		     scene->name, error.text);
	cr_expect(changed);
	cgfence_edit_free(edit);
}

static void expect_side_by_side(const struct scene *scene)
{
	bool audits_devices = scene->hook->attach_type == BPF_CGROUP_DEVICE;
	bool detached = false;

	expect_both(scene, "attached");
	expect_listed(scene, scene->cgroups[HERE], (int)HERE - (int)scene->place);
	expect_listed(scene, scene->cgroups[BELOW], (int)BELOW - (int)scene->place);
	harness_attach(scene->cgroups[HERE],
		       audits_devices
			       ? "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 rw', 'c 1:7 r']}}"
			       : "{'ports': {'tcp': [8080, 8081], 'udp': 'any'}}");
	expect_both(scene, "replaced");
	edit(scene);
	expect_both(scene, "edited");
	cr_expect_eq(cgfence_fence_detach(cgfence_cgroup_id(scene->cgroups[HERE]), &detached, NULL),
		     0);
	cr_expect(detached, "%s", scene->name);
}

static void expect_named(const struct scene *scene, const char *text)
{
	const char *path = cgfence_cgroup_path(scene->cgroups[scene->place]);
	char program[64];
	char place[256];

	snprintf(program, sizeof(program), "program %u 'foreign' ", scene->foreign.id);
	snprintf(place, sizeof(place), "the %s hook of %s ", scene->hook->name, path);
	cr_expect_neq(strstr(text, program), NULL, "%s: %s", scene->name, text);
	cr_expect_neq(strstr(text, place), NULL, "%s: %s", scene->name, text);
	cr_expect_neq(strstr(text,
			     "have its owner attach it with BPF_F_ALLOW_MULTI, or detach it, or"
			     " fence it from above with attach --standing"),
		      NULL, "%s: %s", scene->name, text);
}

/* A program without MULTI excludes others beside it, and it either excludes those below or would lose its say there. */
static bool can_share(const struct scene *scene)
{
	return !scene->hook_used || scene->place == BELOW || scene->way == FOREIGN_MULTI ||
	       scene->way == FOREIGN_LINK;
}

static void play(struct scene *scene)
{
	struct cgfence_policy *policy = harness_policy(foreign_policy(scene->hook));
	struct cgfence_error error = { 0 };
	enum cgfence_attach_result result;
	int code;

	scene_begin(scene);
	code = cgfence_fence_attach(scene->cgroups[HERE], policy, 0, &result, &error);
	cr_expect_eq(code, can_share(scene) ? 0 : -EPERM, "%s: %d, '%s'", scene->name, code,
		     error.text);
	if (code == 0)
		expect_side_by_side(scene);
	else
		expect_named(scene, error.text);
	expect_nothing_of_ours(scene);
	cr_expect_eq(foreign_detach(&scene->foreign), 0, "%s: it is its owner's to detach",
		     scene->name);
	cr_expect_not(foreign_is_asked(&scene->foreign, scene->cgroups[BELOW]), "%s", scene->name);
	foreign_close(&scene->foreign);
	cgfence_policy_free(policy);
}

static void play_all(int hook)
{
	bool hook_used = true;
	bool detached;

	if (hook == FOREIGN_SOCKOPS) {
		harness_attach(sockets_fence(), FOREIGN_POLICY_PORTS);
		hook_used = sockets_guard(sockets_fence()) != CGFENCE_GUARD_DENY;
		cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL);
	}
	for (int way = 0; way < FOREIGN_WAY_COUNT; way++) {
		for (int place = 0; place < PLACE_COUNT; place++) {
			struct scene scene = { .hook = &foreign_hooks[hook],
					       .way = (enum foreign_way)way,
					       .place = (enum place)place,
					       .hook_used = hook_used };

			play(&scene);
		}
	}
}

/* A test for each, since they take a while. */
Test(others_table, device)
{
	play_all(FOREIGN_DEVICE);
}

Test(others_table, bind4)
{
	play_all(FOREIGN_BIND4);
}

Test(others_table, bind6)
{
	play_all(2);
}

Test(others_table, post_bind4)
{
	play_all(3);
}

Test(others_table, post_bind6)
{
	play_all(4);
}

Test(others_table, sock_create)
{
	play_all(5);
}

Test(others_table, sockops)
{
	play_all(FOREIGN_SOCKOPS);
}
