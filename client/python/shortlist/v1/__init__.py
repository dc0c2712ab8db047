"""Generated from protos/shortlist/v1 by `make protos`; only this file is written by hand."""
