// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "box.h"
#include "support/copy.h"
#include "support/harness.h"
#include "support/namespaces.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

void box_begin(void)
{
	if (geteuid() == 0) {
		cr_assert_eq(unshare(CLONE_NEWNS), 0, "unshare: %s", strerror(errno));
		cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		cr_assert_eq(namespaces_move_cgroup2(), 0);
	}
	harness_begin();
}

const char *box_runtime(void)
{
	const char *path = getenv("CGFENCE_TEST_RUNTIME");

	return path && *path ? path : "runc";
}

bool box_is_crun(void)
{
	const char *slash = strrchr(box_runtime(), '/');

	return strstr(slash ? slash : box_runtime(), "crun");
}

/* Files in the test's directory go with its mount. */
const char *box_file(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

const char *box_states(void)
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
	copy_program(source, box_file("bundle/rootfs/bin/sh"));
	close(source);
}

static void make_rootfs(void)
{
	static const char *const directories[] = { "bundle", "bundle/rootfs", "bundle/rootfs/bin",
						   "bundle/rootfs/nodes", "bundle/rootfs/tmp" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		cr_assert_eq(mkdir(box_file(directories[i]), 0755), 0);
	copy_busybox();
	/* A number for experiments, without a driver: opening it fails with ENXIO unless a program refuses it. */
	cr_assert_eq(mknod(box_file("bundle/rootfs/nodes/odd"), S_IFCHR | 0666, makedev(240, 77)),
		     0);
}

/* Changes runc's own example. */
static void adapt(json_t *config, const void *cgroup)
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

void box_make_bundle(void)
{
	struct program_result result;

	make_rootfs();
	/* Old ones write it nowhere but to the working directory. */
	result = program_run(&(const struct program_options){ .by_words = true },
			     WORDS("sh", "-c", "cd \"$0\" && exec \"$1\" spec", box_file("bundle"),
				   box_runtime()));
	if (result.status == 127)
		harness_skip("there is no runc");
	assert_done(result);
	box_edit(adapt, box_name());
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

void box_skip_in_chroot(void)
{
	if (in_chroot())
		harness_skip("runc exec leaves a chroot instead of entering the container");
}

/* The cgroup of the container, below that of the test. */
const char *box_name(void)
{
	static char name[256];

	snprintf(name, sizeof(name), "%s/box", cgfence_cgroup_path(harness_cgroup()));
	return name;
}

struct cgfence_cgroup *box_open(void)
{
	struct cgfence_cgroup *box = NULL;

	cr_assert_eq(cgfence_cgroup_open(box_name(), &box, NULL), 0);
	return box;
}

/* Starts a container in a cgroup "box" of the test, and opens that cgroup. */
struct cgfence_cgroup *box_start(void)
{
	struct program_result result;

	box_skip_in_chroot();
	box_make_bundle();
	/* runc warns where the hierarchy has no controllers. */
	result = box_runc("run", "--detach", "--bundle", box_file("bundle"), "box");
	if (result.status)
		fprintf(stderr, "%s", result.errors);
	if (result.status)
		harness_skip("runc does not run here");
	return box_open();
}

void box_edit(void (*change)(json_t *config, const void *context), const void *context)
{
	json_t *config = json_load_file(box_file("bundle/config.json"), 0, NULL);

	cr_assert(config);
	change(config, context);
	cr_assert_eq(json_dump_file(config, box_file("bundle/config.json"), 0), 0);
	json_decref(config);
}

void box_stop(void)
{
	struct program_result result = { .status = 1 };

	assert_done(box_runc("kill", "box", "KILL"));
	/* It takes a moment to die. */
	for (int i = 0; i < 600 && result.status; i++) {
		usleep(50000);
		result = box_runc("delete", "box");
	}
	assert_status(result, 0);
}

void box_assert_inside(const char *expected)
{
	struct program_result result = box_runc("exec", "box", "sh", "-c", TRY_DEVICES);

	assert_status(result, 0);
	cr_assert_str_eq(result.output, expected, "'%s', not '%s'", result.output, expected);
}

uint32_t box_program(const struct cgfence_cgroup *box, uint32_t count)
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
