"""The loaded bundle, and the parts that follow the live stores: users, catalogue, popularity."""
