/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fields of kernel types that carry descriptors: unix sockets and io_uring. See kernel_types.bpf.h. */
#pragma once

#include "kernel_types.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct scm_stat {
	atomic_t nr_fds;
};

struct unix_sock {
	struct scm_stat scm_stat;
};

struct sk_buff {
	struct sk_buff *next;
	struct sk_buff *prev;
	struct sock *sk;
	char cb[48];
};

/* The contents of struct sk_buff.cb in the queue of a unix socket. */
struct unix_skb_parms {
	struct scm_fp_list *fp;
};

struct scm_fp_list {
	short count;
	struct file *fp[253];
};

struct io_fixed_file {
	unsigned long file_ptr;
};

struct io_rsrc_node {
	unsigned long file_ptr;
};

struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
};

/* Since 6.13. */
struct io_file_table {
	struct io_rsrc_data data;
};

/* Since 5.15. */
struct io_file_table___flat {
	struct io_fixed_file *files;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

/* Since 6.0; padded to a cache line. */
struct io_hash_bucket {
	struct hlist_head list;
};

struct io_hash_table {
	struct io_hash_bucket *hbs;
	unsigned int hash_bits;
};

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

/* What serves io_urings that were made with IORING_SETUP_SQPOLL. */
struct io_sq_data {
	struct list_head ctx_list;
	struct task_struct *thread;
};

struct io_ring_ctx {
	struct io_sq_data *sq_data;
	struct list_head sqd_list;
	struct io_file_table file_table;
	struct io_hash_table cancel_table;
};

/* Before 6.13. */
struct io_ring_ctx___flat {
	struct io_file_table___flat file_table;
	unsigned int nr_user_files;
	/* From 6.0 to 6.9. */
	struct io_hash_table cancel_table_locked;
	/* Before 6.0. */
	struct hlist_head *cancel_hash;
	unsigned int cancel_hash_bits;
};

struct io_kiocb {
	struct file *file;
	struct hlist_node hash_node;
};

struct xarray {
	void *xa_head;
};

struct xa_node {
	void *slots[64];
};

struct io_tctx_node {
	struct io_ring_ctx *ctx;
};

struct io_uring_task {
	struct file *registered_rings[16];
	struct xarray xa;
};

#pragma clang attribute pop
