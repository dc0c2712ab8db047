"""Console: pages for people over a server's API: what it answers and why, and ways to steer it."""
