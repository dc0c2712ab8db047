"""What changes while serving: live users and their events."""
