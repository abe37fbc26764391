"""Score a Parquet file in batches, the usual way."""

from __future__ import annotations

import sys

import joblib
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

BATCH = 50_000


def main(model: str, source: str, target: str, reasons: str = "") -> None:
    """Write the probability of default beside the id, and four reasons where they are asked for."""
    usual = joblib.load(model)
    names = [f"reason_{number}" for number in range(1, 5)] if reasons else []
    schema = pa.schema(
        [
            ("loan_number", pa.int64()),
            ("probability_of_default", pa.float64()),
            *((name, pa.string()) for name in names),
        ]
    )
    with parquet.ParquetFile(source) as file, parquet.ParquetWriter(target, schema) as writer:
        for batch in file.iter_batches(BATCH):
            rows = batch.to_pandas()
            p, why = usual.explain(rows) if reasons else (usual.score(rows), [])
            scored = pd.DataFrame({"loan_number": rows["loan_number"], "probability_of_default": p.astype(float)})
            for at, name in enumerate(names):
                scored[name] = [found[at] if at < len(found) else None for found in why]
            writer.write_table(pa.Table.from_pandas(scored, schema))


if __name__ == "__main__":
    main(*sys.argv[1:])
