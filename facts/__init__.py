"""Readers that turn evidence into events and facts.  Nothing in here knows what a cause is."""
