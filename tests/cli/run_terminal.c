// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `run` does on a terminal: keys, job control. */
#include "program.h"
#include "support/children.h"
#include "support/harness.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(run_terminal, .init = harness_begin, .fini = harness_end);

#define KEY_INTERRUPT "\003"
#define KEY_QUIT "\034"
#define KEY_STOP "\032"

#define TIMEOUT_S 60

static void start(struct program *program, const char *script)
{
	const struct program_options options = { .cgroup = harness_cgroup(), .terminal = true };

	program_start(program, &options, WORDS("run", "--", "sh", "-c", script));
}

/* The same below a shell with job control, without which it cannot be stopped. */
static void start_as_job(struct program *program, const char *script)
{
	const struct program_options options = { .cgroup = harness_cgroup(),
						 .terminal = true,
						 .by_words = true };
	char line[512];

	snprintf(line, sizeof(line), script, program_path());
	program_start(program, &options, WORDS("sh", "-m", "-c", line));
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

Test(run_terminal, is_passed_on)
{
	struct program program;

	start(&program, "test -t 0 && test -t 1 && test -t 2 && : </dev/tty && stty size");
	program_finish(&program);
	assert_status(program.result, 0);
	cr_assert_str_eq(program.result.output, "50 200\r\n");
}

Test(run_terminal, what_is_typed_reaches_the_command)
{
	struct program program;

	start(&program, "echo ready; read line; echo \"got $line\"");
	program_expect(&program, "ready");
	program_type(&program, "hello\n");
	program_finish(&program);
	assert_status(program.result, 0);
	assert_has(program.result.output, "got hello");
}

Test(run_terminal, interrupt_ends_the_command)
{
	struct program program;

	start(&program, "echo ready; exec sleep 100");
	program_expect(&program, "ready");
	program_type(&program, KEY_INTERRUPT);
	program_finish(&program);
	assert_status(program.result, 128 + SIGINT);
}

Test(run_terminal, quit_ends_the_command)
{
	struct program program;

	start(&program, "ulimit -c 0; echo ready; exec sleep 100");
	program_expect(&program, "ready");
	program_type(&program, KEY_QUIT);
	program_finish(&program);
	assert_status(program.result, 128 + SIGQUIT);
}

/* As when a connection breaks: the kernel tells only the leader of the session, which cgfence is here. */
Test(run_terminal, a_hangup_ends_the_command)
{
	struct program program;
	int status = 0;

	start(&program, "echo ready; exec sleep 100");
	program_expect(&program, "ready");
	close(program.input);
	close(program.output);
	for (int i = 0; i < TIMEOUT_S * 50 && status == 0; i++) {
		poll(NULL, 0, 20);
		cr_assert_geq(waitpid(program.pid, &status, WNOHANG), 0);
	}
	cr_assert_eq(children_status(status), 128 + SIGHUP);
}

Test(run_terminal, interrupt_comes_once)
{
	struct program program;

	/* A second signal would end the next wait. */
	start(&program, "trap 'echo caught' INT; echo ready;"
			" for i in 1 2 3; do sleep 1 & wait; done; exit 7");
	program_expect(&program, "ready");
	program_type(&program, KEY_INTERRUPT);
	program_finish(&program);
	assert_status(program.result, 7);
	cr_assert_eq(count(program.result.output, "caught"), 1, "'%s'", program.result.output);
}

Test(run_terminal, a_command_may_survive_an_interrupt)
{
	struct program program;

	start(&program, "trap 'echo caught; exit 5' INT; echo ready; sleep 100 & wait");
	program_expect(&program, "ready");
	program_type(&program, KEY_INTERRUPT);
	program_finish(&program);
	assert_status(program.result, 5);
}

Test(run_terminal, stop_shows_cgfence_stopped_and_it_goes_on)
{
	struct program program;

	/* A shell reports 128 + SIGSTOP or SIGTSTP for a stopped job. */
	start_as_job(&program, "%s run -- sh -c 'echo ready; read line; echo got $line; exit 6';"
			       " echo stopped $?; fg; echo ended $?");
	program_expect(&program, "ready");
	program_type(&program, KEY_STOP);
	program_expect(&program, "stopped 14");
	program_type(&program, "hello\n");
	program_expect(&program, "ended");
	program_finish(&program);
	assert_has(program.result.output, "got hello");
	assert_has(program.result.output, "ended 6");
}

Test(run_terminal, the_command_stops_too)
{
	struct program program;
	const char *pid;

	start_as_job(&program, "%s run -- sh -c 'echo pid $$; exec sleep 100';"
			       " echo stopped; read pid; grep State /proc/$pid/status;"
			       " kill -KILL %%1; echo done");
	program_expect(&program, "pid ");
	program_expect(&program, "\r\n");
	program_type(&program, KEY_STOP);
	program_expect(&program, "stopped\r\n");
	pid = strstr(program.result.output, "pid ") + strlen("pid ");
	program_type(&program, pid);
	program_expect(&program, "done");
	program_finish(&program);
	assert_has(program.result.output, "T (stopped)");
}

/* The line of /proc/PID/status that counts filters, such as "Seccomp_filters:\t0"; of this process. */
static const char *own_filters(void)
{
	static char line[64];
	FILE *file = fopen("/proc/self/status", "re");

	cr_assert(file);
	while (fgets(line, sizeof(line), file) && strncmp(line, "Seccomp_filters:", 16) != 0)
		;
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

#define SHOW_FILTERS "grep", "Seccomp_filters:", "/proc/self/status"

/* Which calls it refuses, the test of terminal_forbid_typing() shows. */
Test(run_terminal, a_filter_keeps_the_command_from_typing_into_it)
{
	const struct program_options options = { .cgroup = harness_cgroup(), .terminal = true };
	struct program_result result = program_run(&options, WORDS("run", "--", SHOW_FILTERS));

	assert_status(result, 0);
	assert_has(result.output, "Seccomp_filters:");
	assert_lacks(result.output, own_filters());
}

/* It costs the command nothing where there is nothing to type into. */
Test(run_terminal, without_one_there_is_no_filter)
{
	const struct program_options options = { .cgroup = harness_cgroup(), .by_words = true };
	struct program_result result = program_run(
		&options, WORDS("setsid", "--wait", program_path(), "run", "--", SHOW_FILTERS));

	assert_done(result);
	assert_has(result.output, own_filters());
}
