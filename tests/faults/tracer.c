// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tracer.h"
#include "skip_call.h"

#include <cgfence/abi.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_RUN 97
#define FILTER_SIZE 64

struct name {
	long number;
	const char *text;
};

/* Beside those of bpf(2). Files are written by nothing but the cgroups, and standard output. */
static const struct name changing_calls[] = {
#ifdef SYS_mkdir
	{ SYS_mkdir, "mkdir" },		{ SYS_rmdir, "rmdir" },
	{ SYS_unlink, "unlink" },	{ SYS_rename, "rename" },
#endif
	{ SYS_mkdirat, "mkdirat" },	{ SYS_unlinkat, "unlinkat" },
	{ SYS_renameat2, "renameat2" }, { SYS_mount, "mount" },
	{ SYS_umount2, "umount2" },	{ SYS_flock, "flock" },
	{ SYS_utimensat, "utimensat" }, { SYS_write, "write" },
};

static const struct name changing_commands[] = {
	{ BPF_LINK_CREATE, "LINK_CREATE" },	    { BPF_LINK_UPDATE, "LINK_UPDATE" },
	{ BPF_LINK_DETACH, "LINK_DETACH" },	    { BPF_OBJ_PIN, "OBJ_PIN" },
	{ BPF_MAP_UPDATE_ELEM, "MAP_UPDATE_ELEM" }, { BPF_MAP_DELETE_ELEM, "MAP_DELETE_ELEM" },
	{ BPF_PROG_ATTACH, "PROG_ATTACH" },	    { BPF_PROG_DETACH, "PROG_DETACH" },
};

/* These make objects that go with the process, or only read. */
static const struct name other_commands[] = {
	{ BPF_MAP_CREATE, "MAP_CREATE" },
	{ BPF_MAP_FREEZE, "MAP_FREEZE" },
	{ BPF_PROG_LOAD, "PROG_LOAD" },
	{ BPF_PROG_BIND_MAP, "PROG_BIND_MAP" },
	{ BPF_RAW_TRACEPOINT_OPEN, "RAW_TRACEPOINT_OPEN" },
	{ BPF_OBJ_GET, "OBJ_GET" },
	{ BPF_OBJ_GET_INFO_BY_FD, "OBJ_GET_INFO_BY_FD" },
	{ BPF_PROG_GET_FD_BY_ID, "PROG_GET_FD_BY_ID" },
	{ BPF_MAP_GET_FD_BY_ID, "MAP_GET_FD_BY_ID" },
	{ BPF_MAP_LOOKUP_ELEM, "MAP_LOOKUP_ELEM" },
	{ BPF_MAP_GET_NEXT_KEY, "MAP_GET_NEXT_KEY" },
	{ BPF_PROG_QUERY, "PROG_QUERY" },
	{ BPF_BTF_LOAD, "BTF_LOAD" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *find_name(const struct name *names, size_t count, long number)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].number == number)
			return names[i].text;
	}
	return NULL;
}

/* A process that is being traced. */
struct tracee {
	const struct tracer_options *options;
	struct tracer_result *result;
	pid_t pid;
	bool kills; /* the last policy that it made is for sockops programs that send signals */
};

static bool is_changing_command(long number, uint64_t command)
{
	return number == SYS_bpf &&
	       find_name(changing_commands, COUNT(changing_commands), (long)command);
}

static bool in_scope(enum tracer_scope scope, long number, uint64_t command)
{
	switch (scope) {
	case TRACER_ALL:
		return true;
	case TRACER_BPF:
		return number == SYS_bpf;
	case TRACER_BPF_CHANGES:
		return is_changing_command(number, command);
	case TRACER_CHANGES:
		return is_changing_command(number, command) ||
		       find_name(changing_calls, COUNT(changing_calls), number);
	case TRACER_NONE:
		break;
	}
	return false;
}

/* Only calls in scope stop the process. Where a kernel is simulated, all do. */
static int install_filter(const struct tracer_options *options)
{
	struct sock_filter filter[FILTER_SIZE];
	struct sock_fprog program = { .filter = filter };
	unsigned short used = 0;

	filter[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						      offsetof(struct seccomp_data, nr));
	if (options->scope == TRACER_ALL || options->old_kernel) {
		filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	} else {
		for (size_t i = 0; options->scope == TRACER_CHANGES && i < COUNT(changing_calls);
		     i++) {
			filter[used++] = (struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)changing_calls[i].number,
				0, 1);
			filter[used++] =
				(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
		}
		filter[used++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1);
		filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
		filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	program.len = used;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

static bool needs_tracing(const struct tracer_options *options)
{
	return options->scope != TRACER_NONE || options->old_kernel;
}

static __attribute__((noreturn)) void
exec_program(const char *const *argv, const struct tracer_options *options, const int streams[2])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	dup2(streams[0], STDOUT_FILENO);
	dup2(streams[1], STDERR_FILENO);
	/* The tracer must have set its options before the first call that the filter knows. */
	if (needs_tracing(options) && (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ||
				       raise(SIGSTOP) != 0 || install_filter(options)))
		_exit(EXIT_NOT_RUN);
	execv(argv[0], (char *const *)argv);
	_exit(EXIT_NOT_RUN);
}

/* Whether what a map gets is a policy, and its guard a program that kills: the verifier decides by the policy. */
static void note_policy(struct tracee *tracee, const struct __ptrace_syscall_info *call)
{
	uint64_t place = call->seccomp.args[1] + offsetof(union bpf_attr, value);
	struct cgfence_image image;
	struct iovec local = { &image, sizeof(image) };
	struct iovec remote = { NULL, sizeof(image) };

	remote.iov_base = (void *)ptrace(PTRACE_PEEKDATA, tracee->pid, place, NULL);
	if (process_vm_readv(tracee->pid, &local, 1, &remote, 1, 0) == sizeof(image) &&
	    image.abi_version == CGFENCE_ABI_VERSION && image.size >= sizeof(image))
		tracee->kills = image.ports.guard == CGFENCE_GUARD_KILL &&
				!image.ports.killed_by_trace;
}

/*
 * Programs that send signals are refused. So is the trial whether listeners can be muted, which is one without a name: it
 * runs a process, which this tracer does not follow.
 */
static int play_old_kernel(struct tracee *tracee, const struct __ptrace_syscall_info *call)
{
	uint64_t attributes = call->seccomp.args[1];
	uint64_t name = attributes + offsetof(union bpf_attr, prog_name);
	uint32_t type;

	if (call->seccomp.nr != SYS_bpf)
		return 0;
	if (call->seccomp.args[0] == BPF_MAP_UPDATE_ELEM)
		note_policy(tracee, call);
	if (call->seccomp.args[0] != BPF_PROG_LOAD)
		return 0;
	if (!tracee->kills && ptrace(PTRACE_PEEKDATA, tracee->pid, name, NULL) & 0xff)
		return 0;
	type = (uint32_t)ptrace(PTRACE_PEEKDATA, tracee->pid, attributes, NULL);
	return type == BPF_PROG_TYPE_SOCK_OPS ? skip_call(tracee->pid, EINVAL) : 0;
}

static void describe(const struct __ptrace_syscall_info *call, char text[TRACER_CALL_SIZE])
{
	long number = (long)call->seccomp.nr;
	long command = (long)call->seccomp.args[0];
	const char *name = find_name(changing_calls, COUNT(changing_calls), number);

	if (number == SYS_bpf) {
		name = find_name(changing_commands, COUNT(changing_commands), command);
		if (!name)
			name = find_name(other_commands, COUNT(other_commands), command);
		snprintf(text, TRACER_CALL_SIZE, "bpf(%s %ld)", name ? name : "command", command);
	} else {
		snprintf(text, TRACER_CALL_SIZE, "%s %ld", name ? name : "call", number);
	}
}

static int strike(struct tracee *tracee, const struct __ptrace_syscall_info *call)
{
	tracee->result->struck = true;
	describe(call, tracee->result->call);
	if (tracee->options->fault == TRACER_ERROR)
		return skip_call(tracee->pid, tracee->options->code);
	return kill(tracee->pid, SIGKILL) < 0 ? -errno : 0;
}

/* At the entry of a call. */
static int handle_call(struct tracee *tracee)
{
	const struct tracer_options *options = tracee->options;
	struct __ptrace_syscall_info call = { 0 };
	size_t index = tracee->result->count;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(call), &call) < 0)
		return -errno;
	if (in_scope(options->scope, (long)call.seccomp.nr, call.seccomp.args[0])) {
		tracee->result->count++;
		if (options->at_call)
			options->at_call();
		if (options->fault != TRACER_NO_FAULT && index == options->index)
			return strike(tracee, &call);
	}
	return options->old_kernel ? play_old_kernel(tracee, &call) : 0;
}

/* The calls of a child are made as if nobody traced them; without a tracer the filter would fail them. */
static void let_child_run(pid_t pid, int status)
{
	bool is_signal = status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP &&
			 WSTOPSIG(status) != SIGTRAP;

	if (WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, NULL, is_signal ? WSTOPSIG(status) : 0);
}

/* Waits for the program, while its children run. */
static int wait_for(struct tracee *tracee, int *status)
{
	pid_t pid;

	while ((pid = waitpid(-1, status, __WALL)) != tracee->pid) {
		if (pid < 0)
			return -errno;
		let_child_run(pid, *status);
	}
	return 0;
}

/* Children that outlive the program are killed, as they ask for. */
static void end_children(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			kill(pid, SIGKILL);
			let_child_run(pid, status);
		}
	}
}

static int follow(struct tracee *tracee)
{
	bool begun = false;
	int status;

	for (;;) {
		int signal_number = 0;
		int result = wait_for(tracee, &status);

		if (result)
			return result;
		if (!WIFSTOPPED(status))
			break;
		if (!begun) {
			begun = true;
			if (ptrace(PTRACE_SETOPTIONS, tracee->pid, NULL,
				   PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL |
					   PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK) < 0)
				result = -errno;
		} else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
			result = handle_call(tracee);
		} else if (status >> 16 == 0) {
			signal_number = WSTOPSIG(status);
		}
		/* It may have been killed meanwhile. */
		if (result && result != -ESRCH)
			return result;
		if (ptrace(PTRACE_CONT, tracee->pid, NULL, signal_number) < 0 && errno != ESRCH)
			return -errno;
	}
	end_children();
	tracee->result->status = WIFSIGNALED(status) ? TRACER_SIGNALLED + WTERMSIG(status)
						     : WEXITSTATUS(status);
	return 0;
}

static void read_stream(int fd, char *text, size_t size)
{
	ssize_t length = pread(fd, text, size - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	close(fd);
}

int tracer_run(const char *const *argv, const struct tracer_options *options,
	       struct tracer_result *result)
{
	struct tracee tracee = { .options = options, .result = result };
	/* Files, so that nobody needs to read while it runs. */
	int streams[2] = { memfd_create("output", MFD_CLOEXEC),
			   memfd_create("errors", MFD_CLOEXEC) };
	int code;

	result->count = 0;
	result->struck = false;
	result->call[0] = '\0';
	fflush(NULL);
	tracee.pid = fork();
	if (tracee.pid < 0)
		return -errno;
	if (tracee.pid == 0)
		exec_program(argv, options, streams);
	code = follow(&tracee);
	if (code) {
		kill(tracee.pid, SIGKILL);
		waitpid(tracee.pid, NULL, __WALL);
	}
	read_stream(streams[0], result->output, sizeof(result->output));
	read_stream(streams[1], result->errors, sizeof(result->errors));
	return code == 0 && result->status == EXIT_NOT_RUN ? -ENOEXEC : code;
}
