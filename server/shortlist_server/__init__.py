"""The gRPC server around both stages."""
