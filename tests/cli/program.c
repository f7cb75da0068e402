// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"
#include "support/children.h"
#include "support/fences.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_S 60
#define POLL_MS 20
#define WORDS_MAX 32

/* So wide is a terminal on which no table is shortened. */
#define WIDE_COLUMNS 200

const char *program_path(void)
{
	const char *path = getenv("CGFENCE_PROGRAM");

	return path ? path : "build/asan/cgfence";
}

const char *program_wrapper_path(void)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s-runtime", program_path());
	return path;
}

/* Lets a system call fail, as a limit of the host does. */
static void let_fail(long call, int code)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(98);
}

/* These tests may have been started with signals ignored or blocked, as by nohup(1) or as a background job of a shell. */
static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i <= SIGRTMAX; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static __attribute__((noreturn)) void exec_program(const struct program_options *options,
						   const char *const *words)
{
	const char *argv[WORDS_MAX + 2];
	size_t count = 0;

	if (!options->by_words)
		argv[count++] = program_path();
	while (*words && count < WORDS_MAX)
		argv[count++] = *words++;
	argv[count] = NULL;
	/* No test may leave it running, and a fault that a sanitizer finds must not look like a plain failure. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("ASAN_OPTIONS", "exitcode=99", 1);
	if (options->cgroup && harness_enter(options->cgroup))
		_exit(98);
	if (options->without_admin && geteuid() == 0 && prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) < 0)
		_exit(98);
	reset_signals();
	if (options->ignores_children)
		signal(SIGCHLD, SIG_IGN);
	if (options->failing_call)
		let_fail(options->failing_call, options->failing_errno);
	execvp(argv[0], (char *const *)argv);
	_exit(98);
}

static void start_on_pipes(struct program *program, const struct program_options *options,
			   const char *const *words)
{
	int input[2];
	int output[2];
	int errors[2];

	cr_assert_eq(pipe2(input, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(output, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(errors, O_CLOEXEC), 0);
	program->pid = fork();
	cr_assert_geq(program->pid, 0, "fork: %s", strerror(errno));
	if (program->pid == 0) {
		int target = options->output_path ? open(options->output_path, O_WRONLY | O_CLOEXEC)
						  : output[1];

		dup2(input[0], STDIN_FILENO);
		dup2(target, STDOUT_FILENO);
		dup2(errors[1], STDERR_FILENO);
		exec_program(options, words);
	}
	close(input[0]);
	close(output[1]);
	close(errors[1]);
	program->input = input[1];
	program->output = output[0];
	program->errors = errors[0];
	fcntl(program->errors, F_SETFL, O_NONBLOCK);
}

static void start_on_terminal(struct program *program, const struct program_options *options,
			      const char *const *words)
{
	const struct winsize window = {
		.ws_row = options->rows ? options->rows : 50,
		.ws_col = options->columns ? options->columns : WIDE_COLUMNS,
	};

	program->pid = forkpty(&program->input, NULL, NULL, &window);
	cr_assert_geq(program->pid, 0, "forkpty: %s", strerror(errno));
	if (program->pid == 0)
		exec_program(options, words);
	program->output = dup(program->input);
	program->errors = -1;
}

void program_type(struct program *program, const char *text)
{
	/* A program that reads nothing may be gone already. */
	sighandler_t before = signal(SIGPIPE, SIG_IGN);
	char *json = fences_json(text);
	size_t length = strlen(text);

	cr_assert(write(program->input, json, length) == (ssize_t)length || errno == EPIPE);
	free(json);
	signal(SIGPIPE, before);
}

void program_start(struct program *program, const struct program_options *options,
		   const char *const *words)
{
	static const struct program_options usual;

	options = options ? options : &usual;
	memset(program, 0, sizeof(*program));
	program->result.status = -1;
	fflush(NULL);
	if (options->terminal)
		start_on_terminal(program, options, words);
	else
		start_on_pipes(program, options, words);
	fcntl(program->output, F_SETFL, O_NONBLOCK);
	if (options->input)
		program_type(program, options->input);
}

static void read_stream(int fd, char *text, size_t size)
{
	size_t used = strlen(text);
	ssize_t length;

	while (fd >= 0 && used + 1 < size &&
	       (length = read(fd, text + used, size - used - 1)) > 0) {
		used += (size_t)length;
		text[used] = '\0';
	}
}

static void read_streams(struct program *program)
{
	struct program_result *result = &program->result;

	read_stream(program->output, result->output, sizeof(result->output));
	read_stream(program->errors, result->errors, sizeof(result->errors));
}

/* Return: true once it has ended. */
static bool reap(struct program *program)
{
	int status;

	if (program->result.status >= 0 || waitpid(program->pid, &status, WNOHANG) != program->pid)
		return program->result.status >= 0;
	program->result.status = children_status(status);
	return true;
}

static bool has_said_text(const struct program *program, const char *text)
{
	return strstr(program->result.output, text);
}

static bool never(const struct program *program, const char *text)
{
	(void)program;
	(void)text;
	return false;
}

/* The end of the next line that has @text; NULL if there is none, or only a part of it. */
static char *find_line_end(const struct program *program, const char *text)
{
	const char *found = strstr(program->result.output + program->seen, text);

	return found ? strchr(found, '\n') : NULL;
}

static bool has_said_line(const struct program *program, const char *text)
{
	return find_line_end(program, text);
}

void program_await(struct program *program, program_said *said, const char *text)
{
	time_t deadline = time(NULL) + TIMEOUT_S;

	for (;;) {
		struct pollfd fds[] = { { program->output, POLLIN, 0 },
					{ program->errors, POLLIN, 0 } };
		/* In this order, so that its last output is not lost. */
		bool ended = reap(program);

		read_streams(program);
		if (ended || said(program, text))
			return;
		if (time(NULL) > deadline) {
			kill(program->pid, SIGKILL);
			waitpid(program->pid, NULL, 0);
			cr_assert_fail("it takes too long; output '%s', errors '%s'",
				       program->result.output, program->result.errors);
		}
		poll(fds, 2, POLL_MS);
	}
}

void program_expect(struct program *program, const char *text)
{
	program_await(program, has_said_text, text);
	cr_assert(strstr(program->result.output, text),
		  "'%s' did not come; output '%s', errors '%s'", text, program->result.output,
		  program->result.errors);
}

const char *program_next_line(struct program *program, const char *text)
{
	static char line[sizeof(program->result.output)];
	const char *begin;
	const char *end;

	program_await(program, has_said_line, text);
	end = find_line_end(program, text);
	cr_assert(end, "'%s' did not come after '%.*s'; then '%s', errors '%s'", text,
		  (int)program->seen, program->result.output,
		  program->result.output + program->seen, program->result.errors);
	begin = end;
	while (begin > program->result.output && begin[-1] != '\n')
		begin--;
	snprintf(line, sizeof(line), "%.*s", (int)(end - begin), begin);
	program->seen = (size_t)(end + 1 - program->result.output);
	return line;
}

static bool is_note(const char *line)
{
	return strstr(line, "belongs to this mount namespace, which is not that of PID 1") ||
	       strstr(line, "of cgfence that are not visible here");
}

/* Moves the notes from @text. */
static void set_notes_apart(char *text, struct program_result *result)
{
	char *line = text;
	char *end;

	if (!is_note(text))
		return;
	while ((end = strchr(line, '\n'))) {
		size_t length = (size_t)(end + 1 - line);
		size_t used = strlen(result->notes);

		*end = '\0';
		if (!is_note(line)) {
			*end = '\n';
			line = end + 1;
			continue;
		}
		snprintf(result->notes + used, sizeof(result->notes) - used, "%s\n", line);
		memmove(line, line + length, strlen(line + length) + 1);
	}
}

void program_finish(struct program *program)
{
	/* Closing the terminal hangs up. */
	if (program->errors >= 0)
		close(program->input);
	program_await(program, never, NULL);
	if (program->errors >= 0)
		close(program->errors);
	else
		close(program->input);
	close(program->output);
	set_notes_apart(program->errors >= 0 ? program->result.errors : program->result.output,
			&program->result);
	assert_lacks(program->result.errors, "Sanitizer");
	assert_lacks(program->result.errors, "runtime error");
}

struct program_result program_run(const struct program_options *options, const char *const *words)
{
	struct program program;

	program_start(&program, options, words);
	program_finish(&program);
	return program.result;
}

const char *program_file(const char *name, const char *text)
{
	static char path[PATH_MAX];
	int code;

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	code = fences_write_json(path, text);
	cr_assert_eq(code, 0, "%s: %s", path, strerror(-code));
	return path;
}

json_t *program_json(const struct program_result *result)
{
	json_error_t error;
	json_t *json = json_loads(result->output, JSON_REJECT_DUPLICATES, &error);

	cr_assert(json, "%s in '%s'", error.text, result->output);
	return json;
}

json_t *program_status(const struct cgfence_cgroup *cgroup)
{
	struct program_result result =
		program_run(NULL, WORDS("status", cgfence_cgroup_path(cgroup), "--json"));
	json_t *list;
	json_t *element;

	assert_done(result);
	list = program_json(&result);
	cr_assert_eq(json_array_size(list), 1);
	element = json_incref(json_array_get(list, 0));
	json_decref(list);
	return element;
}
