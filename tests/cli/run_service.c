// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a service manager gives to `run` reaches the command: variables, descriptors, signals. */
#include "program.h"
#include "support/harness.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

TestSuite(run_service, .init = harness_begin, .fini = harness_end);

/* include/uapi/linux/magic.h of Linux 6.9. */
#define PIDFD_MAGIC 0x50494446

/* @script is run by sh, and has cgfence as $0 and @file as $1. */
static void start(struct program *program, const char *script, const char *file)
{
	const struct program_options options = { .cgroup = harness_cgroup(), .by_words = true };

	program_start(program, &options, WORDS("sh", "-c", script, program_path(), file));
}

static struct program_result run(const char *script, const char *file)
{
	struct program program;

	start(&program, script, file);
	program_finish(&program);
	return program.result;
}

Test(run_service, descriptors_passed_by_socket_activation_arrive)
{
	struct program_result result = run("export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web;"
					   " exec \"$0\" run -- sh -c 'test $LISTEN_PID = $$ && "
					   "echo $LISTEN_FDS $LISTEN_FDNAMES && cat <&3' 3<\"$1\"",
					   program_file("passed", "passed on\n"));

	assert_done(result);
	cr_assert_str_eq(result.output, "1 web\npassed on\n");
}

Test(run_service, other_variables_of_the_service_name_the_command)
{
	assert_done(
		run("export WATCHDOG_PID=$$ SYSTEMD_EXEC_PID=$$;"
		    " exec \"$0\" run -- sh -c 'test $WATCHDOG_PID = $$ -a $SYSTEMD_EXEC_PID = $$'",
		    NULL));
}

Test(run_service, what_is_for_somebody_else_stays_so)
{
	struct program_result result = run(
		"export LISTEN_PID=1 WATCHDOG_PID= SYSTEMD_EXEC_PID=x LISTEN_PIDFDID=1 NOTIFY_SOCKET=@a;"
		" exec \"$0\" run -- sh -c "
		"'echo $LISTEN_PID,$WATCHDOG_PID,$SYSTEMD_EXEC_PID,$LISTEN_PIDFDID,$NOTIFY_SOCKET'",
		NULL);

	assert_done(result);
	cr_assert_str_eq(result.output, "1,,x,1,@a\n");
}

/* Return: 0 if this kernel gives none. */
static unsigned long long pidfd_id(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct statfs system;
	struct stat status;

	cr_assert_geq(fd, 0);
	cr_assert_eq(fstatfs(fd, &system), 0);
	cr_assert_eq(fstat(fd, &status), 0);
	close(fd);
	return system.f_type == PIDFD_MAGIC ? status.st_ino : 0;
}

Test(run_service, the_number_of_a_pidfd_becomes_the_commands)
{
	unsigned long long id;
	struct program program;
	char line[32];
	pid_t pid;

	start(&program,
	      "read id; export LISTEN_PID=$$ LISTEN_PIDFDID=$id;"
	      " exec \"$0\" run -- sh -c 'echo pid $$ id $LISTEN_PIDFDID end; read line'",
	      NULL);
	id = pidfd_id(program.pid);
	if (!id)
		harness_skip("a pidfd has no number of its own before Linux 6.9");
	snprintf(line, sizeof(line), "%llu\n", id);
	program_type(&program, line);
	program_expect(&program, "end");
	cr_assert_eq(sscanf(program.result.output, "pid %d id %llu", &pid, &id), 2);
	cr_assert_eq(id, pidfd_id(pid), "%s", program.result.output);
	program_finish(&program);
}

Test(run_service, every_signal_reaches_the_command)
{
	const int signals[] = { SIGHUP,	 SIGUSR1,   SIGUSR2, SIGALRM,  SIGWINCH,
				SIGPOLL, SIGVTALRM, SIGURG,  SIGXCPU,  SIGPWR,
				SIGTTIN, SIGTTOU,   SIGTSTP, SIGRTMIN, SIGRTMAX };
	char script[256];

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct program program;

		snprintf(
			script, sizeof(script),
			"exec \"$0\" run -- sh -c 'trap \"exit 9\" %d; sleep 100 & echo ready; wait'",
			signals[i]);
		start(&program, script, NULL);
		program_expect(&program, "ready");
		kill(program.pid, signals[i]);
		program_finish(&program);
		cr_assert_eq(program.result.status, 9, "signal %d: status %d", signals[i],
			     program.result.status);
	}
}

/* Whoever executes run may have set it, and it stays with the process. */
Test(run_service, an_alarm_of_the_caller_ends_the_command)
{
	struct program_result result =
		run("exec perl -e 'alarm 1; exec @ARGV' \"$0\" run -- sleep 100", NULL);

	assert_status(result, 128 + SIGALRM);
}

static void await_stop(pid_t pid)
{
	char path[32];
	char state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'T') {
		FILE *file = fopen(path, "re");

		cr_assert_neq(file, NULL, "%d is gone", pid);
		cr_assert_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
		fclose(file);
		sched_yield();
	}
}

/* Both are known to cgfence at once: that the command stopped, and that it is to go on. */
Test(run_service, a_command_that_is_continued_before_it_is_seen_to_stop_goes_on)
{
	struct program program;
	pid_t command = 0;

	start(&program, "exec \"$0\" run -- sh -c 'echo pid $$ ready; read line; echo went on'",
	      NULL);
	program_expect(&program, "ready");
	cr_assert_eq(sscanf(program.result.output, "pid %d", &command), 1);
	kill(program.pid, SIGSTOP);
	await_stop(program.pid);
	kill(command, SIGSTOP);
	await_stop(command);
	kill(program.pid, SIGCONT);
	program_type(&program, "\n");
	program_expect(&program, "went on");
	program_finish(&program);
	assert_status(program.result, 0);
}

/* Signals wait in the order of their numbers, so a second USR1, if there were one, would come before USR2. */
Test(run_service, a_signal_of_the_command_to_its_own_process_group_comes_once)
{
	const struct program_options options = { .cgroup = harness_cgroup(), .terminal = true };
	struct program program;

	program_start(
		&program, &options,
		WORDS("run", "--", "sh", "-c",
		      "trap 'n=$((n + 1))' USR1; trap 'echo caught $n; exit 0' USR2; echo ready;"
		      " read line; kill -USR1 0; echo sent; while :; do sleep 0.1; done"));
	program_expect(&program, "ready");
	/* So that the shell is done with the first. */
	kill(program.pid, SIGSTOP);
	program_type(&program, "\n");
	program_expect(&program, "sent");
	kill(program.pid, SIGUSR2);
	kill(program.pid, SIGCONT);
	program_finish(&program);
	assert_status(program.result, 0);
	assert_has(program.result.output, "caught 1\r\n");
}

Test(run_service, ignored_signals_stay_ignored)
{
	const struct program_options options = { .cgroup = harness_cgroup(),
						 .ignores_children = true };
	struct program_result result =
		program_run(&options, WORDS("run", "--", "grep", "SigIgn", "/proc/self/status"));
	unsigned long long mask = 0;

	assert_done(result);
	cr_assert_eq(sscanf(result.output, "SigIgn: %llx", &mask), 1);
	cr_assert(mask >> (SIGCHLD - 1) & 1, "%s", result.output);
}
