"""Annotations by subject: each module has functions that look at one line of a report and say what it means."""
