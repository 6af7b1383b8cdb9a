"""A sweep from Python: no files, no command.

python examples/notebook_style.py
"""

from sweep import Sweep, sobol
from sweep_kernels.models.european import black_scholes, european_option

design = sobol(8, seed=1, strike=(80, 120), volatility=(0.1, 0.5))
result = Sweep(european_option, design, trials=100_000, seed=2).run()

print(result)
frame = result.to_pandas()
exact = black_scholes(strike=frame["strike"], volatility=frame["volatility"])
inside = (frame["payoff_ci_low"] <= exact) & (exact <= frame["payoff_ci_high"])
print(f"\n{inside.sum()} of {len(frame)} intervals hold the exact price")
