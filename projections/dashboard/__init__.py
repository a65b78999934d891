"""The dashboard: server-rendered pages whose whole state is in their address; scripts only make them livelier."""
