// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "foreign.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const foreign_way_names[FOREIGN_WAY_COUNT] = { "none", "override", "multi", "link" };

/* An unused protocol, for a raw socket. */
#define RAW_PROTOCOL 200

const struct foreign_hook foreign_hooks[FOREIGN_HOOK_COUNT] = {
	[FOREIGN_DEVICE] = { "device", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE,
			     offsetof(struct bpf_cgroup_dev_ctx, minor), 5, "c 1:5" },
	[FOREIGN_BIND4] = { "bind4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND,
			    offsetof(struct bpf_sock_addr, user_port), 8081, "tcp 127.0.0.1 8081" },
	{ "bind6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND,
	  offsetof(struct bpf_sock_addr, user_port), 8081, "tcp ::1 8081" },
	{ "post_bind4", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND,
	  offsetof(struct bpf_sock, src_port), 8081, "tcp 127.0.0.1 8081" },
	{ "post_bind6", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET6_POST_BIND,
	  offsetof(struct bpf_sock, src_port), 8081, "tcp ::1 8081" },
	{ "sock_create", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
	  offsetof(struct bpf_sock, protocol), RAW_PROTOCOL, NULL },
	[FOREIGN_SOCKOPS] = { "sockops", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS, 0, 0,
			      "tcp 127.0.0.1 8081" },
};

const char *foreign_policy(const struct foreign_hook *hook)
{
	return hook->attach_type == BPF_CGROUP_DEVICE ? FOREIGN_POLICY_DEVICES
						      : FOREIGN_POLICY_PORTS;
}

/* return ctx->field != value; */
static int load_refuser(const struct foreign_hook *hook)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = hook->attach_type);
	bool is_bind = hook->type == BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
	struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = (int16_t)hook->field },
		{ .code = BPF_JMP | BPF_JNE | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .off = 1,
		  .imm = is_bind ? htons((uint16_t)hook->value) : (int32_t)hook->value },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	/* Kernels before 5.17 know no attach type of device programs. */
	if (hook->type == BPF_PROG_TYPE_CGROUP_DEVICE)
		options.expected_attach_type = 0;
	return bpf_prog_load(hook->type, "foreign", "GPL", program,
			     sizeof(program) / sizeof(program[0]), &options);
}

/* Adds one to the value of a map; return 1. */
static int load_counter(const struct foreign_hook *hook, int map)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_VALUE,
		  .imm = map },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_2,
		  .imm = BPF_ADD },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(hook->type, "foreign", "GPL", program,
			     sizeof(program) / sizeof(program[0]), NULL);
}

static uint32_t read_id(int program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	cr_assert_eq(bpf_obj_get_info_by_fd(program, &info, &size), 0);
	return info.id;
}

struct foreign foreign_load(const struct foreign_hook *hook)
{
	struct foreign foreign = { .hook = hook, .link = -1, .calls = -1 };

	if (hook->type == BPF_PROG_TYPE_SOCK_OPS) {
		foreign.calls = bpf_map_create(BPF_MAP_TYPE_ARRAY, "calls", sizeof(uint32_t),
					       sizeof(uint64_t), 1, NULL);
		foreign.program = load_counter(hook, foreign.calls);
	} else {
		foreign.program = load_refuser(hook);
	}
	cr_assert_geq(foreign.program, 0, "bpf_prog_load %s: %s", hook->name, strerror(errno));
	foreign.id = read_id(foreign.program);
	return foreign;
}

int foreign_try_attach(struct foreign *foreign, const struct cgfence_cgroup *cgroup,
		       enum foreign_way way)
{
	static const unsigned int flags[] = {
		[FOREIGN_OVERRIDE] = BPF_F_ALLOW_OVERRIDE,
		[FOREIGN_MULTI] = BPF_F_ALLOW_MULTI,
	};
	int fd = cgfence_cgroup_fd(cgroup);

	foreign->cgroup = cgroup;
	foreign->way = way;
	if (way != FOREIGN_LINK)
		return bpf_prog_attach(foreign->program, fd, foreign->hook->attach_type,
				       flags[way]) < 0
			       ? errno
			       : 0;
	foreign->link = bpf_link_create(foreign->program, fd, foreign->hook->attach_type, NULL);
	return foreign->link < 0 ? errno : 0;
}

struct foreign foreign_attach(const struct foreign_hook *hook, const struct cgfence_cgroup *cgroup,
			      enum foreign_way way)
{
	struct foreign foreign = foreign_load(hook);
	int code = foreign_try_attach(&foreign, cgroup, way);

	cr_assert_eq(code, 0, "%s, %s: %s", hook->name, foreign_way_names[way], strerror(code));
	return foreign;
}

int foreign_detach(struct foreign *foreign)
{
	int result;

	if (foreign->way == FOREIGN_LINK)
		result = bpf_link_detach(foreign->link);
	else
		result = bpf_prog_detach2(foreign->program, cgfence_cgroup_fd(foreign->cgroup),
					  foreign->hook->attach_type);
	return result < 0 ? errno : 0;
}

void foreign_close(struct foreign *foreign)
{
	close(foreign->program);
	if (foreign->link >= 0)
		close(foreign->link);
	if (foreign->calls >= 0)
		close(foreign->calls);
}

static int make_raw(void *argument)
{
	(void)argument;
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, RAW_PROTOCOL) < 0 ? errno : 0;
}

static uint64_t read_calls(const struct foreign *foreign)
{
	uint64_t calls = 0;
	uint32_t zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(foreign->calls, &zero, &calls), 0);
	return calls;
}

bool foreign_is_asked(const struct foreign *foreign, const struct cgfence_cgroup *cgroup)
{
	uint64_t before;
	int result;

	switch (foreign->hook->attach_type) {
	case BPF_CGROUP_DEVICE:
		result = harness_open(cgroup, foreign->hook->refused, O_RDONLY);
		break;
	case BPF_CGROUP_INET_SOCK_CREATE:
		result = harness_in_cgroup(cgroup, make_raw, NULL);
		break;
	case BPF_CGROUP_SOCK_OPS:
		before = read_calls(foreign);
		cr_expect_eq(sockets_listen(cgroup, foreign->hook->refused), 0);
		return read_calls(foreign) > before;
	default:
		result = sockets_bind_alone(cgroup, foreign->hook->refused);
	}
	cr_expect(result == 0 || result == EPERM, "%s: %d", foreign->hook->name, result);
	return result == EPERM;
}

bool foreign_fence_refuses(const struct foreign_hook *hook, const struct cgfence_cgroup *cgroup)
{
	if (hook->attach_type == BPF_CGROUP_DEVICE)
		return harness_open(cgroup, "c 1:9", O_RDONLY) == EPERM &&
		       harness_open(cgroup, "c 1:3", O_RDWR) == 0;
	return sockets_bind(cgroup, "tcp 127.0.0.1 8083") == EPERM &&
	       sockets_bind(cgroup, "tcp ::1 8083") == EPERM &&
	       sockets_bind(cgroup, "tcp 127.0.0.1 8080") == 0;
}

struct foreign_list foreign_query(const struct foreign_hook *hook,
				  const struct cgfence_cgroup *cgroup)
{
	struct foreign_list list = { .count = 64 };

	cr_assert_eq(bpf_prog_query(cgfence_cgroup_fd(cgroup), hook->attach_type, 0, &list.flags,
				    list.ids, &list.count),
		     0, "%s: %s", hook->name, strerror(errno));
	return list;
}
