"""One immutable, checksummed directory per trained system."""
