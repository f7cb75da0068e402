// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is made without libbpf, which would do it too, but takes longer. */
#include "base/cleanup.h"
#include "image/image.h"
#include "kernel/call.h"
#include "kernel/program_code.h"
#include "kernel/programs.h"
#include "support/fences.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

TestSuite(calls, .init = harness_begin, .fini = harness_end);

/* With what this kernel takes, as its fence has it. */
Test(calls, the_programs_of_a_fence_need_no_libbpf)
{
	cleanup_free struct cgfence_image *image = NULL;
	cleanup_maps struct fence_maps maps = FENCE_MAPS_CLOSED;
	struct cgfence_error error = { 0 };
	int programs[HOOKS_MAX];
	unsigned int wanted = 0;

	harness_attach(harness_cgroup(),
		       "{'devices': {'defaults': true}, 'ports': {'tcp': [8080], 'udp': [8080]}}");
	cr_assert_eq(fences_read_image(harness_cgroup(), BPF_CGROUP_INET4_BIND, &image, &error), 0,
		     "%s", error.text);
	memset(programs, -1, sizeof(programs));
	cr_assert_eq(fence_maps_create_policy(image, &maps.policy, &error), 0, "%s", error.text);
	cr_assert_eq(fence_maps_create_events(&maps.events, &error), 0, "%s", error.text);
	cr_assert_eq(programs_make_records(&maps, false, &error), 0, "%s", error.text);
	for (int i = 0; i < hook_count; i++) {
		if (!hooks[i].reads_kernel && hook_is_wanted(&hooks[i], image))
			wanted |= HOOK_BIT(i);
	}
	program_code_load(wanted, image, &maps, programs);
	for (int i = 0; i < hook_count; i++)
		cr_expect_eq(programs[i] >= 0, (wanted & HOOK_BIT(i)) != 0, "%s", hooks[i].name);
	for (int i = 0; i < HOOKS_MAX; i++)
		cleanup_close_descriptor(&programs[i]);
}

Test(calls, a_map_of_socket_storage_needs_no_libbpf)
{
	cleanup_close int map = -1;
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	/* libbpf raises the limit of memory that kernels before 5.11 have. */
	cleanup_close_descriptor(&(int){
		call_create_map(BPF_MAP_TYPE_ARRAY, "cgfence_array", 16, 2, BPF_F_RDONLY_PROG) });
	map = call_create_socket_storage("cgfence_storage");
	cr_assert_geq(map, 0);
	cr_assert_eq(bpf_obj_get_info_by_fd(map, &info, &size), 0);
	cr_expect_eq(info.type, BPF_MAP_TYPE_SK_STORAGE);
	cr_expect_str_eq(info.name, "cgfence_storage");
	cr_expect_eq(info.key_size, sizeof(int));
	cr_expect_eq(info.value_size, 8);
}

Test(calls, an_array_is_made_as_it_is_asked_for)
{
	cleanup_close int map =
		call_create_map(BPF_MAP_TYPE_ARRAY, "cgfence_array", 24, 3, BPF_F_RDONLY_PROG);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	cr_assert_geq(map, 0);
	cr_assert_eq(bpf_obj_get_info_by_fd(map, &info, &size), 0);
	cr_expect_eq(info.type, BPF_MAP_TYPE_ARRAY);
	cr_expect_str_eq(info.name, "cgfence_array");
	cr_expect_eq(info.value_size, 24);
	cr_expect_eq(info.max_entries, 3);
	cr_expect_eq(info.map_flags, BPF_F_RDONLY_PROG);
}
