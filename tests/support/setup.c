// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/setup.h"
#include "cgroup/cgroup.h"
#include "support/children.h"
#include "support/copy.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * Where the shell is one of many names of a program, that goes by the name it is called by, and not by that of its file.
 * The shell forks for the commands in parentheses, so its executable is that of the process in the cgroup.
 */
#define SCRIPT "(echo 0 >\"$1\"/cgroup.procs && read line); :"

static const char *copy_shell(const char *name)
{
	static char path[256];
	int source = open("/bin/sh", O_RDONLY | O_CLOEXEC);

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	unlink(path);
	cr_assert_geq(source, 0);
	copy_program(source, path);
	close(source);
	return path;
}

static bool has_processes(const struct cgfence_cgroup *cgroup)
{
	int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char text[16];
	bool has = read(fd, text, sizeof(text)) > 0;

	close(fd);
	return has;
}

void setup_begin(struct setup_scene *scene, const struct cgfence_cgroup *cgroup, const char *name,
		 const char *command)
{
	const char *path = copy_shell(name);
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	scene->runtime = harness_fork();
	if (scene->runtime == 0) {
		dup2(ends[0], STDIN_FILENO);
		execl(path, "sh", "-c", SCRIPT, command, cgroup_directory(cgroup), NULL);
		_exit(127);
	}
	close(ends[0]);
	scene->input = ends[1];
	for (int i = 0; i < 60000 && !has_processes(cgroup); i++)
		usleep(1000);
	cr_assert(has_processes(cgroup), "the process did not enter the cgroup");
}

void setup_leave(struct setup_scene *scene)
{
	children_end(scene->runtime);
	scene->runtime = 0;
}

void setup_end(struct setup_scene *scene)
{
	close(scene->input);
	if (scene->runtime > 0)
		cr_assert_eq(children_await(scene->runtime), 0);
	scene->runtime = 0;
}
