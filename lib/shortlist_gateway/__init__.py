"""Gateway: a sidecar that offers the API as HTTP/JSON, in the unary JSON form of the Connect protocol."""
