"""What a worker does: simulate a shard, reduce it, merge everything."""
