// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/listen_trace.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "image/image.h"
#include "kernel/error.h"
#include "kernel/kernel_btf.h"
#include "kernel/maps.h"
#include "kernel/pins.h"
#include "kernel/quiet.h"
#include "kernel/refusal.h"
#include "kernel/sections.h"
#include "kernel/trial.h"
#include "kernel/listen_standing.h"
#include "listen_trace.skel.h"

#include <bpf/bpf.h>
#include <cgfence/verdict.h>
#include <string.h>

#define LINK_PATH PINS_ROOT "/listen"
#define MAP_PATH PINS_ROOT "/listen_fences"
#define BITMAPS_PATH PINS_ROOT "/listen_bitmaps"
#define TRIAL "listen_trace"

/* What the program is told of a fence. */
struct description {
	struct cgfence_traced_fence fence;
	bool wide; /* there is no room for the words in it, so the bitmaps are needed too */
	struct cgfence_traced_bitmaps bitmaps;
};

static void cleanup_destroy_skeleton(struct listen_trace_bpf **skeleton)
{
	listen_trace_bpf__destroy(*skeleton);
}

#define cleanup_skeleton __attribute__((cleanup(cleanup_destroy_skeleton)))

static struct listen_trace_bpf *load(bool with_cookies)
{
	QUIET_LIBBPF;
	char types[KERNEL_BTF_PATH_SIZE];
	cleanup_close int types_file = kernel_btf_open(types);
	LIBBPF_OPTS(bpf_object_open_opts, options,
		    .btf_custom_path = types_file < 0 ? NULL : types);
	cleanup_skeleton struct listen_trace_bpf *skeleton = listen_trace_bpf__open_opts(&options);
	cleanup_close int events = -1;
	int result;

	if (!skeleton || fence_maps_open_events(&events, NULL) ||
	    bpf_map__reuse_fd(skeleton->maps.cgfence_events, events))
		return NULL;
	bpf_program__set_autoload(skeleton->progs.cgfence_listen_trace, with_cookies);
	bpf_program__set_autoload(skeleton->progs.cgfence_listen_trace_510, !with_cookies);
	result = sections_prepare(skeleton->obj);
	if (result == 0)
		result = listen_trace_bpf__load(skeleton);
	errno = -result;
	return result ? NULL : cleanup_steal(skeleton);
}

/* What was loaded to try, for who then sets a fence; NULL if there is nothing. */
static struct listen_trace_bpf *tried;

static void keep_tried(struct listen_trace_bpf *skeleton)
{
	listen_trace_bpf__destroy(__atomic_exchange_n(&tried, skeleton, __ATOMIC_ACQ_REL));
}

static uint32_t map_id(int map)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(map, &info, &size) < 0 ? 0 : info.id;
}

/* It may have been tried where another bpffs is mounted, with other events. */
static struct listen_trace_bpf *take_tried(void)
{
	cleanup_skeleton struct listen_trace_bpf *skeleton =
		__atomic_exchange_n(&tried, NULL, __ATOMIC_ACQ_REL);
	cleanup_close int events = -1;

	if (!skeleton || fence_maps_open_events(&events, NULL) ||
	    map_id(events) != map_id(bpf_map__fd(skeleton->maps.cgfence_events)))
		return NULL;
	return cleanup_steal(skeleton);
}

/* A kernel that does not know the helper says EINVAL. */
static struct listen_trace_bpf *load_either(void)
{
	struct listen_trace_bpf *skeleton = load(true);

	return skeleton || errno != EINVAL ? skeleton : load(false);
}

static int program_of(const struct listen_trace_bpf *skeleton)
{
	int fd = bpf_program__fd(skeleton->progs.cgfence_listen_trace);

	return fd >= 0 ? fd : bpf_program__fd(skeleton->progs.cgfence_listen_trace_510);
}

/* An answer that is kept until the next boot must be confirmed. */
static enum trial try_twice(struct cgfence_error *error)
{
	for (int i = 0; i < 2; i++) {
		struct listen_trace_bpf *skeleton = load_either();
		int code = errno;

		if (skeleton) {
			keep_tried(skeleton);
			return TRIAL_TAKEN;
		}
		if (!refusal_is(-code)) {
			kernel_error(error, code, "load the program that sees who listens");
			return TRIAL_UNKNOWN;
		}
	}
	return TRIAL_REFUSED;
}

int listen_trace_try(bool *taken, struct cgfence_error *error)
{
	enum trial answer = trial_recall(TRIAL);

	if (answer == TRIAL_UNKNOWN) {
		answer = try_twice(error);
		if (answer == TRIAL_UNKNOWN)
			return -EAGAIN;
		trial_remember(TRIAL, answer);
	}
	*taken = answer == TRIAL_TAKEN;
	return 0;
}

/* The kernel may have been locked down since the program was tried. */
static int explain_failure(int code, const char *what, struct cgfence_error *error)
{
	if (!refusal_is(-code))
		return kernel_error(error, code, "%s the program that sees who listens", what);
	trial_remember(TRIAL, TRIAL_REFUSED);
	return error_set(error, ESTALE,
			 "the kernel no longer takes the program that sees who listens");
}

/* Return: what is attached by @link, or NULL with errno; @what receives the word for what failed. */
static struct listen_trace_bpf *start(int *link, const char **what)
{
	cleanup_skeleton struct listen_trace_bpf *loaded = take_tried();

	*what = "load";
	if (!loaded)
		loaded = load_either();
	if (!loaded)
		return NULL;
	*what = "attach";
	*link = bpf_raw_tracepoint_open(NULL, program_of(loaded));
	return *link < 0 ? NULL : cleanup_steal(loaded);
}

/* The link is pinned last: without it, what is pinned is made anew. */
static int load_program(struct cgfence_error *error)
{
	QUIET_LIBBPF;
	cleanup_close int link = -1;
	const char *what;
	cleanup_skeleton struct listen_trace_bpf *skeleton = start(&link, &what);

	/* An answer that is kept until the next boot must be confirmed. */
	if (!skeleton && refusal_is(-errno))
		skeleton = start(&link, &what);
	if (!skeleton)
		return explain_failure(errno, what, error);
	unlink(MAP_PATH);
	unlink(BITMAPS_PATH);
	unlink(LISTEN_STANDING_PATH);
	unlink(LISTEN_MEMBERS_PATH);
	if (bpf_map__pin(skeleton->maps.cgfence_traced, MAP_PATH) ||
	    bpf_map__pin(skeleton->maps.cgfence_traced_s, LISTEN_STANDING_PATH) ||
	    bpf_map__pin(skeleton->maps.cgfence_traced_m, LISTEN_MEMBERS_PATH) ||
	    bpf_map__pin(skeleton->maps.cgfence_traced_w, BITMAPS_PATH) ||
	    bpf_obj_pin(link, LINK_PATH) < 0)
		return kernel_error(error, errno, "pin the program that sees who listens");
	return 0;
}

static int open_maps(int *fences, int *bitmaps, struct cgfence_error *error)
{
	int result = access(LINK_PATH, F_OK) < 0 ? load_program(error) : 0;

	if (result)
		return result;
	*fences = bpf_obj_get(MAP_PATH);
	*bitmaps = bpf_obj_get(BITMAPS_PATH);
	return *fences < 0 || *bitmaps < 0
		       ? kernel_error(error, errno, "open the maps in " PINS_ROOT)
		       : 0;
}

static void describe_family(const struct cgfence_image *image, int family, struct description *made)
{
	const struct cgfence_port_bitmap *bitmap = &image->ports.allowed[CGFENCE_TCP][family];
	const uint64_t *from = (const uint64_t *)image + bitmap->offset;
	struct cgfence_traced_ports *ports = &made->fence.ports[family];
	__u64 *words = made->bitmaps.words[family];

	ports->every = 1;
	for (uint32_t port = 1; port < CGFENCE_PORT_WORDS * 64 && ports->every; port++)
		ports->every = cgfence_port_allowed(image, CGFENCE_TCP, family, port);
	ports->outside = bitmap->outside;
	ports->first_word = bitmap->first_word;
	ports->word_count = bitmap->word_count;
	for (uint32_t i = 0; i < CGFENCE_PORT_WORDS; i++)
		words[i] = bitmap->outside ? UINT64_MAX : 0;
	memcpy(words + bitmap->first_word, from, bitmap->word_count * sizeof(*words));
	made->wide = made->wide || bitmap->word_count > CGFENCE_TRACED_WORDS;
}

/*
 * The fence and its bitmaps are two elements, and the program may see one of the old policy and one of the new. So the
 * bitmaps have all words of both families, and of two policies that have bitmaps they alone differ.
 */
static void place_words(struct description *made)
{
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		struct cgfence_traced_ports *ports = &made->fence.ports[family];

		if (made->wide) {
			ports->outside = ports->first_word = 0;
			ports->word_count = CGFENCE_PORT_WORDS;
		} else {
			memcpy(ports->words, made->bitmaps.words[family] + ports->first_word,
			       ports->word_count * sizeof(*ports->words));
		}
	}
}

static struct description *describe(const struct cgfence_image *image)
{
	struct description *made = calloc(1, sizeof(*made));
	bool kills = image->enforce && image->ports.guard == CGFENCE_GUARD_KILL;

	if (!made)
		return NULL;
	made->fence.netns_any = image->ports.netns_any;
	made->fence.netns_inum = image->ports.netns_inum;
	made->fence.enforce = image->enforce;
	made->fence.kills = kills;
	made->fence.kills_inside = kills && image->ports.killed_by_trace;
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++)
		describe_family(image, family, made);
	place_words(made);
	return made;
}

/* Does a fence that had bitmaps, and has others now, kill less, or in fewer network namespaces? */
static bool judges_less(int fences, uint64_t cgroup_id, const struct cgfence_traced_fence *now)
{
	struct cgfence_traced_fence before;

	return bpf_map_lookup_elem(fences, &cgroup_id, &before) == 0 &&
	       before.ports[0].word_count == CGFENCE_PORT_WORDS &&
	       ((before.kills && !now->kills) || (before.netns_any && !now->netns_any));
}

/* Nobody is killed in the midst of a change for what the old policy allows and so does the new. */
static int update(int fences, int bitmaps, uint64_t cgroup_id,
		  const struct description *description)
{
	bool fence_first = description->wide && judges_less(fences, cgroup_id, &description->fence);

	if (fence_first &&
	    bpf_map_update_elem(fences, &cgroup_id, &description->fence, BPF_ANY) < 0)
		return -errno;
	if (description->wide &&
	    bpf_map_update_elem(bitmaps, &cgroup_id, &description->bitmaps, BPF_ANY) < 0)
		return -errno;
	if (!fence_first &&
	    bpf_map_update_elem(fences, &cgroup_id, &description->fence, BPF_ANY) < 0)
		return -errno;
	if (!description->wide)
		bpf_map_delete_elem(bitmaps, &cgroup_id);
	return 0;
}

int listen_trace_set(const struct cgfence_image *image, int members, struct cgfence_error *error)
{
	cleanup_free struct description *description = describe(image);
	cleanup_close int lock = pins_lock_shared();
	cleanup_close int bitmaps = -1;
	cleanup_close int fences = -1;
	int result;

	if (!description)
		return error_out_of_memory(error);
	result = open_maps(&fences, &bitmaps, error);
	if (result)
		return result;
	result = update(fences, bitmaps, image_fence_id(image), description);
	if (result)
		return kernel_error(error, -result,
				    "tell the program that sees who listens of the fence");
	return members < 0 ? 0 : listen_standing_set(image, members, error);
}

static int clear_fence(uint64_t cgroup_id, struct cgfence_error *error)
{
	cleanup_close int lock = pins_lock_shared();
	cleanup_close int fences = bpf_obj_get(MAP_PATH);
	cleanup_close int bitmaps = bpf_obj_get(BITMAPS_PATH);
	uint64_t next;

	if (fences < 0 && errno == ENOENT)
		return 0;
	if (fences < 0)
		return kernel_error(error, errno, "open " MAP_PATH);
	if (cgroup_id & CGFENCE_STANDING_ID)
		listen_standing_clear(cgroup_id);
	if (bpf_map_delete_elem(fences, &cgroup_id) < 0 && errno != ENOENT)
		return kernel_error(error, errno,
				    "make the program that sees who listens forget the fence");
	if (bitmaps >= 0)
		bpf_map_delete_elem(bitmaps, &cgroup_id);
	if (bpf_map_get_next_key(fences, NULL, &next) < 0 && errno == ENOENT) {
		unlink(LINK_PATH);
		unlink(BITMAPS_PATH);
		unlink(LISTEN_STANDING_PATH);
		unlink(LISTEN_MEMBERS_PATH);
		unlink(MAP_PATH);
	}
	return 0;
}

int listen_trace_clear(uint64_t cgroup_id, struct cgfence_error *error)
{
	/* Commands about hosts without such a fence need not wait for each other. */
	return access(MAP_PATH, F_OK) == 0 ? clear_fence(cgroup_id, error) : 0;
}

/* What the program goes by; -ENOENT if it does not know the fence. */
static int read_fence(uint64_t cgroup_id, struct description *found, struct cgfence_error *error)
{
	cleanup_close int fences = bpf_obj_get(MAP_PATH);
	cleanup_close int bitmaps = fences < 0 ? -1 : bpf_obj_get(BITMAPS_PATH);

	if (fences < 0 || bpf_map_lookup_elem(fences, &cgroup_id, &found->fence) < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : kernel_error(
					 error, errno,
					 "read what the program that sees who listens goes by");
	found->wide = bitmaps >= 0 &&
		      bpf_map_lookup_elem(bitmaps, &cgroup_id, &found->bitmaps) == 0;
	return 0;
}

static bool same_description(const struct description *a, const struct description *b)
{
	return memcmp(&a->fence, &b->fence, sizeof(a->fence)) == 0 && a->wide == b->wide &&
	       (!a->wide || memcmp(&a->bitmaps, &b->bitmaps, sizeof(a->bitmaps)) == 0);
}

int listen_trace_check(const struct cgfence_image *image, int members, bool *right,
		       struct cgfence_error *error)
{
	cleanup_free struct description *found = calloc(1, sizeof(*found));
	cleanup_free struct description *wanted = image->ports.traced ? describe(image) : NULL;
	int result = -ENOENT;

	if (!found || (image->ports.traced && !wanted))
		return error_out_of_memory(error);
	if (access(MAP_PATH, F_OK) == 0)
		result = read_fence(image_fence_id(image), found, error);
	if (result && result != -ENOENT)
		return result;
	*right = wanted ? result == 0 && same_description(found, wanted) : result != 0;
	if (*right && wanted && members >= 0)
		*right = listen_standing_is_set(image, members);
	return 0;
}
