"""AWS's protocols, both ways: from a request to an operation and what it takes, and from what it gives to an answer.

Pure: no socket, clock, file (but botocore's own models) or thread.
"""
