// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <criterion/criterion.h>

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT 600
#define TEXT_SIZE 65536

/* What a test tells of itself, from whichever of its processes. */
struct outcome {
	unsigned int failures;
	unsigned int skipped;
	unsigned int
		length; /* of what was to be written, which may be more than there is room for */
	char text[TEXT_SIZE];
};

extern const struct plain_test *const __start_plain_tests[];
extern const struct plain_test *const __stop_plain_tests[];

static struct outcome *outcome;
static const struct plain_test *running;
static jmp_buf end_of_test;
static volatile sig_atomic_t timed_out;

static void note(const char *text)
{
	unsigned int length = (unsigned int)strlen(text);
	unsigned int start = __atomic_fetch_add(&outcome->length, length, __ATOMIC_RELAXED);

	/* The last byte stays NUL. */
	for (unsigned int i = 0; i < length && start + i < TEXT_SIZE - 1; i++)
		outcome->text[start + i] = text[i];
}

void plain_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	char message[2048];
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	snprintf(text, sizeof(text), "  %s:%d: not so: %s:%s\n", file, line, condition, message);
	note(text);
	__atomic_fetch_add(&outcome->failures, 1, __ATOMIC_RELAXED);
}

void plain_end(void)
{
	longjmp(end_of_test, 1);
}

void plain_skip(const char *format, ...)
{
	char message[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	outcome->skipped = 1;
	outcome->length = 0;
	note(message);
	plain_end();
}

static const struct plain_settings *settings_of_suite(const char *suite)
{
	static const struct plain_settings none;

	for (const struct plain_test *const *test = __start_plain_tests; test < __stop_plain_tests;
	     test++) {
		if (!(*test)->name && strcmp((*test)->suite, suite) == 0)
			return &(*test)->settings;
	}
	return &none;
}

/* Where plain_end() ends the test, what follows @step is still done. */
static void try(void (*step)(void))
{
	if (step && setjmp(end_of_test) == 0)
		step();
}

static void begin_and_run(void)
{
	const struct plain_settings *suite = settings_of_suite(running->suite);

	if (running->settings.init)
		running->settings.init();
	else if (suite->init)
		suite->init();
	running->run();
}

static void run_in_child(const struct plain_test *test)
{
	const struct plain_settings *suite = settings_of_suite(test->suite);

	running = test;
	try(begin_and_run);
	try(test->settings.fini ? test->settings.fini : suite->fini);
	fflush(NULL);
	_exit(0);
}

static void on_alarm(int number)
{
	(void)number;
	timed_out = 1;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Runs the test and reports it in the Test Anything Protocol, as Criterion does. Return: whether it failed. */
static bool run(const struct plain_test *test, double timeout, FILE *report)
{
	double start = now();
	int status;
	pid_t child;

	memset(outcome, 0, sizeof(*outcome));
	timed_out = 0;
	fflush(NULL);
	child = fork();
	if (child == 0)
		run_in_child(test);
	alarm((unsigned int)timeout);
	while (child < 0 || waitpid(child, &status, 0) < 0) {
		if (child < 0 || errno != EINTR) {
			perror("fork, waitpid");
			exit(2);
		}
		if (timed_out)
			kill(child, SIGKILL);
	}
	alarm(0);
	if (status != 0) {
		char text[128];

		snprintf(text, sizeof(text), "  it ended with status 0x%x%s\n", status,
			 timed_out ? " when its time was over" : "");
		note(text);
		outcome->failures++;
	}
	if (outcome->skipped && !outcome->failures)
		fprintf(report, "ok - %s::%s  # SKIP%s\n", test->suite, test->name, outcome->text);
	else
		fprintf(report, "%sok - %s::%s  (%.2fs)\n%s", outcome->failures ? "not " : "",
			test->suite, test->name, now() - start,
			outcome->failures ? outcome->text : "");
	fflush(report);
	return outcome->failures != 0;
}

int main(int count, char **arguments)
{
	static const struct option options[] = { { "filter", required_argument, NULL, 'f' },
						 { "list", no_argument, NULL, 'l' },
						 { "short-filename", no_argument, NULL, 's' },
						 { "tap", required_argument, NULL, 't' },
						 { "timeout", required_argument, NULL, 'o' },
						 { 0 } };
	const struct sigaction alarmed = { .sa_handler = on_alarm };
	const char *filter = "*/*";
	double timeout = DEFAULT_TIMEOUT;
	bool list = false;
	FILE *report = stdout;
	unsigned int failed = 0;
	unsigned int tests = 0;

	for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
		if (option == 'f')
			filter = optarg;
		else if (option == 'l')
			list = true;
		else if (option == 'o')
			timeout = strtod(optarg, NULL);
		else if (option == 't')
			report = fopen(optarg, "we");
		if (option == '?' || !report)
			return 2;
	}
	sigaction(SIGALRM, &alarmed, NULL);
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (outcome == MAP_FAILED)
		return 2;
	for (const struct plain_test *const *test = __start_plain_tests; test < __stop_plain_tests;
	     test++) {
		double own = (*test)->settings.timeout;
		char name[512];

		snprintf(name, sizeof(name), "%s/%s", (*test)->suite, (*test)->name);
		if (!(*test)->name || fnmatch(filter, name, FNM_EXTMATCH) != 0)
			continue;
		tests++;
		if (list) {
			puts(name);
			continue;
		}
		if (own <= 0)
			own = settings_of_suite((*test)->suite)->timeout;
		failed += run(*test, own > 0 ? own : timeout, report);
	}
	fprintf(stderr, "%u tests, %u failed\n", tests, failed);
	return failed != 0;
}
