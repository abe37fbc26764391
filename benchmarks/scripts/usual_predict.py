"""Score a Parquet file in batches, the usual way."""

from __future__ import annotations

import sys

import joblib
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

BATCH = 50_000


def main(model: str, source: str, target: str) -> None:
    """Write the probability of default beside the id."""
    usual = joblib.load(model)
    schema = pa.schema([("loan_number", pa.int64()), ("probability_of_default", pa.float64())])
    with parquet.ParquetFile(source) as file, parquet.ParquetWriter(target, schema) as writer:
        for batch in file.iter_batches(BATCH):
            rows = batch.to_pandas()
            scored = pd.DataFrame({"loan_number": rows["loan_number"], "probability_of_default": usual.score(rows)})
            writer.write_table(pa.Table.from_pandas(scored.astype({"probability_of_default": float}), schema))


if __name__ == "__main__":
    main(*sys.argv[1:])
