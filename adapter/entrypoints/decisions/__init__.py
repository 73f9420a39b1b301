"""The part that decides: it judges, signs and stores what the web processes hand over."""
