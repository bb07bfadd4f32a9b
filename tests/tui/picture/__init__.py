"""The picture of the pipeline."""
