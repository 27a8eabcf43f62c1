"""The minutes, on dialogue written by hand."""
