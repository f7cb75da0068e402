// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Most of this runs in children of the test, in which nothing may be asserted. */
#include "concurrent_work.h"
#include "support/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_SECONDS 60
#define REMOVAL_US 3000

static double now_seconds(void)
{
	return (double)clock_ns() / 1e9;
}

void concurrent_name(char name[128], int cgroup)
{
	snprintf(name, 128, "%s/shared-%d", cgfence_cgroup_path(harness_cgroup()), cgroup);
}

struct cgfence_policy *concurrent_policy(unsigned int process, unsigned int number)
{
	struct cgfence_policy *policy = NULL;
	char text[256];

	snprintf(text, sizeof(text),
		 "{\"name\": \"%u-%u\", \"devices\": {\"allow\": [\"c 1:3 rw\"]}%s}", process,
		 number, number % 2 ? ", \"ports\": [8080]" : "");
	cgfence_policy_parse(text, strlen(text), "test", &policy, NULL);
	return policy;
}

static int attach(const struct cgfence_cgroup *cgroup, unsigned int process, unsigned int number,
		  struct cgfence_error *error)
{
	struct cgfence_policy *policy = concurrent_policy(process, number);
	enum cgfence_attach_result result;
	int code = cgfence_fence_attach(cgroup, policy, 0, &result, error);

	cgfence_policy_free(policy);
	return code;
}

/* Each process has a device of its own to allow and revoke. */
static int edit(const struct cgfence_cgroup *cgroup, unsigned int process,
		enum cgfence_edit_action action, struct cgfence_error *error)
{
	struct cgfence_edit *wanted = NULL;
	char entry[32];
	bool changed;
	int code;

	snprintf(entry, sizeof(entry), "c 200:%u r", process);
	code = cgfence_edit_parse_device(action, entry, &wanted, error);
	if (code == 0)
		code = cgfence_fence_edit(cgroup, wanted, &changed, error);
	cgfence_edit_free(wanted);
	return code;
}

static int show(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	struct cgfence_fence *fence = NULL;
	char *text = NULL;
	int code = cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, error);

	if (code == 0)
		code = cgfence_policy_format(cgfence_fence_policy(fence), &text, error);
	free(text);
	cgfence_fence_close(fence);
	return code;
}

static int carry_out(const struct cgfence_cgroup *cgroup, unsigned int process,
		     const struct concurrent_command *command, struct cgfence_error *error)
{
	bool detached;

	switch (command->kind) {
	case ATTACH:
		return attach(cgroup, process, command->number, error);
	case ALLOW:
		return edit(cgroup, process, CGFENCE_ALLOW, error);
	case REVOKE:
		return edit(cgroup, process, CGFENCE_REVOKE, error);
	case DETACH:
		return cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, error);
	default:
		return show(cgroup, error);
	}
}

static void note_failure(struct concurrent_board *board, unsigned int process,
			 const struct concurrent_command *command, int code, const char *text)
{
	if (!*board->failures[process])
		snprintf(board->failures[process], sizeof(board->failures[0]),
			 "process %u, command %d: %s: %.200s", process, command->kind,
			 strerror(-code), text);
}

static void run_command(struct concurrent_board *board, unsigned int process, int cgroup_index,
			struct concurrent_command *command)
{
	struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	char name[128];
	int code;

	concurrent_name(name, cgroup_index);
	command->begin = now_seconds();
	code = cgfence_cgroup_open(name, &cgroup, &error);
	if (code == 0)
		code = carry_out(cgroup, process, command, &error);
	cgfence_cgroup_close(cgroup);
	command->end = now_seconds();
	if (code == -ENOENT)
		board->missing[process]++;
	else if (code)
		note_failure(board, process, command, code, error.text);
	if (code)
		return;
	board->counts[process][command->kind]++;
	if (command->kind != SHOW)
		board->last[cgroup_index][process] = *command;
}

static int work(struct concurrent_board *board, unsigned int process)
{
	static const enum concurrent_kind kinds[] = { ATTACH, ATTACH, ALLOW, ALLOW,
						      REVOKE, SHOW,   SHOW,  DETACH };
	unsigned int random = process + 1;
	struct concurrent_command command = { 0 };

	while (!board->stop) {
		int cgroup;

		random = random * 1103515245 + 12345;
		cgroup = (int)(random >> 16) % CONCURRENT_CGROUPS;
		command.kind = kinds[(random >> 20) % (sizeof(kinds) / sizeof(kinds[0]))];
		command.number++;
		run_command(board, process, cgroup, &command);
	}
	return 0;
}

/* Of the directory; -EBUSY where a bpf_link is just being made. */
static int remove_directory(int cgroup)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/shared-%d",
		 cgfence_cgroup_fd(harness_cgroup()), cgroup);
	return rmdir(path) < 0 ? -errno : 0;
}

int concurrent_make(int cgroup)
{
	struct cgfence_cgroup *made = NULL;
	char name[32];
	int code;

	snprintf(name, sizeof(name), "shared-%d", cgroup);
	code = cgfence_cgroup_create(harness_cgroup(), name, &made, NULL);
	cgfence_cgroup_close(made);
	return code;
}

static int keep_removing(struct concurrent_board *board)
{
	struct concurrent_command command = { .kind = REMOVE };

	for (int cgroup = CONCURRENT_KEPT; !board->stop;
	     cgroup = cgroup + 1 < CONCURRENT_CGROUPS ? cgroup + 1 : CONCURRENT_KEPT) {
		int code;

		usleep(REMOVAL_US);
		command.begin = now_seconds();
		code = remove_directory(cgroup);
		if (code == 0)
			code = concurrent_make(cgroup);
		command.end = now_seconds();
		if (code)
			note_failure(board, CONCURRENT_REMOVER, &command, code, "");
		board->last[cgroup][CONCURRENT_REMOVER] = command;
		board->counts[CONCURRENT_REMOVER][REMOVE]++;
	}
	return 0;
}

int concurrent_work(struct concurrent_board *board, unsigned int process)
{
	board->ready++;
	while (board->ready < CONCURRENT_PROCESSES)
		usleep(1000);
	return process == CONCURRENT_REMOVER ? keep_removing(board) : work(board, process);
}

unsigned int concurrent_wait(const pid_t children[CONCURRENT_PROCESSES])
{
	double deadline = now_seconds() + PATIENCE_SECONDS;
	unsigned int stuck = 0;

	for (int i = 0; i < CONCURRENT_PROCESSES; i++) {
		while (waitpid(children[i], NULL, WNOHANG) == 0) {
			if (now_seconds() > deadline) {
				kill(children[i], SIGKILL);
				stuck++;
				waitpid(children[i], NULL, 0);
				break;
			}
			usleep(1000);
		}
	}
	return stuck;
}

int concurrent_allow_once(struct concurrent_board *board, unsigned int process)
{
	struct concurrent_command command = { .kind = ALLOW };

	if (process != CONCURRENT_REMOVER)
		run_command(board, process, (int)process % CONCURRENT_KEPT, &command);
	return 0;
}
