package mesh.daemon.edge;

/** Where an answer can come from. Sealed, so that every place that opens a connection must think of each kind. */
public sealed interface Upstream permits TcpEngine, PeerHost {}
