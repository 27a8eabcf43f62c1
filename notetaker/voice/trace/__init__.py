"""The record of every step of every attempt to connect: written, redacted, read back, and shown."""
