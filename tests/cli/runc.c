// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A container of runc, which attaches a device program of its own to the container's cgroup. */
#include "program.h"
#include "support/copy.h"
#include "support/harness.h"
#include "support/namespaces.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* A shell command that prints which of some devices it can open. runc allows only the first three. */
#define TRY_DEVICES                                                    \
	"for device in /dev/null /dev/full /dev/zero /nodes/odd; do "  \
	"if (: <$device) 2>/tmp/error; then echo $device opens; else " \
	"grep -q 'not permitted' /tmp/error && echo $device refused || cat /tmp/error; fi; done"

#define POLICY_WITHOUT_ZERO \
	"{'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:7 rw', 'c 240:* rw']}}"
#define POLICY_WITHOUT_FULL \
	"{'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 rw', 'c 240:* rw']}}"

static void begin(void)
{
	if (geteuid() == 0) {
		cr_assert_eq(unshare(CLONE_NEWNS), 0, "unshare: %s", strerror(errno));
		cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		cr_assert_eq(namespaces_move_cgroup2(), 0);
	}
	harness_begin();
}

TestSuite(runc, .init = begin, .fini = harness_end);

#define runc(...)                                                        \
	program_run(&(const struct program_options){ .by_words = true }, \
		    WORDS("runc", "--root", state_directory(), __VA_ARGS__))

/* Files in the test's directory go with its mount. */
static const char *in_directory(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

static const char *state_directory(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/state", harness_directory());
	return path;
}

static void copy_busybox(void)
{
	static const char *const places[] = { "/usr/bin/busybox", "/bin/busybox" };
	int source = -1;

	for (int i = 0; i < 2 && source < 0; i++)
		source = open(places[i], O_RDONLY | O_CLOEXEC);
	if (source < 0)
		harness_skip("there is no busybox");
	copy_program(source, in_directory("bundle/rootfs/bin/sh"));
	close(source);
}

static void make_rootfs(void)
{
	static const char *const directories[] = { "bundle", "bundle/rootfs", "bundle/rootfs/bin",
						   "bundle/rootfs/nodes", "bundle/rootfs/tmp" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		cr_assert_eq(mkdir(in_directory(directories[i]), 0755), 0);
	copy_busybox();
	/* A number for experiments, without a driver: opening it fails with ENXIO unless a program refuses it. */
	cr_assert_eq(mknod(in_directory("bundle/rootfs/nodes/odd"), S_IFCHR | 0666,
			   makedev(240, 77)),
		     0);
}

/* Changes runc's own example. */
static void adapt(json_t *config, const char *cgroup)
{
	json_t *process = json_object_get(config, "process");
	json_t *system = json_object_get(config, "linux");
	json_t *namespaces = json_array();
	json_t *namespace;
	size_t i;

	json_object_set_new(process, "terminal", json_false());
	/* It ends by itself if the test does not end it. */
	json_object_set_new(process, "args", json_pack("[s, s, s]", "sh", "-c", "sleep 100"));
	json_object_set_new(json_object_get(config, "root"), "readonly", json_false());
	json_object_set_new(system, "cgroupsPath", json_string(cgroup));
	json_object_set_new(json_object_get(system, "resources"), "devices",
			    json_pack("[{s:b, s:s}]", "allow", 0, "access", "rwm"));
	json_array_foreach (json_object_get(system, "namespaces"), i, namespace) {
		if (strcmp(json_string_value(json_object_get(namespace, "type")), "network") != 0)
			json_array_append(namespaces, namespace);
	}
	json_object_set_new(system, "namespaces", namespaces);
}

static void make_bundle(const char *cgroup)
{
	struct program_result result;
	json_t *config;

	make_rootfs();
	result = runc("spec", "--bundle", in_directory("bundle"));
	if (result.status == 98)
		harness_skip("there is no runc");
	assert_done(result);
	config = json_load_file(in_directory("bundle/config.json"), 0, NULL);
	cr_assert(config);
	adapt(config, cgroup);
	cr_assert_eq(json_dump_file(config, in_directory("bundle/config.json"), 0), 0);
	json_decref(config);
}

/* Does entering a mount namespace, as runc exec does, lead to another root than ours? In a chroot it does. */
static bool in_chroot(void)
{
	struct stat before;
	struct stat after;
	pid_t child = harness_fork();
	int status = 0;
	int namespace;

	if (child == 0) {
		namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
		_exit(stat("/", &before) == 0 && setns(namespace, CLONE_NEWNS) == 0 &&
		      stat("/", &after) == 0 && before.st_ino != after.st_ino);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status) != 0;
}

/* The cgroup of the container, below that of the test. */
static const char *box_name(void)
{
	static char name[256];

	snprintf(name, sizeof(name), "%s/box", cgfence_cgroup_path(harness_cgroup()));
	return name;
}

static struct cgfence_cgroup *open_box(void)
{
	struct cgfence_cgroup *box = NULL;

	cr_assert_eq(cgfence_cgroup_open(box_name(), &box, NULL), 0);
	return box;
}

/* Starts a container in a cgroup "box" of the test, and opens that cgroup. */
static struct cgfence_cgroup *start_box(void)
{
	struct program_result result;

	if (in_chroot())
		harness_skip("runc exec leaves a chroot instead of entering the container");
	make_bundle(box_name());
	/* runc warns where the hierarchy has no controllers. */
	result = runc("run", "--detach", "--bundle", in_directory("bundle"), "box");
	if (result.status)
		fprintf(stderr, "%s", result.errors);
	if (result.status)
		harness_skip("runc does not run here");
	return open_box();
}

/* Lets runc run a shell command as a hook when it has attached its program, before the container starts. */
static void add_hook(const char *command)
{
	json_t *config = json_load_file(in_directory("bundle/config.json"), 0, NULL);

	cr_assert(config);
	json_object_set_new(config, "hooks",
			    json_pack("{s:[{s:s, s:[s, s, s]}]}", "createRuntime", "path",
				      "/bin/sh", "args", "sh", "-c", command));
	cr_assert_eq(json_dump_file(config, in_directory("bundle/config.json"), 0), 0);
	json_decref(config);
}

static void stop_box(void)
{
	struct program_result result = { .status = 1 };

	assert_done(runc("kill", "box", "KILL"));
	/* It takes a moment to die. */
	for (int i = 0; i < 600 && result.status; i++) {
		usleep(50000);
		result = runc("delete", "box");
	}
	assert_status(result, 0);
}

static void assert_inside(const char *expected)
{
	struct program_result result = runc("exec", "box", "sh", "-c", TRY_DEVICES);

	assert_status(result, 0);
	cr_assert_str_eq(result.output, expected, "'%s', not '%s'", result.output, expected);
}

/* The program that runc attached, which is the first; the test fails if there are not @count. */
static uint32_t box_program(const struct cgfence_cgroup *box, uint32_t count)
{
	uint32_t ids[64];
	uint32_t flags = 0;
	uint32_t found = 64;

	cr_assert_eq(bpf_prog_query(cgfence_cgroup_fd(box), BPF_CGROUP_DEVICE, 0, &flags, ids,
				    &found),
		     0);
	cr_assert_eq(found, count, "%u programs", found);
	cr_assert_eq(flags, BPF_F_ALLOW_MULTI);
	return ids[0];
}

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
	struct cgfence_cgroup *box = start_box();
	uint32_t id = box_program(box, 1);
	char pins[64];

	assert_inside("/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	harness_attach(box, POLICY_WITHOUT_ZERO);
	cr_assert_eq(box_program(box, 2), id);
	assert_inside("/dev/null opens\n/dev/full opens\n/dev/zero refused\n/nodes/odd refused\n");
	assert_shown(box, box, id);

	harness_attach(box, POLICY_WITHOUT_FULL);
	cr_assert_eq(box_program(box, 2), id);
	assert_inside("/dev/null opens\n/dev/full refused\n/dev/zero opens\n/nodes/odd refused\n");
	assert_done(
		program_run(NULL, WORDS("allow", cgfence_cgroup_path(box), "device", "c 1:7 r")));
	cr_assert_eq(box_program(box, 2), id);

	assert_status(
		program_run(&(const struct program_options){ .by_words = true, .input = "{}" },
			    WORDS("runc", "--root", state_directory(), "update", "--resources", "-",
				  "box")),
		0);
	cr_assert_eq(box_program(box, 2), id);
	assert_done(program_run(NULL, WORDS("detach", cgfence_cgroup_path(box))));
	cr_assert_eq(box_program(box, 1), id);
	assert_inside("/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");

	harness_attach(box, POLICY_WITHOUT_ZERO);
	snprintf(pins, sizeof(pins), "/sys/fs/bpf/cgfence/%llu",
		 (unsigned long long)cgfence_cgroup_id(box));
	cr_assert_eq(access(pins, F_OK), 0);
	stop_box();
	assert_no_fence();
	cr_assert_eq(access(pins, F_OK), -1);
	cgfence_cgroup_close(box);
}

Test(runc, a_fence_above_that_was_there_first)
{
	struct cgfence_cgroup *box;

	harness_attach(harness_cgroup(), POLICY_WITHOUT_ZERO);
	box = start_box();
	assert_inside("/dev/null opens\n/dev/full opens\n/dev/zero refused\n/nodes/odd refused\n");
	/* With a fence of its own below, three programs must agree. */
	harness_attach(box, POLICY_WITHOUT_FULL);
	assert_shown(box, box, box_program(box, 2));
	assert_inside(
		"/dev/null opens\n/dev/full refused\n/dev/zero refused\n/nodes/odd refused\n");
	stop_box();
	assert_done(program_run(NULL, WORDS("detach", cgfence_cgroup_path(harness_cgroup()))));
	assert_no_fence();
	cgfence_cgroup_close(box);
}

static void start_creating(struct program *program, const char *hook)
{
	make_bundle(box_name());
	add_hook(hook);
	program_start(program, &(const struct program_options){ .by_words = true },
		      WORDS("runc", "--root", state_directory(), "create", "--bundle",
			    in_directory("bundle"), "box"));
}

Test(runc, no_fence_comes_between_while_it_sets_up)
{
	struct cgfence_cgroup *box;
	struct program program;
	char hook[512];
	uint32_t id;

	cr_assert_eq(mkfifo(in_directory("go"), 0600), 0);
	snprintf(hook, sizeof(hook), "cd %s && : >waits && { read line <go || :; }",
		 harness_directory());
	start_creating(&program, hook);
	for (int i = 0; i < 600 && access(in_directory("waits"), F_OK); i++)
		usleep(50000);
	if (access(in_directory("waits"), F_OK))
		harness_skip("runc does not run here");
	box = open_box();
	assert_fails(program_run(NULL, WORDS("attach", cgfence_cgroup_path(box))), 1,
		     "(runc) is setting up a container there");
	program_file("go", "");
	program_finish(&program);
	assert_status(program.result, 0);
	id = box_program(box, 1);
	assert_done(program_run(NULL, WORDS("attach", cgfence_cgroup_path(box))));
	cr_expect_eq(box_program(box, 2), id);
	assert_status(runc("start", "box"), 0);
	stop_box();
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
	box = open_box();
	box_program(box, 2);
	assert_status(runc("start", "box"), 0);
	stop_box();
	cgfence_cgroup_close(box);
}

/* Where cgfence looks for states of runc. */
static void show_state(void)
{
	cr_assert(mkdir("/run/runc", 0700) == 0 || errno == EEXIST);
	cr_assert_eq(mount(state_directory(), "/run/runc", NULL, MS_BIND, NULL), 0, "%s",
		     strerror(errno));
}

Test(runc, a_container_that_runs_gets_a_device_and_loses_it)
{
	struct cgfence_cgroup *box = start_box();
	uint32_t id = box_program(box, 1);
	struct program_result result;

	show_state();
	assert_inside("/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	assert_done(program_run(NULL, WORDS("adopt", cgfence_cgroup_path(box))));
	cr_assert_neq(box_program(box, 1), id);
	assert_inside("/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	assert_done(program_run(NULL,
				WORDS("allow", cgfence_cgroup_path(box), "device", "c 240:77 rw")));
	/* No driver has that number, so that the kernel gets as far as looking for one. */
	result = runc("exec", "box", "sh", "-c", TRY_DEVICES);
	assert_has(result.output, "/dev/zero opens\n");
	assert_has(result.output, "/nodes/odd: No such device or address");
	assert_done(program_run(NULL, WORDS("revoke", cgfence_cgroup_path(box), "device",
					    "c 240:77 rw")));
	assert_inside("/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	assert_done(program_run(NULL, WORDS("release", cgfence_cgroup_path(box))));
	cr_assert_eq(box_program(box, 1), id);
	assert_inside("/dev/null opens\n/dev/full opens\n/dev/zero opens\n/nodes/odd refused\n");
	stop_box();
	assert_no_fence();
	umount2("/run/runc", MNT_DETACH);
	cgfence_cgroup_close(box);
}

/* For a fence that allows the device, in whose place runc put its program. */
static void await_odd(void)
{
	struct program_result result = { 0 };

	for (int i = 0; i < 600; i++) {
		result = runc("exec", "box", "sh", "-c", TRY_DEVICES);
		if (strstr(result.output, "/nodes/odd: No such device or address"))
			return;
		usleep(50000);
	}
	cr_assert_fail("'%s'", result.output);
}

Test(runc, an_update_leaves_the_fence_in_its_place)
{
	struct cgfence_cgroup *box = start_box();

	show_state();
	assert_done(program_run(NULL, WORDS("adopt", cgfence_cgroup_path(box))));
	assert_done(program_run(NULL,
				WORDS("allow", cgfence_cgroup_path(box), "device", "c 240:77 rw")));
	for (int i = 0; i < 3; i++) {
		assert_status(program_run(&(const struct program_options){ .by_words = true,
									   .input = "{}" },
					  WORDS("runc", "--root", state_directory(), "update",
						"--resources", "-", "box")),
			      0);
		assert_done(program_run(NULL, WORDS("adopt", cgfence_cgroup_path(box))));
		box_program(box, 1);
		await_odd();
	}
	stop_box();
	umount2("/run/runc", MNT_DETACH);
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

	if (in_chroot())
		harness_skip("runc exec leaves a chroot instead of entering the container");
	make_bundle(box_name());
	assert_done(program_run(NULL, WORDS("attach", "--standing", box_name(), policy)));
	program_start(&watch, NULL, WORDS("watch", "--json", "--interval", "1h"));
	for (int i = 0; i < 3; i++) {
		if (runc("run", "--detach", "--bundle", in_directory("bundle"), "box").status)
			harness_skip("runc does not run here");
		/* The second time what is allowed is more than what runc's program allows. */
		assert_has(program_next_line(&watch, "\"adopted\""), box_name());
		box = open_box();
		cr_expect_eq(harness_hook_programs(box), 0);
		assert_done(program_run(NULL, WORDS("allow", box_name(), "device", "c 240:77 rw")));
		await_odd();
		stop_box();
		cgfence_cgroup_close(box);
	}
	kill(watch.pid, SIGTERM);
	program_finish(&watch);
	assert_done(watch.result);
	assert_done(program_run(NULL, WORDS("detach", "--standing", box_name())));
	assert_no_fence();
}
