"""What runs inside the fresh process of one measurement; see `benchmarks.measured.child`."""
