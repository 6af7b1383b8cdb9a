from __future__ import annotations

import subprocess
import sys

HOLES = """
import mmap
from sweep_kernels.cache import object_code
from sweep_kernels.models import european_option
from sweep_kernels.objectcode import load

NORESERVE = 0x4000
FAR = (3 << 30) + mmap.PAGESIZE  # Linux aligns whole huge pages, and would leave a gap

def taken(size):
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE, prot=mmap.PROT_READ)

code = object_code(european_option, ("float",) * len(european_option.parameters))
held = [taken((1 << power) + mmap.PAGESIZE) for power in (30, 26, 22, 18, 14, 12) for _ in range(100)]  # fills the gaps between libraries
for pages in range(2, 17):  # one of them is as long as the code's section
    page = taken(mmap.PAGESIZE)
    held.append(taken(FAR))
    section = taken(pages * mmap.PAGESIZE)
    held.append(taken(FAR))
    page.close()
    section.close()
    load(code)
"""


def test_object_code_loads_wherever_the_address_space_has_room():
    """Code in one hole and its constants in another, 3 GiB away: LLVM ends the process where an offset of 32 bits is to reach."""
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
