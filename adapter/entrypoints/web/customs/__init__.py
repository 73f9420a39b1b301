"""Pages of customs on the inner network: one box to look results up, who may, and who did."""
