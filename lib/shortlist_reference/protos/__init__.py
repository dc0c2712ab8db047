"""The reference of the API, from the protos and their comments. Needs nothing of the packages that it describes."""
