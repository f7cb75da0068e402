// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/setup.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define TASKS_MAX 256
#define ANCESTORS_MAX 64

static const char *const runtimes[] = { "runc", "crun", "youki" };
static const size_t runtime_count = sizeof(runtimes) / sizeof(runtimes[0]);

/* ---- the verdict ---- */

/* As "runc", "runc-1.2", "docker-runc", "crun (deleted)", "runc_cloned:..."; not "containerd-shim-runc-v2". */
static bool is_runtime_name(const char *name)
{
	for (size_t i = 0; i < runtime_count; i++) {
		size_t length = strlen(runtimes[i]);
		size_t whole = strcspn(name, " ");

		if (strncmp(name, runtimes[i], length) == 0 &&
		    !(name[length] >= 'a' && name[length] <= 'z'))
			return true;
		if (whole > length && name[whole - length - 1] == '-' &&
		    strncmp(name + whole - length, runtimes[i], length) == 0)
			return true;
	}
	return false;
}

/* runc, whatever it is called, has the first process of a container call itself so. */
static bool is_runc_init(const struct process *task)
{
	return strncmp(task->comm, "runc:[", 6) == 0;
}

static bool is_runtime(const struct process *task, const struct process *parent)
{
	const char *argument = process_argument(parent, 0);

	return is_runtime_name(process_base_name(parent->program)) ||
	       is_runtime_name(parent->comm) ||
	       (argument && is_runtime_name(process_base_name(argument))) || is_runc_init(task);
}

/* Options may come first, but their values are no such words. */
static bool creates_container(const struct process *runtime)
{
	static const char *const creating[] = { "create", "run", "restore", NULL };
	static const char *const other[] = { "exec",   "start",	 "update", "delete", "kill",
					     "resume", "events", "ps",	   NULL };
	const char *word;

	for (size_t i = 1; (word = process_argument(runtime, i)); i++) {
		for (size_t j = 0; creating[j]; j++) {
			if (strcmp(word, creating[j]) == 0)
				return true;
		}
		for (size_t j = 0; other[j]; j++) {
			if (strcmp(word, other[j]) == 0)
				return false;
		}
	}
	return false;
}

/* runc executes a copy of itself, of another inode, as `runc init`. */
static bool is_copy(const struct process *task, const struct process *runtime)
{
	const char *name = process_argument(task, 0);
	const char *command = process_argument(task, 1);
	const char *parent_name = process_argument(runtime, 0);

	return name && command && parent_name && strcmp(name, parent_name) == 0 &&
	       strcmp(command, "init") == 0 && !process_argument(task, 2);
}

static bool same_program(const struct process *task, const struct process *runtime)
{
	return runtime->program_inode && task->program_inode == runtime->program_inode &&
	       task->program_device == runtime->program_device;
}

bool setup_is_between(const struct process *task, const struct process *runtime)
{
	return runtime->is_root && runtime->age_ns < SETUP_LONGEST_NS &&
	       is_runtime(task, runtime) && creates_container(runtime) &&
	       (same_program(task, runtime) || is_copy(task, runtime));
}

/* ---- the processes of a cgroup ---- */

/* Return: how many there are in @tasks; 0 if the cgroup has too many, or threads only. */
static size_t read_tasks(int cgroup, pid_t tasks[TASKS_MAX])
{
	int fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	size_t count = 0;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (count < TASKS_MAX && fscanf(file, "%d", &tasks[count]) == 1)
		count++;
	fclose(file);
	return count < TASKS_MAX ? count : 0;
}

static bool is_among(pid_t pid, const pid_t *tasks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (tasks[i] == pid)
			return true;
	}
	return false;
}

static bool waits_for_us(pid_t runtime)
{
	struct process ancestor = { .parent = getppid() };

	for (int i = 0; i < ANCESTORS_MAX && ancestor.parent > 1; i++) {
		if (ancestor.parent == runtime)
			return true;
		if (!process_read(ancestor.parent, &ancestor))
			return false;
	}
	return false;
}

/* The processes of a cgroup. */
struct tasks {
	pid_t items[TASKS_MAX];
	size_t count;
	setup_is_inside *is_inside;
	void *context;
};

/* Most processes of a cgroup have their parents there, or one that is older; these cost little. */
static bool is_being_set_up(pid_t pid, const struct tasks *tasks, struct setup *setup)
{
	struct process runtime;
	struct process task;

	if (!process_read(pid, &task) || task.parent <= 1 ||
	    is_among(task.parent, tasks->items, tasks->count) ||
	    !process_read(task.parent, &runtime) || runtime.age_ns >= SETUP_LONGEST_NS ||
	    !process_read_user(&runtime))
		return false;
	process_read_more(&task);
	process_read_more(&runtime);
	if (!setup_is_between(&task, &runtime) || waits_for_us(runtime.pid) ||
	    tasks->is_inside(runtime.pid, tasks->context))
		return false;
	setup->runtime = runtime.pid;
	setup->age_ns = runtime.age_ns;
	memcpy(setup->name, runtime.comm, sizeof(setup->name));
	return true;
}

bool setup_find(int cgroup, setup_is_inside *is_inside, void *context, struct setup *setup)
{
	struct tasks tasks = { .is_inside = is_inside, .context = context };

	tasks.count = read_tasks(cgroup, tasks.items);
	for (size_t i = 0; i < tasks.count; i++) {
		if (is_being_set_up(tasks.items[i], &tasks, setup))
			return true;
	}
	return false;
}
