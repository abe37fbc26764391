"""Copy a Parquet file batch by batch: what reading and writing alone cost."""

from __future__ import annotations

import sys

from pyarrow import parquet

BATCH = 50_000


def main(source: str, target: str) -> None:
    """Copy all columns."""
    with parquet.ParquetFile(source) as file, parquet.ParquetWriter(target, file.schema_arrow) as writer:
        for batch in file.iter_batches(BATCH, use_threads=False):
            writer.write_batch(batch)


if __name__ == "__main__":
    main(*sys.argv[1:])
