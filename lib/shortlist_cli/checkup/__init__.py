"""What `shortlist doctor` looks at: a machine, a running server, a folder of bundles."""
