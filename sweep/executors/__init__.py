"""Where children of jobs run: in this process, as processes of this machine, or on Ray."""
