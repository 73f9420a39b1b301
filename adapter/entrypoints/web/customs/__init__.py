"""Pages of customs on the inner network: one box to look results up, and who looked what up, for the auditor."""
