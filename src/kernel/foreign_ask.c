// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/foreign_ask.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/foreign_child.h"

#include <cgfence/foreign.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define NODE_NAME_SIZE 17

/* Shared with the child. */
struct asking {
	struct foreign_child child;
	size_t count;
	struct foreign_question questions[];
};

/* Without snprintf(3): other threads of the caller do not exist in the child, and may have held its locks. */
static void name_node(size_t index, char name[NODE_NAME_SIZE])
{
	for (int i = NODE_NAME_SIZE - 2; i >= 0; i--) {
		name[i] = "0123456789abcdef"[index & 15];
		index >>= 4;
	}
	name[NODE_NAME_SIZE - 1] = '\0';
}

static int make_node(int directory, const char *name, const struct cgfence_device_request *request)
{
	mode_t type = request->type == BPF_DEVCG_DEV_BLOCK ? S_IFBLK : S_IFCHR;

	return mknodat(directory, name, type | 0600, makedev(request->major, request->minor)) < 0
		       ? errno
		       : 0;
}

/* access(F_OK) asks too, for no access. */
static int try_access(int directory, const char *name, uint32_t access)
{
	int mode = (access & BPF_DEVCG_ACC_READ ? R_OK : 0) |
		   (access & BPF_DEVCG_ACC_WRITE ? W_OK : 0);

	return faccessat(directory, name, mode, 0) < 0 ? errno : 0;
}

static int try_mknod(int directory, const struct cgfence_device_request *request)
{
	int code = make_node(directory, "made", request);

	if (code == 0)
		unlinkat(directory, "made", 0);
	return code;
}

static int try_request(int directory, size_t index, const struct cgfence_device_request *request)
{
	char name[NODE_NAME_SIZE];
	int code = 0;

	name_node(index, name);
	if (request->access != BPF_DEVCG_ACC_MKNOD)
		code = try_access(directory, name, request->access);
	if (code == 0 && request->access & BPF_DEVCG_ACC_MKNOD)
		code = try_mknod(directory, request);
	return code;
}

/* A mount that no mount namespace shows, and that ends with its descriptor. Return: the descriptor or -errno. */
static int mount_nodes(void)
{
	cleanup_close int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int mounted;

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mounted = fsmount(context, FSMOUNT_CLOEXEC, 0);
	return mounted < 0 ? -errno : mounted;
}

/* Questions about a device follow one another, and the node of the first serves them all. */
static bool is_of_same_device(const struct foreign_question *questions, size_t index)
{
	const struct cgfence_device_request *request = &questions[index].request;
	const struct cgfence_device_request *before;

	if (!index)
		return false;
	before = &questions[index - 1].request;
	return before->type == request->type && before->major == request->major &&
	       before->minor == request->minor;
}

static void ask_without(struct asking *asking, int directory)
{
	size_t node = 0;
	int missing = 0;

	for (size_t i = 0; i < asking->count; i++) {
		struct foreign_question *question = &asking->questions[i];
		char name[NODE_NAME_SIZE];

		if (!is_of_same_device(asking->questions, i)) {
			node = i;
			name_node(node, name);
			missing = make_node(directory, name, &question->request);
		}
		question->without = missing ? missing
					    : try_request(directory, node, &question->request);
	}
}

static void ask_with(struct asking *asking, int directory)
{
	size_t node = 0;

	for (size_t i = 0; i < asking->count; i++) {
		struct foreign_question *question = &asking->questions[i];

		if (!is_of_same_device(asking->questions, i))
			node = i;
		question->with = question->without
					 ? question->without
					 : try_request(directory, node, &question->request);
	}
}

/* Return: 0 or errno, as an exit status. */
static int ask(void *context)
{
	struct asking *asking = context;
	int directory = mount_nodes();
	int code;

	if (directory < 0)
		return -directory;
	ask_without(asking, directory);
	code = foreign_child_attach(&asking->child);
	if (code == 0)
		ask_with(asking, directory);
	return code;
}

int foreign_ask_device(uint32_t program, struct foreign_question *questions, size_t count,
		       struct cgfence_error *error)
{
	size_t size = sizeof(struct asking) + count * sizeof(*questions);
	struct asking *asking = foreign_child_new(size);
	int result;

	if (!asking)
		return error_out_of_memory(error);
	asking->child.attach_type = BPF_CGROUP_DEVICE;
	asking->count = count;
	memcpy(asking->questions, questions, count * sizeof(*questions));
	result = foreign_child_run(&asking->child, program, ask,
				   "mount a file system of its own for device nodes", error);
	if (result == 0)
		memcpy(questions, asking->questions, count * sizeof(*questions));
	foreign_child_free(asking, size);
	return result;
}

int cgfence_foreign_ask_device(const struct cgfence_foreign_program *program,
			       const struct cgfence_device_request *request, bool *allowed,
			       struct cgfence_error *error)
{
	struct foreign_question question = { .request = *request };
	int result = foreign_ask_device(program->id, &question, 1, error);

	if (result)
		return result;
	if (question.without)
		return error_set(
			error, question.without,
			"it cannot be told apart, since the same is refused on a cgroup without it (%s)",
			strerror(question.without));
	*allowed = question.with == 0;
	return 0;
}
