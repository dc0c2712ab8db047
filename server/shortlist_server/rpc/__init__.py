"""The gRPC services: the only place that knows protobuf."""
