"""A sweep from Python: no files, no command.

python examples/notebook_style.py
"""

from sweep import Sweep, sobol
from sweep_kernels.models.european import black_scholes, european_option

design = sobol(8, seed=1, strike=(80, 120), volatility=(0.1, 0.5))
result = Sweep(european_option, design, trials=100_000, seed=2).run()

print(result)
column = {name: result.table[name].to_numpy() for name in result.table.column_names}
exact = black_scholes(strike=column["strike"], volatility=column["volatility"])
inside = (column["payoff_ci_low"] <= exact) & (exact <= column["payoff_ci_high"])
print(f"\n{inside.sum()} of {len(exact)} intervals hold the exact price")
