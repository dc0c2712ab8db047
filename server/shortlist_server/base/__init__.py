"""What all rooms of the server share: settings, limits, lifecycle, logs, follower threads."""
