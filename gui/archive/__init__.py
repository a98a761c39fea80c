"""The process that reads old runs, so that neither window nor bench wait for files."""
