// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/flight.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/error.h"
#include "kernel/kernel_btf.h"
#include "kernel/quiet.h"
#include "kernel/refusal.h"
#include "kernel/trial.h"
#include "flight.skel.h"

#include <bpf/bpf.h>

struct flight {
	struct flight_bpf *skeleton;
};

int flight_new(struct flight **flight, struct cgfence_error *error)
{
	QUIET_LIBBPF;
	char types[KERNEL_BTF_PATH_SIZE];
	cleanup_close int types_file = kernel_btf_open(types);
	LIBBPF_OPTS(bpf_object_open_opts, options,
		    .btf_custom_path = types_file < 0 ? NULL : types);
	struct flight *made = calloc(1, sizeof(*made));
	int code;

	if (!made)
		return error_out_of_memory(error);
	made->skeleton = flight_bpf__open_opts(&options);
	if (!made->skeleton || flight_bpf__load(made->skeleton)) {
		code = errno;
		flight_free(made);
		refusal_note(TRIAL_IN_FLIGHT, -code);
		return kernel_error(error, code,
				    "load the programs that look into unix sockets and io_uring");
	}
	*flight = made;
	return 0;
}

void flight_free(struct flight *flight)
{
	if (!flight)
		return;
	flight_bpf__destroy(flight->skeleton);
	free(flight);
}

static const struct bpf_program *program_of(const struct flight *flight,
					    enum cgfence_carrier carrier)
{
	switch (carrier) {
	case CGFENCE_CARRIER_UNIX:
		return flight->skeleton->progs.look_unix;
	case CGFENCE_CARRIER_BUNCH:
		return flight->skeleton->progs.look_bunch;
	case CGFENCE_CARRIER_TASK:
		return flight->skeleton->progs.look_task;
	case CGFENCE_CARRIER_RING_TREE:
		return flight->skeleton->progs.look_ring_tree;
	case CGFENCE_CARRIER_FILES:
		return flight->skeleton->progs.look_files;
	case CGFENCE_CARRIER_SHARERS:
		return flight->skeleton->progs.look_sharers;
	default:
		return flight->skeleton->progs.look_requests;
	}
}

int flight_ask_kernel(enum cgfence_carrier carrier, struct cgfence_look *look, void *context)
{
	struct flight *flight = context;
	LIBBPF_OPTS(bpf_test_run_opts, options);

	/* The programs read and write this memory, which is mapped. */
	flight->skeleton->bss->cgfence_look = *look;
	if (bpf_prog_test_run_opts(bpf_program__fd(program_of(flight, carrier)), &options))
		return -errno;
	*look = flight->skeleton->bss->cgfence_look;
	return 0;
}
