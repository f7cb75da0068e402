// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/process.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/cmdline.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PROC_PATH_SIZE 40

/* Processes in a cgroup may keep whoever asks waiting, but a runtime on a loaded host may be slow. */
#define ARGUMENTS_MS 250

static void name_file(pid_t pid, const char *file, char path[PROC_PATH_SIZE])
{
	snprintf(path, PROC_PATH_SIZE, "/proc/%d/%s", pid, file);
}

/* Return: the length; @text is ended by a null byte. */
static size_t read_file(pid_t pid, const char *file, char *text, size_t size)
{
	char path[PROC_PATH_SIZE];
	cleanup_close int fd = -1;
	ssize_t length;

	name_file(pid, file, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, size - 1);
	text[length < 0 ? 0 : length] = '\0';
	return length < 0 ? 0 : (size_t)length;
}

static uint64_t age_ns(unsigned long long start_ticks)
{
	uint64_t start_ns = start_ticks * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK));
	uint64_t now_ns = boot_time_ns();

	return now_ns > start_ns ? now_ns - start_ns : 0;
}

bool process_read(pid_t pid, struct process *process)
{
	const struct cmdline_way way = { .group = (uint64_t)pid, .wait_ms = ARGUMENTS_MS };
	char text[1024];
	const char *begin;
	const char *end;
	unsigned long long start;

	*process = (struct process){ .pid = pid };
	if (!cmdline_links_answer(pid, &way))
		return false;
	if (read_file(pid, "stat", text, sizeof(text)) == 0)
		return false;
	/* The name is the process's own, and may have parentheses and spaces. */
	begin = strchr(text, '(');
	end = strrchr(text, ')');
	if (!begin || !end || end < begin)
		return false;
	snprintf(process->comm, sizeof(process->comm), "%.*s", (int)(end - begin - 1), begin + 1);
	/* proc_pid_stat(5): state, parent, and 17 fields later the start. */
	if (sscanf(end + 1,
		   " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &process->parent, &start) != 2)
		return false;
	process->age_ns = age_ns(start);
	return true;
}

static bool has_root_as_user(pid_t pid)
{
	char text[4096];
	const char *line;
	unsigned int real;
	unsigned int effective;

	read_file(pid, "status", text, sizeof(text));
	line = strstr(text, "\nUid:");
	return line && sscanf(line, "\nUid: %u %u", &real, &effective) == 2 && real == 0 &&
	       effective == 0;
}

/* The user 0 of another one may be that of this one, and still be root only there. */
static bool shares_user_namespace(pid_t pid)
{
	char path[PROC_PATH_SIZE];
	struct stat own;
	struct stat its;

	name_file(pid, "ns/user", path);
	/* A kernel without them has one only. */
	if (stat("/proc/self/ns/user", &own) < 0)
		return true;
	return stat(path, &its) == 0 && its.st_ino == own.st_ino && its.st_dev == own.st_dev;
}

bool process_read_user(struct process *process)
{
	process->is_root = has_root_as_user(process->pid) && shares_user_namespace(process->pid);
	return process->is_root;
}

void process_read_more(struct process *process)
{
	const struct cmdline_way way = { .group = (uint64_t)process->pid, .wait_ms = ARGUMENTS_MS };
	char path[PROC_PATH_SIZE];
	struct stat status;
	ssize_t length;

	name_file(process->pid, "exe", path);
	length = readlink(path, process->program, sizeof(process->program) - 1);
	process->program[length < 0 ? 0 : length] = '\0';
	if (stat(path, &status) == 0) {
		process->program_device = status.st_dev;
		process->program_inode = status.st_ino;
	}
	process->arguments_length = cmdline_read(process->pid, &way, process->arguments);
	process_read_user(process);
}

const char *process_argument(const struct process *process, size_t index)
{
	const char *at = process->arguments;
	const char *end = at + process->arguments_length;

	for (; index && at < end; index--)
		at += strlen(at) + 1;
	return at < end ? at : NULL;
}

const char *process_base_name(const char *path)
{
	static const char memory[] = "/memfd:";
	const char *slash = strrchr(path, '/');

	if (strncmp(path, memory, sizeof(memory) - 1) == 0)
		return path + sizeof(memory) - 1;
	return slash ? slash + 1 : path;
}
