"""What runs in a container: one child of a sweep's jobs, ``python -m sweep.child``."""
