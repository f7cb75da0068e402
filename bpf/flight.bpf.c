// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Look into objects that carry files: the queue of a unix socket, an io_uring. User space runs these programs
 * (BPF_PROG_TEST_RUN) on the addresses that the iterators and they themselves found, and so follows files to listeners.
 *
 * They take no lock, and an object may be freed meanwhile. So they read everything as memory that may be unmapped, and
 * their findings are hints: the reconciler looks again before it acts.
 */
#include "kernel_types.bpf.h"
#include "socket_file.bpf.h"

/* The low bits of pointers to registered files are flags (io_uring/filetable.h). */
#define FILE_POINTER_MASK (~7UL)

/* An entry of an xarray is an inner node with this mark, or a pointer without a mark (include/linux/xarray.h). */
#define XARRAY_MARK_MASK 3UL
#define XARRAY_INNER 2UL
#define XARRAY_INNER_MIN 4096UL

struct cgfence_look cgfence_look;

static __always_inline void find(__u32 kind, __u64 object)
{
	__u32 i = cgfence_look.count;

	if (!object || i >= CGFENCE_LOOK_STEPS)
		return;
	cgfence_look.found[i].kind = kind;
	cgfence_look.found[i].object = object;
	cgfence_look.count = i + 1;
}

static __always_inline void find_socket(struct file *file, struct inode *inode)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sock = BPF_CORE_READ(socket, sk);
	__u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);
	__u32 i = cgfence_look.count;

	if (family == AF_UNIX) {
		if (unix_socket_carries(sock))
			find(CGFENCE_CARRIER_UNIX, (__u64)sock);
		return;
	}
	if (i >= CGFENCE_LOOK_STEPS || !is_listener(sock, family))
		return;
	cgfence_look.found[i].inode = BPF_CORE_READ(inode, i_ino);
	cgfence_look.found[i].netns_inum = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
	cgfence_look.found[i].kind = CGFENCE_CARRIER_LISTENER;
	cgfence_look.found[i].object = listener_cookie(sock);
	cgfence_look.count = i + 1;
}

static __always_inline void find_file(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u64 magic = BPF_CORE_READ(inode, i_sb, s_magic);

	if (magic == SOCKFS_MAGIC)
		find_socket(file, inode);
	else if (magic == ANON_INODE_FS_MAGIC && is_io_uring(file))
		find(CGFENCE_CARRIER_FILES, (__u64)BPF_CORE_READ(file, private_data));
}

static __always_inline void begin(void)
{
	cgfence_look.count = 0;
	cgfence_look.result = CGFENCE_LOOK_MORE;
}

SEC("raw_tp")
int look_unix(void *ctx __attribute__((unused)))
{
	struct sock *sock = (struct sock *)cgfence_look.object;
	__u64 head = (__u64)sock + bpf_core_field_offset(struct sock, sk_receive_queue);
	bool listens = BPF_CORE_READ(sock, __sk_common.skc_state) == TCP_LISTEN;
	__u64 previous = cgfence_look.position ? cgfence_look.position : head;
	__u64 at = cgfence_look.position ? cgfence_look.item
					 : (__u64)BPF_CORE_READ(sock, sk_receive_queue.next);

	begin();
	for (int i = 0; i < CGFENCE_LOOK_STEPS; i++) {
		struct sk_buff *message = (struct sk_buff *)at;
		struct unix_skb_parms *parameters =
			(void *)message + bpf_core_field_offset(struct sk_buff, cb);

		if (at == head) {
			cgfence_look.result = CGFENCE_LOOK_DONE;
			return 0;
		}
		/* A message that was taken from the queue leads nowhere. */
		if (!at || (__u64)BPF_CORE_READ(message, prev) != previous) {
			cgfence_look.result = CGFENCE_LOOK_CHANGED;
			return 0;
		}
		if (listens)
			find(CGFENCE_CARRIER_UNIX, (__u64)BPF_CORE_READ(message, sk));
		else
			find(CGFENCE_CARRIER_BUNCH, (__u64)BPF_CORE_READ(parameters, fp));
		previous = at;
		at = (__u64)BPF_CORE_READ(message, next);
	}
	cgfence_look.position = previous;
	cgfence_look.item = at;
	return 0;
}

/* Reads one pointer of an array in memory. */
static __always_inline __u64 pointer_at(__u64 array, __u64 index)
{
	__u64 pointer = 0;

	bpf_probe_read_kernel(&pointer, sizeof(pointer), (void *)(array + index * sizeof(void *)));
	return pointer;
}

SEC("raw_tp")
int look_bunch(void *ctx __attribute__((unused)))
{
	struct scm_fp_list *bunch = (struct scm_fp_list *)cgfence_look.object;
	__u64 files = (__u64)bunch + bpf_core_field_offset(struct scm_fp_list, fp);
	__s64 count = BPF_CORE_READ(bunch, count);
	__u64 from = cgfence_look.position;

	begin();
	for (int i = 0; i < CGFENCE_LOOK_STEPS; i++) {
		if ((__s64)(from + i) >= count) {
			cgfence_look.result = CGFENCE_LOOK_DONE;
			return 0;
		}
		find_file((struct file *)pointer_at(files, from + i));
	}
	cgfence_look.position = from + CGFENCE_LOOK_STEPS;
	return 0;
}

static __always_inline void find_in_tree(__u64 entry)
{
	if ((entry & XARRAY_MARK_MASK) == XARRAY_INNER && entry > XARRAY_INNER_MIN)
		find(CGFENCE_CARRIER_RING_TREE, entry & ~XARRAY_MARK_MASK);
	else if (!(entry & XARRAY_MARK_MASK) && entry)
		find(CGFENCE_CARRIER_FILES,
		     (__u64)BPF_CORE_READ((struct io_tctx_node *)entry, ctx));
}

SEC("raw_tp")
int look_task(void *ctx __attribute__((unused)))
{
	struct io_uring_task *task = (struct io_uring_task *)cgfence_look.object;

	begin();
	/* Before 5.12 the tree leads to files. */
	if (!bpf_core_field_exists(struct io_tctx_node, ctx)) {
		cgfence_look.result = CGFENCE_LOOK_UNKNOWN;
		return 0;
	}
	find_in_tree((__u64)BPF_CORE_READ(task, xa.xa_head));
	cgfence_look.result = CGFENCE_LOOK_DONE;
	if (!bpf_core_field_exists(struct io_uring_task, registered_rings))
		return 0;
	for (int i = 0; i < 16; i++) {
		__u64 rings =
			(__u64)task + bpf_core_field_offset(struct io_uring_task, registered_rings);

		find_file((struct file *)pointer_at(rings, i));
	}
	return 0;
}

SEC("raw_tp")
int look_ring_tree(void *ctx __attribute__((unused)))
{
	__u64 slots = cgfence_look.object + bpf_core_field_offset(struct xa_node, slots);
	__u32 count = bpf_core_field_size(struct xa_node, slots) / sizeof(void *);
	__u32 from = cgfence_look.position;

	begin();
	for (int i = 0; i < CGFENCE_LOOK_STEPS; i++) {
		if (from + i >= count) {
			cgfence_look.result = CGFENCE_LOOK_DONE;
			return 0;
		}
		find_in_tree(pointer_at(slots, from + i));
	}
	cgfence_look.position = from + CGFENCE_LOOK_STEPS;
	return 0;
}

/* Return: the number of registered files. @files: receives their array */
static __always_inline __u64 ring_files(struct io_ring_ctx *ring, __u64 *files)
{
	struct io_ring_ctx___flat *flat = (void *)ring;

	if (bpf_core_field_exists(ring->file_table.data.nodes)) {
		*files = (__u64)BPF_CORE_READ(ring, file_table.data.nodes);
		return BPF_CORE_READ(ring, file_table.data.nr);
	}
	if (bpf_core_field_exists(flat->file_table.files)) {
		*files = (__u64)BPF_CORE_READ(flat, file_table.files);
		return BPF_CORE_READ(flat, nr_user_files);
	}
	cgfence_look.result = CGFENCE_LOOK_UNKNOWN;
	return 0;
}

SEC("raw_tp")
int look_files(void *ctx __attribute__((unused)))
{
	struct io_ring_ctx *ring = (struct io_ring_ctx *)cgfence_look.object;
	__u64 from = cgfence_look.position;
	__u64 files = 0;
	__u64 count;

	begin();
	count = ring_files(ring, &files);
	if (cgfence_look.result != CGFENCE_LOOK_MORE)
		return 0;
	for (int i = 0; i < CGFENCE_LOOK_STEPS; i++) {
		__u64 entry;

		if (from + i >= count || !files) {
			cgfence_look.result = CGFENCE_LOOK_DONE;
			return 0;
		}
		entry = pointer_at(files, from + i);
		if (bpf_core_field_exists(ring->file_table.data.nodes) && entry)
			entry = BPF_CORE_READ((struct io_rsrc_node *)entry, file_ptr);
		entry &= FILE_POINTER_MASK;
		if (entry)
			find_file((struct file *)entry);
	}
	cgfence_look.position = from + CGFENCE_LOOK_STEPS;
	return 0;
}

struct buckets {
	__u64 first;
	__u64 size;
	__u64 count;
};

static __always_inline void read_table(struct io_hash_table *table, struct buckets *buckets)
{
	__u64 first = (__u64)BPF_CORE_READ(table, hbs);

	/* Before 6.10 a lock comes before the list. */
	buckets->first = first + bpf_core_field_offset(struct io_hash_bucket, list);
	buckets->size = bpf_core_type_size(struct io_hash_bucket);
	buckets->count = first ? 1ULL << (BPF_CORE_READ(table, hash_bits) & 31) : 0;
}

/* Requests that wait for a socket are in one or two hash tables. */
static __always_inline void ring_requests(struct io_ring_ctx *ring, struct buckets *first,
					  struct buckets *second)
{
	struct io_ring_ctx___flat *flat = (void *)ring;

	if (bpf_core_field_exists(ring->cancel_table)) {
		read_table((void *)ring + bpf_core_field_offset(ring->cancel_table), first);
		if (bpf_core_field_exists(flat->cancel_table_locked))
			read_table((void *)flat + bpf_core_field_offset(flat->cancel_table_locked),
				   second);
	} else if (bpf_core_field_exists(flat->cancel_hash)) {
		first->first = (__u64)BPF_CORE_READ(flat, cancel_hash);
		first->size = sizeof(void *);
		first->count = 1ULL << (BPF_CORE_READ(flat, cancel_hash_bits) & 31);
	} else {
		cgfence_look.result = CGFENCE_LOOK_UNKNOWN;
	}
}

/* Each step goes to the next bucket, or to the next request of a bucket. */
SEC("raw_tp")
int look_requests(void *ctx __attribute__((unused)))
{
	struct io_ring_ctx *ring = (struct io_ring_ctx *)cgfence_look.object;
	__u64 bucket = cgfence_look.position;
	__u64 node = cgfence_look.item;
	struct buckets second = { 0 };
	struct buckets first = { 0 };

	begin();
	ring_requests(ring, &first, &second);
	if (cgfence_look.result != CGFENCE_LOOK_MORE)
		return 0;
	for (int i = 0; i < CGFENCE_LOOK_STEPS; i++) {
		if (node) {
			struct io_kiocb *request =
				(void *)node - bpf_core_field_offset(struct io_kiocb, hash_node);

			find_file(BPF_CORE_READ(request, file));
			node = (__u64)BPF_CORE_READ(request, hash_node.next);
			continue;
		}
		if (bucket >= first.count + second.count) {
			cgfence_look.result = CGFENCE_LOOK_DONE;
			return 0;
		}
		node = bucket < first.count
			       ? pointer_at(first.first + bucket * first.size, 0)
			       : pointer_at(second.first + (bucket - first.count) * second.size, 0);
		bucket++;
	}
	cgfence_look.position = bucket;
	cgfence_look.item = node;
	return 0;
}

/*
 * The io_urings that one thread serves are in a list. Before 5.12 that is a thread of the kernel's own, which is in no
 * fence.
 */
SEC("raw_tp")
int look_sharers(void *ctx __attribute__((unused)))
{
	struct io_ring_ctx *ring = (struct io_ring_ctx *)cgfence_look.object;
	struct io_sq_data *server = BPF_CORE_READ(ring, sq_data);
	__u64 head = (__u64)server + bpf_core_field_offset(struct io_sq_data, ctx_list);
	__u64 previous = cgfence_look.position ? cgfence_look.position : head;
	__u64 at = cgfence_look.position ? cgfence_look.item
					 : (__u64)BPF_CORE_READ(server, ctx_list.next);

	begin();
	find(CGFENCE_CARRIER_SERVER, (__u64)BPF_CORE_READ(server, thread, io_uring));
	for (int i = 0; i < CGFENCE_LOOK_STEPS - 1; i++) {
		struct list_head *node = (struct list_head *)at;

		/* Of one that is gone by now nothing can be read. */
		if (at == head || !at) {
			cgfence_look.result = CGFENCE_LOOK_DONE;
			return 0;
		}
		if ((__u64)BPF_CORE_READ(node, prev) != previous) {
			cgfence_look.result = CGFENCE_LOOK_CHANGED;
			return 0;
		}
		find(CGFENCE_CARRIER_FILES,
		     at - bpf_core_field_offset(struct io_ring_ctx, sqd_list));
		previous = at;
		at = (__u64)BPF_CORE_READ(node, next);
	}
	cgfence_look.position = previous;
	cgfence_look.item = at;
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
