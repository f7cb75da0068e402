// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runc.h"
#include "entries.h"
#include "probe.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUP_MOUNT "/sys/fs/cgroup"

/* Where a container is put together. */
struct box {
	char state[PATH_MAX];
	char bundle[PATH_MAX];
	char config[PATH_MAX];
	char cgroup[PATH_MAX]; /* relative to the root of the hierarchy */
	char mounted[PATH_MAX];
};

static void place(struct bench *bench, const struct cgfence_cgroup *parent, struct box *box)
{
	const char *directory = bench_directory(bench);
	char path[PATH_MAX];

	snprintf(box->state, PATH_MAX, "%s/runc", directory);
	snprintf(box->bundle, PATH_MAX, "%s/bundle", directory);
	snprintf(box->config, PATH_MAX, "%s/bundle/config.json", directory);
	snprintf(box->cgroup, PATH_MAX, "%s/box", cgfence_cgroup_path(parent));
	snprintf(box->mounted, PATH_MAX, "%s/cgroup2", directory);
	mkdir(box->mounted, 0755);
	mkdir(box->bundle, 0755);
	snprintf(path, PATH_MAX, "%s/bundle/rootfs", directory);
	mkdir(path, 0755);
	/* It must be there and executable, and is never executed. */
	snprintf(path, PATH_MAX, "%s/bundle/rootfs/init", directory);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
}

/* runc wants cgroup2 itself at /sys/fs/cgroup, and a new mount would set the options of the whole hierarchy. */
static int move_cgroup2(const struct box *box)
{
	struct cgfence_cgroup *root = NULL;
	struct statfs status;
	char self[64];
	int result;

	if (statfs(CGROUP_MOUNT, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	if (cgfence_cgroup_open("/", &root, NULL))
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", cgfence_cgroup_fd(root));
	result = mount(self, box->mounted, NULL, MS_BIND, NULL) ||
		 umount2(CGROUP_MOUNT, MNT_DETACH) ||
		 mount(box->mounted, CGROUP_MOUNT, NULL, MS_MOVE, NULL);
	cgfence_cgroup_close(root);
	return result;
}

static int adapt(const struct box *box, json_t *devices)
{
	json_t *config = json_load_file(box->config, 0, NULL);
	json_t *process = json_object_get(config, "process");
	json_t *system = json_object_get(config, "linux");
	int result;

	if (!config)
		return -1;
	json_object_set_new(process, "terminal", json_false());
	json_object_set_new(process, "args", json_pack("[s]", "/init"));
	json_object_set_new(system, "cgroupsPath", json_string(box->cgroup));
	json_object_set_new(json_object_get(system, "resources"), "devices", devices);
	result = json_dump_file(config, box->config, 0);
	json_decref(config);
	return result;
}

static bool runc(const struct box *box, const char *verb, const char *option, const char *value)
{
	return probe_command((const char *const[]){ "runc", "--root", box->state, verb, option,
						    value, strcmp(verb, "spec") ? "box" : NULL,
						    NULL }) >= 0;
}

static int make_container(const struct box *box, json_t *devices)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    move_cgroup2(box))
		return EXIT_FAILURE;
	unlink(box->config);
	return runc(box, "spec", "--bundle", box->bundle) && adapt(box, devices) == 0 &&
			       runc(box, "create", "--bundle", box->bundle)
		       ? EXIT_SUCCESS
		       : EXIT_FAILURE;
}

static int delete_container(const struct box *box, json_t *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    move_cgroup2(box))
		return EXIT_FAILURE;
	return probe_command((const char *const[]){ "runc", "--root", box->state, "delete",
						    "--force", "box", NULL }) >= 0
		       ? EXIT_SUCCESS
		       : EXIT_FAILURE;
}

/* In a child, because it leaves the mount namespace of the benchmark. */
static bool in_child(const struct box *box, int (*function)(const struct box *box, json_t *devices),
		     json_t *devices)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(function(box, devices));
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int runc_filter(struct bench *bench, size_t count, const char *access)
{
	struct cgfence_cgroup *parent = probe_make_cgroup(bench, "runc");
	struct cgfence_cgroup *cgroup = NULL;
	json_t *devices = entries_runc(count, access);
	struct box *box = calloc(1, sizeof(*box));
	int program = -1;

	if (!box)
		bench_fail(bench, "out of memory");
	place(bench, parent, box);
	if (in_child(box, make_container, devices) &&
	    cgfence_cgroup_open(box->cgroup, &cgroup, NULL) == 0)
		program = probe_program(cgroup, BPF_CGROUP_DEVICE);
	cgfence_cgroup_close(cgroup);
	in_child(box, delete_container, NULL);
	probe_remove_cgroup(bench, parent);
	json_decref(devices);
	free(box);
	return program;
}
