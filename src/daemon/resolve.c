// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/resolve.h"
#include "base/boot_time.h"

/* After a pass it rests for so many times as long, so that a storm of events takes at most a tenth of a processor. */
#define REST_FACTOR 9

int watch_resolve_open(struct watch_resolve *resolve, struct watch_events *output,
		       struct cgfence_error *error)
{
	resolve->output = output;
	return cgfence_resolver_new(&resolve->resolver, error);
}

void watch_resolve_close(struct watch_resolve *resolve)
{
	cgfence_resolver_free(resolve->resolver);
	watch_errors_free(&resolve->errors);
}

int watch_resolve_fd(const struct watch_resolve *resolve)
{
	return cgfence_resolver_fd(resolve->resolver);
}

void watch_resolve_changed(struct watch_resolve *resolve)
{
	if (cgfence_resolver_read(resolve->resolver))
		resolve->told = resolve->wanted = true;
}

bool watch_resolve_take_told(struct watch_resolve *resolve)
{
	if (!resolve->told || watch_resolve_wait_ns(resolve))
		return false;
	resolve->told = false;
	return true;
}

void watch_resolve_want(struct watch_resolve *resolve)
{
	resolve->wanted = true;
}

uint64_t watch_resolve_wait_ns(const struct watch_resolve *resolve)
{
	uint64_t now_ns = boot_time_ns();

	if (!resolve->wanted)
		return UINT64_MAX;
	return resolve->not_before_ns > now_ns ? resolve->not_before_ns - now_ns : 0;
}

static void on_resolved(const struct cgfence_resolved *resolved, void *context)
{
	struct watch_resolve *resolve = context;

	if (resolved->error) {
		watch_errors_add(&resolve->errors, resolved->error->text, resolve->output);
		return;
	}
	watch_events_resolved(resolve->output, resolved);
	resolve->changed++;
}

size_t watch_resolve_work(struct watch_resolve *resolve, struct cgfence_error *error)
{
	uint64_t begin_ns = boot_time_ns();
	bool more = false;

	if (watch_resolve_wait_ns(resolve))
		return 0;
	/* What the kernel tells from here on needs another pass. */
	resolve->wanted = false;
	resolve->changed = 0;
	cgfence_resolver_pass(resolve->resolver, on_resolved, resolve, &more, error);
	if (more) {
		resolve->wanted = true;
		return resolve->changed;
	}
	watch_errors_turn(&resolve->errors);
	resolve->not_before_ns = boot_time_ns() + REST_FACTOR * (boot_time_ns() - begin_ns);
	return resolve->changed;
}
