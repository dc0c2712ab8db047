"""The base of the server, which all its parts share: settings, limits, lifecycle, logs, follower threads."""
