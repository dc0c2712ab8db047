"""One loaded bundle and what follows the live stores: users, catalogue, popularity."""
