"""The reference of the command line, settings, metrics and errors, read off the program itself."""
