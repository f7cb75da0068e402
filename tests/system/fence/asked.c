// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What programs of others say of a device, asked of the kernel. */
#include "kernel/foreign_ask.h"
#include "foreign.h"
#include "kernel_objects.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <cgfence/foreign.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

TestSuite(asked, .init = harness_begin, .fini = harness_end);

static const struct cgfence_device_request devices[] = {
	{ BPF_DEVCG_DEV_CHAR, 1, 3, 0 },  { BPF_DEVCG_DEV_CHAR, 1, 5, 0 },
	{ BPF_DEVCG_DEV_BLOCK, 1, 5, 0 }, { BPF_DEVCG_DEV_CHAR, 10, 229, 0 },
	{ BPF_DEVCG_DEV_BLOCK, 8, 0, 0 }, { BPF_DEVCG_DEV_CHAR, 4095, 1048575, 0 },
};

/* Those of one call each: none, reading, writing, both, making. */
static const uint32_t accesses[] = {
	0,
	BPF_DEVCG_ACC_READ,
	BPF_DEVCG_ACC_WRITE,
	BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
	BPF_DEVCG_ACC_MKNOD,
};

#define QUESTION_COUNT (ARRAY_SIZE(devices) * ARRAY_SIZE(accesses))

/* Refuses @access of the type @type, minor @minor. */
struct refusal {
	uint32_t type;
	uint32_t minor;
	uint32_t access;
};

static bool refuses(const struct refusal *refusal, const struct cgfence_device_request *request)
{
	return request->type == refusal->type && request->minor == refusal->minor &&
	       request->access & refusal->access;
}

static uint32_t load_refuser(const struct refusal *refusal, int *program)
{
	const int16_t to_end = 1;
	struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_cgroup_dev_ctx, access_type) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_2 },
		{ .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = BPF_REG_3, .imm = 0xffff },
		{ .code = BPF_JMP | BPF_JNE | BPF_K,
		  .dst_reg = BPF_REG_3,
		  .imm = (int32_t)refusal->type,
		  .off = 4 + to_end },
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_3,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_cgroup_dev_ctx, minor) },
		{ .code = BPF_JMP | BPF_JNE | BPF_K,
		  .dst_reg = BPF_REG_3,
		  .imm = (int32_t)refusal->minor,
		  .off = 2 + to_end },
		{ .code = BPF_ALU64 | BPF_AND | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .imm = (int32_t)(refusal->access << 16) },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_2, .off = to_end },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	*program = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "refuser", "GPL", instructions,
				 ARRAY_SIZE(instructions), NULL);
	cr_assert_geq(*program, 0, "bpf: %s", strerror(errno));
	cr_assert_eq(bpf_obj_get_info_by_fd(*program, &info, &size), 0);
	return info.id;
}

static void make_questions(struct foreign_question questions[QUESTION_COUNT])
{
	for (size_t i = 0; i < QUESTION_COUNT; i++) {
		questions[i] = (struct foreign_question){
			.request = devices[i / ARRAY_SIZE(accesses)],
		};
		questions[i].request.access = accesses[i % ARRAY_SIZE(accesses)];
	}
}

Test(asked, the_answers_are_those_of_the_program)
{
	static const struct refusal refusals[] = {
		{ BPF_DEVCG_DEV_CHAR, 5, BPF_DEVCG_ACC_READ },
		{ BPF_DEVCG_DEV_CHAR, 5, BPF_DEVCG_ACC_WRITE },
		{ BPF_DEVCG_DEV_BLOCK, 5, BPF_DEVCG_ACC_MKNOD },
		{ BPF_DEVCG_DEV_BLOCK, 0, 7 },
		{ BPF_DEVCG_DEV_CHAR, 1048575, BPF_DEVCG_ACC_READ },
		{ BPF_DEVCG_DEV_CHAR, 77, 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct foreign_question questions[QUESTION_COUNT];
		struct cgfence_error error = { 0 };
		char text[64];
		int program;
		uint32_t id = load_refuser(&refusals[i], &program);

		make_questions(questions);
		cr_assert_eq(foreign_ask_device(id, questions, QUESTION_COUNT, &error), 0, "%s",
			     error.text);
		for (size_t j = 0; j < QUESTION_COUNT; j++) {
			const struct cgfence_device_request *request = &questions[j].request;

			cgfence_device_request_format(request, text, sizeof(text));
			cr_expect_eq(questions[j].without, 0, "%s", text);
			cr_expect_eq(questions[j].with, refuses(&refusals[i], request) ? EPERM : 0,
				     "%zu: %s: %s", i, text, strerror(questions[j].with));
		}
		close(program);
	}
}

/* An access of two kinds at once is none that the kernel asks about, so both are asked. */
Test(asked, an_access_that_no_call_has_is_asked_in_its_parts)
{
	static const struct refusal refusal = { BPF_DEVCG_DEV_CHAR, 5, BPF_DEVCG_ACC_MKNOD };
	struct foreign_question question = { .request = { BPF_DEVCG_DEV_CHAR, 1, 5, 7 } };
	int program;
	uint32_t id = load_refuser(&refusal, &program);

	cr_assert_eq(foreign_ask_device(id, &question, 1, NULL), 0);
	cr_expect_eq(question.with, EPERM);
	question.request.access = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
	cr_assert_eq(foreign_ask_device(id, &question, 1, NULL), 0);
	cr_expect_eq(question.with, 0);
	close(program);
}

Test(asked, in_whatever_way_it_is_attached)
{
	static const struct cgfence_device_request refused = { BPF_DEVCG_DEV_CHAR, 1, 5,
							       BPF_DEVCG_ACC_READ };
	static const struct cgfence_device_request allowed = { BPF_DEVCG_DEV_CHAR, 1, 3,
							       BPF_DEVCG_ACC_READ };

	for (int way = 0; way < FOREIGN_WAY_COUNT; way++) {
		struct cgfence_cgroup *cgroup =
			harness_child_cgroup(harness_cgroup(), foreign_way_names[way]);
		struct foreign foreign = foreign_attach(&foreign_hooks[FOREIGN_DEVICE], cgroup,
							(enum foreign_way)way);
		struct cgfence_foreign_program *programs = NULL;
		struct cgfence_error error = { 0 };
		size_t count = 0;
		bool answer = true;

		cr_assert_eq(cgfence_fence_list_foreign(cgroup, CGFENCE_TOPIC_DEVICES, &programs,
							&count, NULL),
			     0);
		cr_assert_eq(count, 1);
		cr_assert_eq(cgfence_foreign_ask_device(programs, &refused, &answer, &error), 0,
			     "%s: %s", foreign_way_names[way], error.text);
		cr_expect_not(answer, "%s", foreign_way_names[way]);
		cr_assert_eq(cgfence_foreign_ask_device(programs, &allowed, &answer, NULL), 0);
		cr_expect(answer, "%s", foreign_way_names[way]);
		/* It is where it was. */
		cr_expect(foreign_is_asked(&foreign, cgroup));
		free(programs);
		foreign_detach(&foreign);
		foreign_close(&foreign);
	}
}

/* Other tests may ask at the same time, each on a cgroup of its thread. */
static bool has_scratch_cgroup(void)
{
	struct cgfence_cgroup *root = NULL;
	char name[64];
	bool exists;

	snprintf(name, sizeof(name), "cgfence-scratch-%d-0", gettid());
	cr_assert_eq(cgfence_cgroup_open("/", &root, NULL), 0);
	exists = faccessat(cgfence_cgroup_fd(root), name, F_OK, 0) == 0;
	cgfence_cgroup_close(root);
	return exists;
}

/* The kernel frees a program after a grace period. */
static bool is_freed_soon(uint32_t program)
{
	for (int i = 0; i < 1000; i++) {
		int fd = bpf_prog_get_fd_by_id(program);

		if (fd < 0)
			return errno == ENOENT;
		close(fd);
		usleep(10000);
	}
	return false;
}

Test(asked, nothing_is_left_behind)
{
	static const struct refusal refusal = { BPF_DEVCG_DEV_CHAR, 5, 7 };
	struct foreign_question question = { .request = { BPF_DEVCG_DEV_CHAR, 1, 5, 1 } };
	int program;
	uint32_t id = load_refuser(&refusal, &program);
	unsigned int descriptors = kernel_objects_descriptors();

	for (int i = 0; i < 10; i++)
		cr_assert_eq(foreign_ask_device(id, &question, 1, NULL), 0);
	cr_expect_eq(kernel_objects_descriptors(), descriptors);
	cr_expect_not(has_scratch_cgroup());
	close(program);
	/* Neither a link nor a cgroup holds it. */
	cr_expect(is_freed_soon(id));
}

Test(asked, a_program_that_is_gone_is_named)
{
	struct foreign_question question = { .request = { BPF_DEVCG_DEV_CHAR, 1, 5, 1 } };
	struct cgfence_error error = { 0 };

	cr_expect_eq(foreign_ask_device(0x7fffffff, &question, 1, &error), -ENOENT);
	cr_expect_not_null(strstr(error.text, "open the program 2147483647"), "%s", error.text);
}
