"""What a server tells of itself: metrics, their page, logs."""
