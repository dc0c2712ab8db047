"""What all floors share: settings, the validated query, lifecycle, follower threads."""
