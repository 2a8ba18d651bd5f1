"""Reports and estimates over HTTP: read-only, aggregated, and never more than the reader may see."""
