// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Random ordered lists, given to the real runc, crun and v1 controller and imported. All that the kernel refuses under theirs
 * it refuses under the policy, and each further refusal is reported. CGFENCE_TEST_LISTS is the number of lists,
 * CGFENCE_TEST_SEED makes others.
 */
#include "box.h"
#include "support/children.h"
#include "support/harness.h"
#include "support/random_list.h"

#include <cgfence/import.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Of the v1 controller, whose cgroups no mount namespace takes away. */
static char v1_cgroup[512];

static void end_test(void)
{
	if (*v1_cgroup)
		rmdir(v1_cgroup);
	harness_end();
}

TestSuite(import_oracle, .init = box_begin, .fini = end_test);

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Those that lists name, one that they do not, and some that all versions of the runtimes allow by themselves. */
static const unsigned int devices[][2] = {
	{ 20, 0 }, { 20, 1 }, { 20, 2 }, { 20, 3 }, { 20, 9 },	{ 21, 0 },   { 21, 1 },
	{ 21, 2 }, { 21, 3 }, { 21, 9 }, { 22, 0 }, { 22, 1 },	{ 22, 2 },   { 22, 3 },
	{ 22, 9 }, { 1, 3 },  { 1, 7 },	 { 5, 1 },  { 136, 0 }, { 10, 237 },
};
#define DEVICES ARRAY_SIZE(devices)
#define VERDICTS (2 * DEVICES * 4)
static const int modes[] = { R_OK, W_OK, R_OK | W_OK };

struct round {
	struct random_list list;
	char procs[640]; /* the cgroup.procs that the list is in force for */
	bool real[VERDICTS];
	bool policy[VERDICTS];
};

struct imported {
	int result;
	char *text;
	char remarks[8192];
	struct cgfence_error error;
};

typedef bool enforce(struct round *round);

/* ---- asking the kernel ---- */

static mode_t type_of(size_t verdict)
{
	return verdict / 4 / DEVICES ? S_IFBLK : S_IFCHR;
}

static dev_t number_of(size_t verdict)
{
	const unsigned int *device = devices[verdict / 4 % DEVICES];

	return makedev(device[0], device[1]);
}

static void format_node(size_t verdict, char *path, size_t size)
{
	snprintf(path, size, "%s/node%zu", harness_directory(), verdict / 4);
}

static void make_nodes(void)
{
	for (size_t i = 0; i < VERDICTS; i += 4) {
		char path[256];

		format_node(i, path, sizeof(path));
		cr_assert_eq(mknod(path, type_of(i) | 0666, number_of(i)), 0, "%s",
			     strerror(errno));
	}
}

/* Only EPERM is the kernel's word about devices. */
static bool is_allowed(size_t verdict)
{
	char path[256];
	int result;

	if (verdict % 4 < 3) {
		format_node(verdict, path, sizeof(path));
		result = access(path, modes[verdict % 4]);
	} else {
		snprintf(path, sizeof(path), "%s/made", harness_directory());
		result = mknod(path, type_of(verdict) | 0600, number_of(verdict));
		if (result == 0)
			unlink(path);
	}
	return result == 0 || errno != EPERM;
}

struct asking {
	const char *procs;
	bool verdicts[VERDICTS];
};

static int ask(struct asking *asking)
{
	int procs = open(asking->procs, O_WRONLY | O_CLOEXEC);

	if (procs < 0 || write(procs, "0", 1) != 1)
		return errno;
	for (size_t i = 0; i < VERDICTS; i++)
		asking->verdicts[i] = is_allowed(i);
	return 0;
}

static void ask_kernel(struct asking *asking, const char *procs, bool verdicts[VERDICTS])
{
	pid_t child;
	int result;

	asking->procs = procs;
	child = harness_fork();
	if (child == 0)
		_exit(ask(asking));
	result = children_await(child);
	cr_assert_eq(result, 0, "%s: %s", procs, strerror(result));
	memcpy(verdicts, asking->verdicts, sizeof(asking->verdicts));
}

/* ---- what was imported ---- */

static void add_remark(const char *text, void *context)
{
	struct imported *imported = context;
	size_t used = strlen(imported->remarks);

	snprintf(imported->remarks + used, sizeof(imported->remarks) - used, "%s\n", text);
}

static void import_list(const char *dialect, const char *text, struct imported *imported)
{
	const struct cgfence_import_source source = { "f", text, strlen(text) };

	*imported = (struct imported){ 0 };
	imported->result = cgfence_import(dialect, NULL, &source, 1, add_remark, imported,
					  &imported->text, &imported->error);
}

static void format_request(size_t verdict, char *text, size_t size)
{
	static const char *const words[] = { "r", "w", "rw", "m" };
	const unsigned int *device = devices[verdict / 4 % DEVICES];

	snprintf(text, size, "%c %u:%u %s", type_of(verdict) == S_IFBLK ? 'b' : 'c', device[0],
		 device[1], words[verdict % 4]);
}

/* Return: does the policy allow less? */
static bool compare(const struct round *round, const struct imported *imported, const char *text)
{
	bool less = false;
	char request[32];

	for (size_t i = 0; i < VERDICTS; i++) {
		format_request(i, request, sizeof(request));
		cr_assert(round->real[i] || !round->policy[i], "%s is too much: %s\n%s\n%s",
			  request, text, imported->text, imported->remarks);
		less |= round->real[i] != round->policy[i];
		cr_assert(round->real[i] == round->policy[i] ||
				  strstr(imported->remarks, "allows less") ||
				  strstr(imported->remarks, "allows nothing"),
			  "%s is lost without a word: %s\n%s\n%s", request, text, imported->text,
			  imported->remarks);
	}
	return less;
}

/* ---- rounds ---- */

static unsigned long number_from(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static struct random_list next_list(uint64_t *state)
{
	struct random_list list = random_list(state);

	/* Some do not begin with a rule for everything. */
	if (list.count > 1 && random_below(state, 3) == 0)
		memmove(list.items, list.items + 1, --list.count * sizeof(*list.items));
	return list;
}

static void compare_lists(const char *dialect, unsigned long lists, enforce *enforce_list,
			  void (*end)(void))
{
	struct cgfence_cgroup *fenced = harness_child_cgroup(harness_cgroup(), "fenced");
	struct asking *asking = harness_share(sizeof(*asking));
	uint64_t state = number_from("CGFENCE_TEST_SEED", 3);
	char fenced_procs[512];
	unsigned long refused = 0;
	unsigned long less = 0;

	snprintf(fenced_procs, sizeof(fenced_procs), "/sys/fs/cgroup%s/cgroup.procs",
		 cgfence_cgroup_path(fenced));
	make_nodes();
	lists = number_from("CGFENCE_TEST_LISTS", lists);
	for (unsigned long i = 0; i < lists; i++) {
		struct round round = { .list = next_list(&state) };
		char *text = random_list_text(&round.list, dialect);
		struct imported imported;
		bool taken = enforce_list(&round);

		import_list(dialect, text, &imported);
		cr_assert_eq(imported.result == 0, taken, "%s: %s", text, imported.error.text);
		if (taken) {
			ask_kernel(asking, round.procs, round.real);
			end();
			harness_attach(fenced, imported.text);
			ask_kernel(asking, fenced_procs, round.policy);
			less += compare(&round, &imported, text);
		}
		/* The policy and the v1 controller can say the same. */
		cr_assert(strcmp(dialect, "cgroup1") != 0 ||
				  !strstr(imported.remarks, "allows less"),
			  "%s: %s", text, imported.remarks);
		refused += !taken;
		free(imported.text);
		free(text);
	}
	fprintf(stderr, "%s: %lu lists, %lu refused, %lu of which the policy allows less\n",
		dialect, lists, refused, less);
	cr_expect_gt(lists - refused, less);
}

/* ---- runtimes ---- */

static const char *runtime;

static void set_rules(json_t *config, const void *text)
{
	json_t *list = json_loads(text, 0, NULL);

	json_object_set(
		json_object_get(json_object_get(config, "linux"), "resources"), "devices",
		json_object_get(json_object_get(json_object_get(list, "linux"), "resources"),
				"devices"));
	json_decref(list);
}

/* crun wants no limit of locked memory, and ends where it may not have that; kernels since 5.11 do without. */
static struct program_result run_runtime(const char *const *words)
{
	const struct program_options options = {
		.by_words = true,
		.failing_call = strcmp(runtime, "crun") == 0 ? SYS_prlimit64 : 0,
	};

	return program_run(&options, words);
}

/* The container is made and not started: its program is attached then. */
static bool create_container(struct round *round)
{
	char *text = random_list_text(&round->list, "runc");
	struct program_result result;

	box_edit(set_rules, text);
	free(text);
	result = run_runtime(WORDS(runtime, "--root", box_states(), "create", "--bundle",
				   box_file("bundle"), "box"));
	if (result.status && !strstr(result.errors, "not supported by devices cgroupv1"))
		cr_assert_fail("%s", result.errors);
	snprintf(round->procs, sizeof(round->procs), "/sys/fs/cgroup%s/cgroup.procs", box_name());
	return result.status == 0;
}

static void delete_container(void)
{
	assert_status(
		run_runtime(WORDS(runtime, "--root", box_states(), "delete", "--force", "box")), 0);
}

static void compare_runtime(const char *name, unsigned long lists)
{
	struct program_result result;

	box_make_bundle();
	runtime = name;
	result = run_runtime(WORDS(name, "--version"));
	if (result.status)
		harness_skip("the runtime is not installed");
	compare_lists(name, lists, create_container, delete_container);
}

Test(import_oracle, runc)
{
	compare_runtime("runc", 8);
}

Test(import_oracle, crun)
{
	compare_runtime("crun", 25);
}

/* ---- the v1 controller ---- */

static void write_to(const char *directory, const char *file, const char *text)
{
	char path[640];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text), "'%s': %s", text,
		     strerror(errno));
	close(fd);
}

/* A cgroup is as that above it at first, which allows everything. */
static bool write_rules(struct round *round)
{
	cr_assert_eq(mkdir(v1_cgroup, 0700), 0, "%s", strerror(errno));
	for (size_t i = 0; i < round->list.count; i++) {
		char line[64];

		random_list_line(&round->list, i, line, sizeof(line));
		write_to(v1_cgroup, round->list.items[i].deny ? "devices.deny" : "devices.allow",
			 line);
	}
	snprintf(round->procs, sizeof(round->procs), "%s/cgroup.procs", v1_cgroup);
	return true;
}

static void remove_cgroup(void)
{
	cr_assert_eq(rmdir(v1_cgroup), 0, "%s", strerror(errno));
}

Test(import_oracle, cgroup1)
{
	char directory[256];

	snprintf(directory, sizeof(directory), "%s/v1", harness_directory());
	cr_assert_eq(mkdir(directory, 0700), 0);
	if (mount("none", directory, "cgroup", 0, "devices") < 0)
		cr_skip("the v1 devices controller cannot be mounted: %s", strerror(errno));
	snprintf(v1_cgroup, sizeof(v1_cgroup), "%s/cgfence-oracle-%d", directory, getpid());
	compare_lists("cgroup1", 200, write_rules, remove_cgroup);
	umount2(directory, MNT_DETACH);
}
