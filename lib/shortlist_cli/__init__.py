"""The command line `shortlist`."""
