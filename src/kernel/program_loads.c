// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/program_loads.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* A page with the positions, and one for the records. What finds no room there is told all the same, as lost. */
#define DATA_PAGES 1

struct cpu_loads {
	int fd;
	struct perf_event_mmap_page *pages;
};

struct program_loads {
	int epoll;
	size_t page_size;
	size_t count;
	struct cpu_loads cpus[];
};

static size_t mapping_size(const struct program_loads *loads)
{
	return (1 + DATA_PAGES) * loads->page_size;
}

void program_loads_close(struct program_loads *loads)
{
	if (!loads)
		return;
	for (size_t i = 0; i < loads->count; i++) {
		munmap(loads->cpus[i].pages, mapping_size(loads));
		close(loads->cpus[i].fd);
	}
	cleanup_close_descriptor(&loads->epoll);
	free(loads);
}

static void cleanup_close_loads(struct program_loads **loads)
{
	program_loads_close(*loads);
}

/* Return: a descriptor, -ENODEV if the processor is off, another -errno. */
static int open_event(int cpu)
{
	struct perf_event_attr attributes = {
		.size = sizeof(attributes),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.bpf_event = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int add_cpu(struct program_loads *loads, int cpu)
{
	struct epoll_event wanted = { .events = EPOLLIN };
	cleanup_close int fd = open_event(cpu);
	void *pages;

	if (fd < 0)
		return fd == -ENODEV ? 0 : fd;
	pages = mmap(NULL, mapping_size(loads), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		return -errno;
	loads->cpus[loads->count++] =
		(struct cpu_loads){ .fd = cleanup_steal_descriptor(&fd), .pages = pages };
	return epoll_ctl(loads->epoll, EPOLL_CTL_ADD, loads->cpus[loads->count - 1].fd, &wanted) < 0
		       ? -errno
		       : 0;
}

static int open_all(struct program_loads *loads, int cpus)
{
	int result = 0;

	loads->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loads->epoll < 0)
		return -errno;
	loads->page_size = (size_t)sysconf(_SC_PAGESIZE);
	for (int cpu = 0; cpu < cpus && result == 0; cpu++)
		result = add_cpu(loads, cpu);
	return result;
}

int program_loads_open(struct program_loads **loads, struct cgfence_error *error)
{
	int cpus = libbpf_num_possible_cpus();
	__attribute__((cleanup(cleanup_close_loads))) struct program_loads *made =
		cpus < 0 ? NULL : calloc(1, sizeof(*made) + (size_t)cpus * sizeof(*made->cpus));
	int result;

	if (!made)
		return error_out_of_memory(error);
	result = open_all(made, cpus);
	if (result)
		return error_set(
			error, -result,
			"the kernel does not tell of loaded programs (perf_event_open: %s)",
			strerror(-result));
	*loads = cleanup_steal(made);
	return 0;
}

int program_loads_fd(const struct program_loads *loads)
{
	return loads->epoll;
}

/*
 * Records are aligned to 8 bytes, so that neither the header nor the type behind it (enum perf_bpf_event_type) is torn
 * where they go round (perf_event_bpf_event(), kernel/events/core.c).
 */
static bool has_load(const uint8_t *data, uint64_t size, uint64_t from, uint64_t to)
{
	while (from < to) {
		const struct perf_event_header *header = (const void *)(data + (from & (size - 1)));
		const uint16_t *type =
			(const void *)(data + ((from + sizeof(*header)) & (size - 1)));

		if (header->type == PERF_RECORD_LOST || header->size < sizeof(*header))
			return true;
		if (header->type == PERF_RECORD_BPF_EVENT && *type == PERF_BPF_EVENT_PROG_LOAD)
			return true;
		from += header->size;
	}
	return false;
}

static bool read_cpu(const struct program_loads *loads, const struct cpu_loads *cpu)
{
	uint64_t size = DATA_PAGES * loads->page_size;
	uint64_t head = __atomic_load_n(&cpu->pages->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = cpu->pages->data_tail;
	bool loaded = has_load((const uint8_t *)cpu->pages + loads->page_size, size, tail, head);

	__atomic_store_n(&cpu->pages->data_tail, head, __ATOMIC_RELEASE);
	return loaded;
}

bool program_loads_read(struct program_loads *loads)
{
	bool loaded = false;

	for (size_t i = 0; i < loads->count; i++)
		loaded = read_cpu(loads, &loads->cpus[i]) || loaded;
	return loaded;
}
