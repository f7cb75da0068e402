// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "soak_daemon.h"
#include "support/children.h"
#include "support/fences.h"
#include "support/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PROGRAM "build/cgfence" /* without sanitizers, whose memory grows */

#define POLL_US 50000

/* What the daemon has said so far, to be given to free(). */
static char *read_log(const struct soak_daemon *daemon)
{
	FILE *file = fopen(daemon->log, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	if (file)
		fclose(file);
	return text;
}

unsigned int soak_daemon_count(const struct soak_daemon *daemon, const char *part)
{
	char *text = read_log(daemon);
	unsigned int found = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		found++;
	free(text);
	return found;
}

void soak_daemon_start(struct soak_daemon *daemon, const char *interval)
{
	const char *program = getenv("CGFENCE_SOAK_PROGRAM");

	if (!program || !*program)
		program = DEFAULT_PROGRAM;
	*daemon = (struct soak_daemon){ 0 };
	snprintf(daemon->log, sizeof(daemon->log), "%s/watch", harness_directory());
	daemon->pid = children_fork();
	cr_assert_geq(daemon->pid, 0, "fork: %s", strerror(errno));
	if (daemon->pid == 0) {
		int output = open(daemon->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		dup2(output, STDOUT_FILENO);
		execl(program, program, "watch", "--json", "--interval", interval, NULL);
		perror(program);
		_exit(127);
	}
	while (!soak_daemon_count(daemon, "started")) {
		cr_assert_eq(waitpid(daemon->pid, NULL, WNOHANG), 0, "the daemon has ended");
		usleep(POLL_US);
	}
}

/* Looks through the whole lines that came since the last time. */
static bool has_said(struct soak_daemon *daemon, const char *event, const char *end)
{
	FILE *file = fopen(daemon->log, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool found = false;

	cr_assert(file && fseek(file, daemon->seen, SEEK_SET) == 0, "%s", strerror(errno));
	while (!found && (length = getline(&line, &size, file)) > 0 && line[length - 1] == '\n') {
		daemon->seen += length;
		found = strstr(line, event) && strstr(line, end);
	}
	free(line);
	fclose(file);
	return found;
}

static void make_sign(struct soak_daemon *daemon)
{
	struct cgfence_error error = { 0 };
	char name[32];

	snprintf(name, sizeof(name), "sign-%u", ++daemon->signs);
	cr_assert_eq(cgfence_cgroup_create(harness_cgroup(), name, &daemon->sign, &error), 0, "%s",
		     error.text);
	harness_attach(daemon->sign, "{'devices': {}}");
}

bool soak_daemon_passed(struct soak_daemon *daemon)
{
	char end[32];

	if (!daemon->sign)
		make_sign(daemon);
	snprintf(end, sizeof(end), "/sign-%u\"", daemon->signs);
	if (!has_said(daemon, "\"event\":\"fenced\"", end))
		return false;
	fences_remove(daemon->sign);
	daemon->sign = NULL;
	return true;
}

static unsigned int count_descriptors(pid_t pid)
{
	unsigned int count = 0;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	cr_assert(directory, "the daemon has ended");
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static unsigned long read_rss_kb(pid_t pid)
{
	unsigned long rss_kb = 0;
	char path[64];
	char line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	cr_assert(file, "the daemon has ended");
	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %lu", &rss_kb);
	fclose(file);
	return rss_kb;
}

void soak_daemon_measure(const struct soak_daemon *daemon, struct soak_footprint *least)
{
	unsigned long rss_kb = read_rss_kb(daemon->pid);
	unsigned int descriptors = count_descriptors(daemon->pid);

	if (!least->samples || rss_kb < least->rss_kb)
		least->rss_kb = rss_kb;
	if (!least->samples || descriptors < least->descriptors)
		least->descriptors = descriptors;
	least->samples++;
}

void soak_daemon_stop(struct soak_daemon *daemon)
{
	int status;

	fences_remove(daemon->sign);
	daemon->sign = NULL;
	kill(daemon->pid, SIGTERM);
	status = children_await(daemon->pid);
	cr_expect_eq(status, 0, "the daemon ended with status %d", status);
}
