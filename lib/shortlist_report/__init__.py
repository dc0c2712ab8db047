"""The report of a bundle for people: one HTML file without a network, made of a record of plain data."""
