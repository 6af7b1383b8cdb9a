"""The job engine as a process of its own: many commands talk to one engine, and jobs go on when they have ended.

::

    sweep jobs submit ...  ──┐    JSON lines over                     ┌──  runner of commands  ──  attempts
    sweep jobs wait ...    ──┼──  a Unix socket  ──  daemon: engine ──┤
    sweep queues ...       ──┘                       and journal      └──  Ray
"""
