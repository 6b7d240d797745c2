"""Decoders of numbers that the kernel prints: addresses, error codes, instructions, status words."""
