// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that do not list their devices one by one: what decides is a map, or a range. */
#include "support/harness.h"
#include "support/whitelist.h"

#include <bpf/bpf.h>
#include <cgfence/adopt.h>
#include <cgfence/foreign.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

TestSuite(adopt_maps, .init = harness_begin, .fini = harness_end);

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define ALL "{'devices': {'allow': ['a *:* rwm']}}"

#define MINOR offsetof(struct bpf_cgroup_dev_ctx, minor)
#define MAJOR offsetof(struct bpf_cgroup_dev_ctx, major)

/* The arguments are those of struct bpf_insn: code, destination, source, offset, number. */
#define STEP(...) ((struct bpf_insn){ __VA_ARGS__ })
#define LOAD(to, from, at) STEP(BPF_LDX | BPF_MEM | BPF_W, to, from, at, 0)
#define STORE(at, from) STEP(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, from, at, 0)
#define COPY(to, from) STEP(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define NUMBER(to, number) STEP(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number)
#define ADD(to, number) STEP(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, number)
#define SUBTRACT(to, number) STEP(BPF_ALU | BPF_SUB | BPF_K, to, 0, 0, number)
#define SKIP_IF(operation, reg, number, skipped) \
	STEP(BPF_JMP | (operation) | BPF_K, reg, 0, skipped, number)
#define MAP(to, fd) \
	STEP(BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_FD, 0, fd), STEP(0, 0, 0, 0, 0)
#define CALL(function) STEP(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define RETURN STEP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* The map has the devices that are refused; the stack below its end has the key, major and minor. */
static size_t write_by_map(int map, struct bpf_insn *code)
{
	const struct bpf_insn written[] = {
		LOAD(BPF_REG_2, BPF_REG_1, MINOR),
		LOAD(BPF_REG_3, BPF_REG_1, MAJOR),
		STORE(-8, BPF_REG_3),
		STORE(-4, BPF_REG_2),
		COPY(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, -8),
		MAP(BPF_REG_1, map),
		CALL(BPF_FUNC_map_lookup_elem),
		SKIP_IF(BPF_JEQ, BPF_REG_0, 0, 2),
		NUMBER(BPF_REG_0, 0),
		RETURN,
		NUMBER(BPF_REG_0, 1),
		RETURN,
	};

	memcpy(code, written, sizeof(written));
	return ARRAY_SIZE(written);
}

/* The same, but the map has minors alone. */
static size_t write_by_minor(int map, struct bpf_insn *code)
{
	const struct bpf_insn written[] = {
		LOAD(BPF_REG_2, BPF_REG_1, MINOR),
		LOAD(BPF_REG_3, BPF_REG_1, MAJOR),
		SKIP_IF(BPF_JNE, BPF_REG_3, 300, 9),
		STORE(-8, BPF_REG_2),
		COPY(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, -8),
		MAP(BPF_REG_1, map),
		CALL(BPF_FUNC_map_lookup_elem),
		SKIP_IF(BPF_JEQ, BPF_REG_0, 0, 2),
		NUMBER(BPF_REG_0, 0),
		RETURN,
		NUMBER(BPF_REG_0, 1),
		RETURN,
	};

	memcpy(code, written, sizeof(written));
	return ARRAY_SIZE(written);
}

/* As compilers write major == 300 && minor >= 100 && minor <= 200. */
static size_t write_range(int map, struct bpf_insn *code)
{
	const struct bpf_insn written[] = {
		LOAD(BPF_REG_2, BPF_REG_1, MINOR),
		LOAD(BPF_REG_3, BPF_REG_1, MAJOR),
		SKIP_IF(BPF_JNE, BPF_REG_3, 300, 4),
		SUBTRACT(BPF_REG_2, 100),
		SKIP_IF(BPF_JGT, BPF_REG_2, 100, 2),
		NUMBER(BPF_REG_0, 0),
		RETURN,
		NUMBER(BPF_REG_0, 1),
		RETURN,
	};

	(void)map;
	memcpy(code, written, sizeof(written));
	return ARRAY_SIZE(written);
}

static size_t write_storage(int map, struct bpf_insn *code)
{
	const struct bpf_insn written[] = {
		MAP(BPF_REG_1, map),
		NUMBER(BPF_REG_2, 0),
		CALL(BPF_FUNC_get_local_storage),
		NUMBER(BPF_REG_0, 1),
		RETURN,
	};

	memcpy(code, written, sizeof(written));
	return ARRAY_SIZE(written);
}

static size_t write_queue(int map, struct bpf_insn *code)
{
	const struct bpf_insn written[] = {
		COPY(BPF_REG_2, BPF_REG_10),  ADD(BPF_REG_2, -8),   MAP(BPF_REG_1, map),
		CALL(BPF_FUNC_map_peek_elem), NUMBER(BPF_REG_0, 1), RETURN,
	};

	memcpy(code, written, sizeof(written));
	return ARRAY_SIZE(written);
}

/* @key: what is put into the map; NULL for nothing */
static int make_map(enum bpf_map_type type, uint32_t key_size, const uint32_t *key)
{
	uint64_t value = 1;
	bool has_entries = type != BPF_MAP_TYPE_CGROUP_STORAGE;
	int map = bpf_map_create(type, "test_map", key_size, sizeof(value), has_entries ? 64 : 0,
				 NULL);

	cr_assert_geq(map, 0, "map: %s", strerror(errno));
	if (key)
		cr_assert_eq(bpf_map_update_elem(map, key, &value, BPF_ANY), 0);
	return map;
}

static struct whitelist put(size_t (*write)(int map, struct bpf_insn *code), int map)
{
	struct whitelist whitelist = { .program = -1 };
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	struct bpf_insn code[32];
	size_t count = write(map, code);

	whitelist.program =
		bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "mapped", "GPL", code, count, NULL);
	cr_assert_geq(whitelist.program, 0, "program: %s", strerror(errno));
	cr_assert_eq(bpf_obj_get_info_by_fd(whitelist.program, &info, &size), 0);
	whitelist.id = info.id;
	whitelist_attach(&whitelist, harness_cgroup(), BPF_F_ALLOW_MULTI);
	return whitelist;
}

static void expect_refused(struct whitelist *whitelist, int code, const char *reason)
{
	struct cgfence_policy *policy = harness_policy(ALL);
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	cr_expect_eq(cgfence_fence_adopt(harness_cgroup(), policy, &taken, &error), -code, "%s: %d",
		     reason, code);
	cr_expect_not_null(strstr(error.text, reason), "'%s' lacks '%s'", error.text, reason);
	cr_assert_eq(whitelist_query(harness_cgroup()).count, 1);
	cr_expect_eq(whitelist_query(harness_cgroup()).ids[0], whitelist->id);
	cr_assert_eq(whitelist_take(whitelist), 0);
	whitelist_close(whitelist);
	cgfence_policy_free(policy);
}

Test(adopt_maps, devices_that_a_map_names_are_asked_about)
{
	static const uint32_t device[] = { 300, 150 };
	int map = make_map(BPF_MAP_TYPE_HASH, sizeof(device), device);
	struct whitelist whitelist = put(write_by_map, map);

	cr_expect_eq(harness_open(harness_cgroup(), "c 300:150", O_RDONLY), EPERM);
	expect_refused(&whitelist, EPERM, "300:150, which program");
	close(map);
}

Test(adopt_maps, a_map_may_name_the_minors_of_a_major_in_the_code)
{
	static const uint32_t minor = 150;
	int map = make_map(BPF_MAP_TYPE_HASH, sizeof(minor), &minor);
	struct whitelist whitelist = put(write_by_minor, map);

	expect_refused(&whitelist, EPERM, "300:150, which program");
	close(map);
}

Test(adopt_maps, ranges_are_asked_about)
{
	struct whitelist whitelist = put(write_range, -1);

	expect_refused(&whitelist, EPERM, "300:100, which program");
}

/* What such a program says on the cgroup on which it is asked tells nothing of where it is attached. */
Test(adopt_maps, what_keeps_something_for_each_cgroup_is_not_asked)
{
	static const struct cgfence_device_request request = { BPF_DEVCG_DEV_CHAR, 1, 3, 6 };
	int map =
		make_map(BPF_MAP_TYPE_CGROUP_STORAGE, sizeof(struct bpf_cgroup_storage_key), NULL);
	struct whitelist whitelist = put(write_storage, map);
	struct cgfence_foreign_program program = { .id = whitelist.id };
	struct cgfence_error error = { 0 };
	bool allowed = false;

	cr_expect_eq(cgfence_foreign_ask_device(&program, &request, &allowed, &error), -ENOTSUP);
	cr_expect_not_null(strstr(error.text, "keeps something for each cgroup"), "%s", error.text);
	expect_refused(&whitelist, ENOTSUP, "'mapped' cannot be asked: it keeps something");
	close(map);
}

Test(adopt_maps, what_cannot_be_listed_is_told)
{
	int map = make_map(BPF_MAP_TYPE_QUEUE, 0, NULL);
	struct whitelist whitelist = put(write_queue, map);

	expect_refused(&whitelist, EPERM, "nobody can list what is in the map");
	close(map);
}
