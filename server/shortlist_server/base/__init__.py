"""What all parts of the server share: settings, limits, lifecycle, logs, follower threads."""
