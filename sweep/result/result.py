"""One row a point: what a sweep found."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import UsageError, nearest
from sweep.request import Request
from sweep.result.caveats import caveats
from sweep.result.vector import Vector, vector_of
from sweep_kernels.outputs import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sweep.result.estimate import Estimate, Histogram

__all__ = ["Result"]


@dataclass(frozen=True, eq=False)
class Result:
    """The table of a sweep's results.

    Attributes
    ----------
    table
        Arrow: the parameters, ``n``, and for each output ``<output>_mean``, ``_std``, ``_stderr``, ``_ci_low``, ``_ci_high``, ``_min``,
        ``_max`` (for floats also ``_nonfinite``, the trials that gave NaN or inf and are left out; of weighted trials ``_ess``, the effective
        sample size); then what the study asked for.
    url
        The store that it came from.
    """

    table: pa.Table
    url: str = ""

    @functools.cached_property
    def plan(self) -> dict[str, Any]:
        """The plan that was computed, as in ``plan.json``."""
        return json.loads((self.table.schema.metadata or {}).get(b"sweep.plan", b"{}"))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.plan["kernel"]["outputs"])

    @property
    def is_weighted(self) -> bool:
        """Whether trials have weights, as those that are drawn from a proposal: the last output is the weight then."""
        return bool(self.plan["kernel"].get("weighted"))

    @functools.cached_property
    def request(self) -> Request:
        """What was asked for beyond means."""
        return Request.from_fields(self.plan, self.outputs)

    @property
    def vectors(self) -> dict[str, int]:
        """Lengths of the outputs that are vectors, by name."""
        return {name: length for name, length in grouped(self.outputs).items() if length}

    def vector(self, name: str) -> Vector:
        """Return the statistics of an output that is a vector, as arrays of shape (points, length).

        Raises
        ------
        UsageError
            If there is no such vector.
        """
        return vector_of(self, name)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(self.table.column_names[: self.table.column_names.index("n")])

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each output that was not always finite at these points, was an integer and only ever 0 or 1, or has few effective trials.

        A vector has one line too.
        """
        return tuple(caveats(self))

    @functools.cached_property
    def left_out(self) -> list[int]:
        """How many trials of each row count for no output, of a program: they failed, or gave nothing finite. Empty where there is none."""
        import pyarrow.compute as pc

        if not self.plan["kernel"].get("program"):
            return []
        lacking = [self.table[f"{name}_nonfinite"] for name in self.outputs]
        found = pc.min_element_wise(*lacking).to_pylist()  # type: ignore[attr-defined] - made at run time by pyarrow
        return found if any(found) else []

    @property
    def is_empty(self) -> bool:
        """Whether these are trials of a program of which every one failed, or gave nothing."""
        import pyarrow.compute as pc

        if not self.plan["kernel"].get("program"):
            return False
        lacking = (pc.equal(self.table[f"{name}_nonfinite"], self.table["n"]) for name in self.outputs)  # type: ignore[attr-defined]
        return all(pc.all(each).as_py() for each in lacking)  # type: ignore[attr-defined] - made at run time by pyarrow

    @functools.cached_property
    def axes(self) -> dict[str, tuple[Any, ...]] | None:
        """Coordinates of a plain grid by axis, in order; None for any other space."""
        from sweep.space import from_spec

        spec = self.plan["space"]
        return None if _refers_to_table(spec) else from_spec(spec, {}).axes

    def __len__(self) -> int:
        return self.table.num_rows

    def __getitem__(self, row: int) -> dict[str, Any]:
        if not hasattr(row, "__index__"):
            raise TypeError(
                f"result[{row!r}]: a result is read by the number of a row; a column is in its table, as in "
                f"result.table[{self.table.column_names[-1]!r}]"
            )
        return self.table.slice(range(len(self))[row], 1).to_pylist()[0]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.table.to_pylist())

    def where(self, **fixed: Any) -> Result:
        """Select the points with some values of the parameters: ``where(angle=15.0)``, or one of several, ``where(angle=[0.0, 15.0])``.

        Raises
        ------
        UsageError
            If there is no such parameter, or no point with that value, or one of those values.
        """
        chosen = self.table
        for name, value in fixed.items():
            if name not in self.parameters:
                raise UsageError(f"the result has no parameter {name!r}: {nearest(name, self.parameters)}")
            chosen = chosen.filter(_chosen(name, chosen[name], value))
        if not chosen.num_rows:
            raise UsageError(f"no point has {', '.join(f'{name}={value!r}' for name, value in fixed.items())}")
        return Result(chosen, self.url)

    def worst(self, count: int, by: str | None = None, *, smallest: bool = False) -> Result:
        """Select the points where something is greatest, the worst one first; of equal points the first ones.

        Parameters
        ----------
        count
            How many, 1 or more.
        by
            An output, by its mean, or a column of the table, as ``"min_ttc_min"``; the first output when left out. Points where it is NaN come last.
        smallest
            Whether small values are the bad ones, as of a time to collision.

        Raises
        ------
        UsageError
            If there is no such output or column of numbers, or `count` is below 1.
        """
        from sweep.result.ranking import worst

        return Result(worst(self, count, by, smallest=smallest), self.url)

    def quantile(self, output: str, level: float) -> Estimate:
        """Return a quantile that the study asked for, at every point; of a vector, of every component.

        Its interval is free of any assumption about the distribution, and allows for the sketch's relative error.

        Raises
        ------
        UsageError
            If the study did not ask for it.
        """
        from sweep.result.estimate import quantile_of

        return quantile_of(self, output, level)

    def histogram(self, output: str) -> Histogram:
        """Return a histogram that the study asked for, at every point; of a vector, of every component.

        Raises
        ------
        UsageError
            If the study did not ask for it.
        """
        from sweep.result.estimate import histogram_of

        return histogram_of(self, output)

    def covariance(self, a: str, b: str) -> Estimate:
        """Return the covariance of two outputs at every point, over the trials where both were finite; one may be a vector.

        Raises
        ------
        UsageError
            If the study did not ask for it.
        """
        from sweep.result.estimate import covariance_of

        return covariance_of(self, a, b, "cov")

    def correlation(self, a: str, b: str) -> Estimate:
        """Return the correlation of two outputs, as `covariance` does."""
        from sweep.result.estimate import covariance_of

        return covariance_of(self, a, b, "corr")

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame."""
        _require("pandas", "pandas")
        return self.table.replace_schema_metadata().to_pandas()

    def to_polars(self) -> Any:
        """Return a polars DataFrame."""
        return _require("polars", "polars").from_arrow(self.table.replace_schema_metadata())

    def to_xarray(self) -> Any:
        """Return an xarray Dataset with the grid's axes as dimensions.

        Raises
        ------
        UsageError
            If the points are no plain grid, or xarray is not installed.
        """
        xarray = _require("xarray", "xarray")
        axes = self.axes
        if axes is None or len(self) != self.plan["points"]:
            raise UsageError("only the whole of a plain grid has dimensions; to_pandas() works for every result")
        shape = tuple(map(len, axes.values()))
        lists = {f"{name}_histogram" for name, _ in self.request.histograms}
        data = {
            name: (tuple(axes), self.table[name].to_numpy().reshape(shape))
            for name in self.table.column_names
            if name not in axes and name not in lists
        }
        for name, (_, _, bins) in self.request.histograms:
            found = self.histogram(name)
            data[f"{name}_histogram"] = ((*axes, f"{name}_bin"), found.counts.reshape(*shape, bins))
            data[f"{name}_below"], data[f"{name}_above"] = (
                (tuple(axes), each.reshape(shape)) for each in (found.below, found.above)
            )
        return xarray.Dataset(data, coords={name: list(values) for name, values in axes.items()})

    def plot(self, output: str | None = None, ax: Any = None, **fixed: Any) -> Any:
        """Draw an output: a curve with its interval over one axis, a heatmap over two; a vector over its components.

        Parameters
        ----------
        output
            Which one; the first when left out. Also a column with an interval, as ``wait_q99`` or ``wait_cost_corr``, or with a histogram, as
            ``wait_histogram``, of which up to eight points are drawn as densities.
        ax
            Matplotlib axes to draw on; new ones when left out.
        **fixed
            Values of parameters to hold fixed, as in `where`.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        UsageError
            If more than two parameters vary, or there is no such output.
        """
        from sweep.result.plot import draw

        return draw(self.where(**fixed) if fixed else self, output, ax)

    def __repr__(self) -> str:
        from sweep.result.text import format_table

        return str(format_table(self, "text", limit=12))

    def _repr_html_(self) -> str:
        from sweep.result.text import as_html

        return as_html(self)


def _refers_to_table(spec: Any) -> bool:
    """Tell whether a space's description names an explicit table, which a result does not hold."""
    if isinstance(spec, dict):
        return "table" in spec or any(map(_refers_to_table, spec.values()))
    return isinstance(spec, list) and any(map(_refers_to_table, spec))


def _chosen(name: str, column: Any, value: Any) -> Any:
    """Tell of each row whether it has a value, or one of several, each of which must be there."""
    if not isinstance(value, list | tuple | set | range | np.ndarray):
        return _equal(name, column, value)
    import pyarrow.compute as pc

    rows = [_equal(name, column, each) for each in list(value)]
    for each, equal in zip(value, rows, strict=True):
        if not pc.any(equal).as_py():  # type: ignore[attr-defined] - made at run time by pyarrow
            raise UsageError(f"no point has {name}={each!r}")
    if not rows:
        raise UsageError(f"{name}={value!r}: there is no value in it")
    return functools.reduce(pc.or_, rows)  # type: ignore[attr-defined]


def _equal(name: str, column: Any, value: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.equal(column, value)  # type: ignore[attr-defined] - made at run time by pyarrow
    except (pa.ArrowException, TypeError):
        raise UsageError(f"{name}={value!r}: the parameter's values are of type {column.type}") from None


def _require(module: str, extra: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise UsageError(f"{module} is not installed: pip install 'arraysweep[{extra}]'") from None
