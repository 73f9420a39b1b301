"""The portal: declarations over HTTP, from the caller's bytes to a sealed submission."""
