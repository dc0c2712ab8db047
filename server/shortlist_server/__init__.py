"""The gRPC server around both stages."""

import os

# gRPC's C code prints what callers sent, and reads this when it is first imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
