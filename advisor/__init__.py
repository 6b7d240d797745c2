"""Reasoning, conversation, rendering and the command line."""
