"""The procedures as data: their fixtures, run through the pipeline and the intake."""
