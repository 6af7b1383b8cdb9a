"""What a sweep will cost, before it is run: core-seconds, wall time, bytes, requests, money, and the width of its intervals."""
