"""Run commands on this machine, as processes that outlive the engine.

::

    engine's process                         runner's process                 attempts
    worker.Commands  <-- JSON lines over -->  runner  -- posix_spawn, wait -->  command ...
                         a Unix socket                                          command ...

What the runner's process imports stands in files of their own: it starts in some tens of milliseconds and needs no numpy.
"""
