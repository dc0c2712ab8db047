"""HTTP/JSON for callers without gRPC: a sidecar that speaks the Connect protocol's unary JSON form."""
